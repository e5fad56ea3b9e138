package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/native"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/internal/unitgraph"
	"github.com/rustfile/rustfile/llbgen"
)

// system asks what packages the builder image has; nil means that the build
// does not need to know.
func (b *build) system(ctx context.Context, p *plan.Plan, ws *cargo.Workspace, in llbgen.Inputs, platform ocispecs.Platform) (*native.System, error) {
	if !plan.MayNeedPackages(p, ws, b.options) {
		return nil, nil
	}
	st, err := llbgen.Installed(p, in)
	if err != nil {
		return nil, err
	}
	ref, err := b.evaluate(ctx, st, llb.Platform(platform))
	if err != nil {
		return nil, told(err, "cannot read which packages the builder image %s has: %v", in.Toolchain.Ref, err)
	}
	files := newRefFS(ctx, ref)
	var found [2][]byte
	for i, name := range []string{"dpkg", "apk"} {
		data, err := files.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, told(err, "cannot read which packages the builder image %s has: %v", in.Toolchain.Ref, err)
		}
		found[i] = data
	}
	return native.NewSystem(found[0], found[1]), nil
}

// addPackages gives a coarse plan the packages that the image lacks; a nil
// graph stands for features that are not known, a nil system for no question.
func (b *build) addPackages(p *plan.Plan, ws *cargo.Workspace, system *native.System, g *unitgraph.Graph) error {
	if system == nil {
		return nil
	}
	return p.AddNative(ws, b.options, system, g)
}

// coarsePackages gives a plan that stays coarse the packages that the image
// lacks. Cargo is asked for the features that are on only when the names of
// crates alone make it look as if any were missing.
func (b *build) coarsePackages(ctx context.Context, p *plan.Plan, ws *cargo.Workspace, system *native.System, in llbgen.Inputs, platform ocispecs.Platform) error {
	if err := b.addPackages(p, ws, system, nil); err != nil {
		return err
	}
	if len(p.Members.Packages) == 0 || p.Dependencies.Empty || len(p.Sources.Vendored) > 0 {
		return nil
	}
	answer, err := b.ask(ctx, p, in, platform)
	var daemon *daemonError
	if errors.As(err, &daemon) {
		return daemon.err
	}
	if err != nil {
		return nil // too much is installed then, and never too little
	}
	return b.addPackages(p, ws, system, answer.Graph)
}

// installation finds the vertex that runs a script to install packages in
// BuildKit's error: its arguments, which are the number of foreign
// architectures, those and the packages, and its exit code.
func installation(script string) *regexp.Regexp {
	return regexp.MustCompile(`process "/bin/sh ` + regexp.QuoteMeta(script) + ` ([^"]*)" did not complete successfully: exit code: (\d+)`)
}

var (
	builderInstallation = installation(llbgen.PackagesScript)
	baseInstallation    = installation(llbgen.RuntimePackagesScript)
)

// explainPackages says which package could not be installed, who asked for it
// and what to do; it returns other errors as they are.
func explainPackages(err error, p *plan.Plan) error {
	m := builderInstallation.FindStringSubmatch(err.Error())
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
			if crate := crateOf(r.By); crate != "" {
				fault.Fix += fmt.Sprintf("; then write in the Rustfile: [[native]] crate = %q, packages = [\"…\"]", crate)
			}
			if r.Location.File != "" {
				at := cargo.Position{Line: r.Location.Line, Column: 1}
				fault.Span = cargo.Span{File: r.Location.File, Start: at, End: at}
			}
			return fault
		}
	}
	return fault
}

// compilation finds a compile vertex that failed in BuildKit's error.
var compilation = regexp.MustCompile(`process "/bin/sh /rustfile/(unit|deps|build)\.sh .*|cargo build did not complete successfully: exit code: `)

// hintLibraries adds to the failure of a compile vertex the libraries that may
// be what is missing.
func hintLibraries(err error, p *plan.Plan) error {
	if len(p.Unknown) == 0 || !compilation.MatchString(err.Error()) {
		return err
	}
	var hints []string
	for _, u := range p.Unknown {
		hints = append(hints, fmt.Sprintf("%s asks pkg-config for `%s`, and rustfile does not know which package has it; "+
			"if that is what failed, write in the Rustfile: [[native]] crate = %q, packages = [\"…\"]", u.By, u.Package, crateOf(u.By)))
	}
	return told(err, "%v\n%s", err, strings.Join(hints, "\n"))
}

// crateOf is the name of the crate that a request is by, "" when it is by
// nothing that has a name.
func crateOf(by string) string {
	words := strings.Fields(by)
	if len(words) < 2 || words[0] != "crate" && words[0] != "package" {
		return ""
	}
	return words[1]
}
