package llbgen_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	digest "github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/internal/hermetic"
	"github.com/rustfile/rustfile/internal/llbtext"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

func loadPlan(t *testing.T, file string) *plan.Plan {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var p plan.Plan
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	return &p
}

func examplePlan(t *testing.T, name string) *plan.Plan {
	t.Helper()
	root, err := examples.RepositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	return loadPlan(t, filepath.Join(root, "examples", name, "plan.golden.json"))
}

// head is the digest of a graph's last vertex, which covers all the others.
func head(t *testing.T, def *llb.Definition) digest.Digest {
	t.Helper()
	d, err := def.Head()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// vertex is the digest of the vertex whose name begins with prefix.
func vertex(t *testing.T, def *llb.Definition, prefix string) digest.Digest {
	t.Helper()
	digests, err := llbtext.Digest(def)
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range digests {
		if strings.HasPrefix(name, prefix) {
			return d
		}
	}
	t.Fatalf("no vertex %q among %v", prefix, digests)
	return ""
}

func TestSameInputSameGraph(t *testing.T) {
	want := head(t, marshal(t, examplePlan(t, "web")))
	for range 100 {
		if got := head(t, marshal(t, examplePlan(t, "web"))); got != want {
			t.Fatalf("the graph's digest is %s and was %s", got, want)
		}
	}
}

// TestKeys states which changes of a plan reach which vertex's key.
func TestKeys(t *testing.T) {
	for _, tc := range []struct {
		name       string
		change     func(*plan.Plan)
		deps, main bool // whether the dependency and the source vertex change
	}{
		{"nothing", func(*plan.Plan) {}, false, false},
		{"label", func(p *plan.Plan) { p.Image.Labels["x"] = "y" }, false, false},
		{"user", func(p *plan.Plan) { p.Image.User = "1000" }, false, false},
		{"CA certificates", func(p *plan.Plan) { p.Image.CACertificates = "always" }, false, false},
		{"configuration", func(p *plan.Plan) {
			p.Image.Config = plan.Config{Cmd: []string{"x"}, Env: map[string]string{"A": "b"}, Ports: []string{"1/tcp"}, Volumes: []string{"/v"},
				Directories: []plan.Directory{{Path: "/v", Mode: 0o755, Owner: "1:1"}}, Assets: []plan.Asset{{Source: "a", Destination: "/a"}}}
		}, false, false},
		{"environment of the build", func(p *plan.Plan) { p.Members.Variables = map[string]string{"A": "b"} }, false, true},
		{"secret", func(p *plan.Plan) { p.Members.Secrets = []plan.Secret{{ID: "a", Env: "A"}} }, false, true},
		{"environment of dependencies", func(p *plan.Plan) { p.Dependencies.Variables = map[string]string{"A": "b"} }, true, true},
		{"registry mirror", func(p *plan.Plan) { p.Sources.Registries[0].Download = "https://mirror.example/crates" }, true, true},
		{"crate outside the closure", func(p *plan.Plan) {
			p.Sources.Crates = append(p.Sources.Crates, plan.Crate{
				Name: "zzz", Version: "1.0.0", SHA256: strings.Repeat("0", 64), Registry: plan.CratesIO,
			})
		}, false, true},
		{"crate of the closure", func(p *plan.Plan) { p.Sources.Crates[0].SHA256 = strings.Repeat("0", 64) }, true, true},
		{"excluded file", func(p *plan.Plan) {
			p.Members.Copies[0].Exclude = append(p.Members.Copies[0].Exclude, "notes.txt")
		}, false, true},
		{"cargo arguments of the members", func(p *plan.Plan) { p.Members.Args = append(p.Members.Args, "--verbose") }, false, true},
		{"stub", func(p *plan.Plan) { p.Dependencies.Files[0].Content += "#" }, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before, p := marshal(t, examplePlan(t, "web")), examplePlan(t, "web")
			tc.change(p)
			after := marshal(t, p)
			for _, v := range []struct {
				prefix string
				want   bool
			}{{llbgen.NameDependencies, tc.deps}, {llbgen.NameMembers, tc.main}} {
				changed := vertex(t, before, v.prefix) != vertex(t, after, v.prefix)
				if changed != v.want {
					t.Errorf("vertex %q changed: %v, want %v", v.prefix, changed, v.want)
				}
			}
		})
	}
}

