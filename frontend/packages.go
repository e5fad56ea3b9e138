package frontend

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

// installation finds the vertex that installs packages in BuildKit's error: its
// arguments, which are the number of foreign architectures, those and the
// packages, and its exit code.
var installation = regexp.MustCompile(`process "/bin/sh ` + regexp.QuoteMeta(llbgen.PackagesScript) +
	` ([^"]*)" did not complete successfully: exit code: (\d+)`)

// explainPackages says which package could not be installed, who asked for it
// and what to do; it returns other errors as they are.
func explainPackages(err error, p *plan.Plan) error {
	m := installation.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	words := strings.Fields(m[1])
	foreign, _ := strconv.Atoi(words[0])
	packages := words[min(1+foreign, len(words)):]
	switch code, _ := strconv.Atoi(m[2]); {
	case code == llbgen.NoPackageManager:
		return asked(p, packages, "the builder image "+p.Toolchain.Image+" has no package manager that rustfile knows (apt-get, apk), to install "+
			strings.Join(packages, ", "), "use a builder image that is based on Debian, or one that has the packages already")
	case code >= llbgen.UnknownPackage && code-llbgen.UnknownPackage < len(packages):
		name := packages[code-llbgen.UnknownPackage]
		return asked(p, []string{name}, fmt.Sprintf("the builder image %s knows no package `%s`", p.Toolchain.Image, name),
			"see how its distribution calls the package; https://packages.debian.org finds it by the name of a file")
	}
	return told(err, "the packages %s could not be installed in the builder image: %v\n"+
		"The package manager's words are in the log above. If the network failed, run the build again.", strings.Join(packages, ", "), err)
}

// asked is an error about packages, at the line that asks for one of them.
func asked(p *plan.Plan, packages []string, message, fix string) error {
	fault := &cargo.Error{Message: message, Fix: fix}
	for _, name := range packages {
		for _, r := range p.Requests {
			if r.Package != name {
				continue
			}
			fault.Message += ", which " + r.By + " asks for"
			if r.Location.File != "" {
				at := cargo.Position{Line: r.Location.Line, Column: 1}
				fault.Span = cargo.Span{File: r.Location.File, Start: at, End: at}
			}
			return fault
		}
	}
	return fault
}
