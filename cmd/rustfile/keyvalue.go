package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/platforms"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/go-csvvalue"
)

// csvMap parses "key=value,key=value" with the quoting of CSV. Keys are in
// lower case.
func csvMap(flag, s string) (map[string]string, error) {
	fields, err := csvvalue.Fields(s, nil)
	if err != nil {
		return nil, fmt.Errorf("--%s %q: %w", flag, s, err)
	}
	m := map[string]string{}
	for _, field := range fields {
		k, v, ok := strings.Cut(field, "=")
		if !ok {
			return nil, fmt.Errorf("--%s %q: %q is not key=value", flag, s, field)
		}
		m[strings.TrimSpace(strings.ToLower(k))] = v
	}
	return m, nil
}

// buildArgMap parses KEY=VALUE; a KEY alone takes its value from the
// environment, and is left out when it has none.
func buildArgMap(values []string) (map[string]string, error) {
	m := map[string]string{}
	for _, value := range values {
		k, v, ok := strings.Cut(value, "=")
		if k == "" {
			return nil, fmt.Errorf("--build-arg %q: the key is empty, want KEY=VALUE", value)
		}
		if !ok {
			if v, ok = os.LookupEnv(k); !ok {
				continue
			}
		}
		m[k] = v
	}
	return m, nil
}

func labelMap(values []string) (map[string]string, error) {
	m := map[string]string{}
	for _, value := range values {
		k, v, _ := strings.Cut(value, "=")
		if k == "" {
			return nil, fmt.Errorf("--label %q: the key is empty, want KEY=VALUE", value)
		}
		m[k] = v
	}
	return m, nil
}

// parsePlatforms splits and checks --platform; "local" is this machine's.
func parsePlatforms(values []string) ([]ocispecs.Platform, error) {
	var out []ocispecs.Platform
	for _, value := range values {
		for s := range strings.SplitSeq(value, ",") {
			p := platforms.DefaultSpec()
			if s = strings.TrimSpace(s); s != "local" {
				var err error
				if p, err = platforms.Parse(s); err != nil {
					return nil, fmt.Errorf("--platform %q: %w", s, err)
				}
			}
			p = platforms.Normalize(p)
			if !slices.ContainsFunc(out, func(o ocispecs.Platform) bool { return platforms.FormatAll(o) == platforms.FormatAll(p) }) {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

func formatPlatforms(pp []ocispecs.Platform) string {
	var out []string
	for _, p := range pp {
		out = append(out, platforms.FormatAll(p))
	}
	return strings.Join(out, ",")
}

// attestAttrs turns --attest, --provenance and --sbom into frontend options.
// Without any word on provenance it is buildx's default, unless
// BUILDX_NO_DEFAULT_ATTESTATIONS is set.
func attestAttrs(f *buildFlags, getenv func(string) string) (map[string]string, error) {
	specs := slices.Clone(f.attests)
	for _, s := range [][2]string{{"provenance", f.provenance}, {"sbom", f.sbom}} {
		switch on, err := strconv.ParseBool(s[1]); {
		case s[1] == "":
		case err == nil:
			specs = append(specs, fmt.Sprintf("type=%s,disabled=%t", s[0], !on))
		default:
			specs = append(specs, "type="+s[0]+","+s[1])
		}
	}
	attrs := map[string]string{}
	seen := map[string]bool{}
	for _, spec := range specs {
		m, err := csvMap("attest", spec)
		if err != nil {
			return nil, err
		}
		typ := m["type"]
		if typ == "" {
			return nil, fmt.Errorf("--attest %q: no type, want type=provenance or type=sbom", spec)
		}
		if seen[typ] {
			continue
		}
		seen[typ] = true
		off, err := strconv.ParseBool(m["disabled"])
		if m["disabled"] != "" && err != nil {
			return nil, fmt.Errorf("--attest %q: disabled=%s is not true or false", spec, m["disabled"])
		}
		if !off {
			delete(m, "disabled")
			attrs["attest:"+typ] = formatCSV(m)
		}
	}
	if no, _ := strconv.ParseBool(getenv("BUILDX_NO_DEFAULT_ATTESTATIONS")); !no && !seen["provenance"] {
		attrs["attest:provenance"] = "mode=min,inline-only=true"
	}
	return attrs, nil
}