func TestImageConfig(t *testing.T) {
	p := examplePlan(t, "hello")
	in := inputs(p)
	in.Runtime.Config.Config.Cmd = []string{"bash"}
	in.Runtime.Config.Config.Labels = map[string]string{"base": "1", "org.opencontainers.image.version": "12"}
	in.Labels = map[string]string{"org.opencontainers.image.title": "mine"}
	epoch := time.Unix(1700000000, 0)
	in.Epoch = &epoch
	res, err := llbgen.Build(p, in)
	if err != nil {
		t.Fatal(err)
	}
	c := res.Image.Config
	if got := strings.Join(c.Entrypoint, " "); got != "/usr/local/bin/hello" {
		t.Errorf("entrypoint is %q", got)
	}
	if c.Cmd != nil || c.User != "65532:65532" {
		t.Errorf("cmd %q and user %q are not the plan's", c.Cmd, c.User)
	}
	for key, want := range map[string]string{
		"base": "1", "org.opencontainers.image.title": "mine", "org.opencontainers.image.version": "1.2.3",
	} {
		if c.Labels[key] != want {
			t.Errorf("label %s is %q, want %q", key, c.Labels[key], want)
		}
	}
	if in.Runtime.Config.Config.Labels["org.opencontainers.image.version"] != "12" {
		t.Error("the base's config was changed")
	}
	if !res.Image.Created.Equal(epoch) {
		t.Errorf("created is %s", res.Image.Created)
	}
	if last := res.Image.History[len(res.Image.History)-1]; !last.Created.Equal(epoch) || last.EmptyLayer {
		t.Errorf("the last history entry is %+v", last)
	}
}

// TestToolchainVertex: what rust-toolchain.toml adds is the one command that
// may use the network.
func TestToolchainVertex(t *testing.T) {
	p := examplePlan(t, "hello")
	p.Toolchain.Install, p.Toolchain.Components = "nightly-2026-01-02", []string{"rust-src"}
	def := marshal(t, p)
	if err := hermetic.Check(def, nil); err == nil {
		t.Error("a vertex with a network passes the check")
	}
	allow := func(name string) bool { return strings.HasPrefix(name, llbgen.NameToolchain) }
	if err := hermetic.Check(def, allow); err != nil {
		t.Error(err)
	}
}

func TestDownloadURL(t *testing.T) {
	c := plan.Crate{Name: "MyCrate", Version: "1.2.3", SHA256: strings.Repeat("a", 64)}
	for dl, want := range map[string]string{
		"https://static.crates.io/crates":                       "https://static.crates.io/crates/MyCrate/1.2.3/download",
		"https://host/api/":                                     "https://host/api/MyCrate/1.2.3/download",
		"https://host/{crate}/{version}.crate":                  "https://host/MyCrate/1.2.3.crate",
		"https://host/{prefix}/{lowerprefix}/{crate}-{version}": "https://host/My/Cr/my/cr/MyCrate-1.2.3",
		"https://host/{sha256-checksum}":                        "https://host/" + c.SHA256,
	} {
		got, err := llbgen.DownloadURL(dl, c)
		if err != nil || got != want {
			t.Errorf("%s gives %q, %v; want %q", dl, got, err, want)
		}
	}
	if _, err := llbgen.DownloadURL("", c); err == nil {
		t.Error("a registry without a download URL is accepted")
	}
	for name, want := range map[string]string{"a": "1", "ab": "2", "abc": "3/a", "abcd": "ab/cd"} {
		got, err := llbgen.DownloadURL("{prefix}", plan.Crate{Name: name})
		if err != nil || got != want {
			t.Errorf("prefix of %s is %q, %v; want %q", name, got, err, want)
		}
	}
}
