package sbom

import (
	"regexp"
	"strings"
)

// expression turns a declared license into an SPDX expression, false when it is
// none. Older manifests separate alternatives by a slash.
// https://doc.rust-lang.org/cargo/reference/manifest.html#the-license-and-license-file-fields
//
// Names of licenses are not looked up: crates.io refuses a crate with a license
// that SPDX does not know.
func expression(declared string) (string, bool) {
	p := licenseParser{tokens: licenseToken.FindAllString(strings.ReplaceAll(declared, "/", " OR "), -1)}
	if !p.alternatives() || len(p.tokens) > 0 {
		return "", false
	}
	return strings.Join(p.out, ""), true
}

var (
	licenseToken = regexp.MustCompile(`[()]|[^\s()]+`)
	licenseName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*\+?$`)
)

// licenseParser reads an expression and writes it with single spaces.
// https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
type licenseParser struct {
	tokens, out []string
}

func (p *licenseParser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

// take moves the next token to the output.
func (p *licenseParser) take(before, after string) {
	p.out = append(p.out, before+p.tokens[0]+after)
	p.tokens = p.tokens[1:]
}

func (p *licenseParser) alternatives() bool {
	for {
		if !p.one() {
			return false
		}
		if next := p.next(); next != "OR" && next != "AND" {
			return true
		}
		p.take(" ", " ")
	}
}

func (p *licenseParser) one() bool {
	if p.next() == "(" {
		p.take("", "")
		if !p.alternatives() || p.next() != ")" {
			return false
		}
		p.take("", "")
		return true
	}
	if !p.name() {
		return false
	}
	if p.next() != "WITH" {
		return true
	}
	p.take(" ", " ")
	return p.name()
}

func (p *licenseParser) name() bool {
	name := p.next()
	// A LicenseRef is a license whose text the document would have to hold.
	if !licenseName.MatchString(name) || name == "AND" || name == "OR" || name == "WITH" || strings.HasPrefix(name, "LicenseRef-") {
		return false
	}
	p.take("", "")
	return true
}
