package plan

import (
	"strings"
)

// appliesTo reports whether a `target` table of the Cargo configuration is
// about a triple. Its key is a triple, or an expression over the compiler's
// settings, of which those that follow from the triple alone are known.
// https://doc.rust-lang.org/reference/conditional-compilation.html
func appliesTo(key, triple string) bool {
	inner, ok := strings.CutPrefix(strings.TrimSpace(key), "cfg(")
	if !ok {
		return key == triple
	}
	e := &cfgExpression{rest: strings.TrimSuffix(inner, ")"), settings: settingsOf(triple)}
	return e.predicate()
}

// settingsOf are the settings of a triple that expressions ask for.
func settingsOf(triple string) map[string]bool {
	switch triple {
	case artifactPlatforms[Wasi]:
		return map[string]bool{
			`target_family="wasm"`: true, `target_vendor="unknown"`: true, `target_os="wasi"`: true, `target_arch="wasm32"`: true, `target_env="p1"`: true,
			`target_endian="little"`: true, `target_pointer_width="32"`: true,
		}
	case artifactPlatforms[Windows]:
		return map[string]bool{
			"windows": true, `target_family="windows"`: true, `target_vendor="pc"`: true, `target_os="windows"`: true, `target_arch="x86_64"`: true,
			`target_env="gnu"`: true, `target_endian="little"`: true, `target_pointer_width="64"`: true,
		}
	}
	if arch, system := bare(triple); system != "" {
		width := "32"
		if strings.Contains(arch, "64") {
			width = "64"
		}
		return map[string]bool{
			`target_os="` + system + `"`: true, `target_arch="` + arch + `"`: true, `target_vendor="unknown"`: true, `target_endian="little"`: true,
			`target_pointer_width="` + width + `"`: true,
		}
	}
	arch, rest, _ := strings.Cut(triple, "-")
	_, rest, _ = strings.Cut(rest, "-")
	system, abi, _ := strings.Cut(rest, "-")
	// rustc's name of the architecture is not the triple's for these.
	names := map[string]string{"armv7": "arm", "i686": "x86", "powerpc64le": "powerpc64", "riscv64gc": "riscv64"}
	if name, ok := names[arch]; ok {
		arch = name
	}
	endian, width := "little", "64"
	if arch == "s390x" {
		endian = "big"
	}
	if arch == "arm" || arch == "x86" {
		width = "32"
	}
	env := "gnu"
	if strings.HasPrefix(abi, "musl") {
		env = "musl"
	}
	return map[string]bool{
		"unix": true, `target_family="unix"`: true, `target_vendor="unknown"`: true,
		`target_os="` + system + `"`: true, `target_arch="` + arch + `"`: true, `target_env="` + env + `"`: true,
		`target_endian="` + endian + `"`: true, `target_pointer_width="` + width + `"`: true,
	}
}

// cfgExpression evaluates an expression from left to right. What it cannot read
// holds for no triple, and cargo then says what is wrong.
type cfgExpression struct {
	rest     string
	settings map[string]bool
}

func (e *cfgExpression) predicate() bool {
	e.rest = strings.TrimSpace(e.rest)
	end := strings.IndexAny(e.rest, "(),")
	if end < 0 {
		end = len(e.rest)
	}
	word := strings.TrimSpace(e.rest[:end])
	e.rest = e.rest[end:]
	if !strings.HasPrefix(e.rest, "(") {
		return e.settings[strings.ReplaceAll(word, " ", "")]
	}
	e.rest = e.rest[1:]
	all, some := true, false
	for !e.closed() {
		one := e.predicate()
		all, some = all && one, some || one
		e.rest = strings.TrimPrefix(strings.TrimSpace(e.rest), ",")
	}
	switch word {
	case "all":
		return all
	case "any":
		return some
	case "not":
		return !some
	}
	return false
}

// closed takes the end of a list, or finds nothing more to read.
func (e *cfgExpression) closed() bool {
	e.rest = strings.TrimSpace(e.rest)
	if rest, ok := strings.CutPrefix(e.rest, ")"); ok {
		e.rest = rest
		return true
	}
	return e.rest == ""
}
