package llbtext

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/golden"
)

// marshal makes a definition for one fixed platform.
func marshal(t *testing.T, state llb.State, extra ...llb.ConstraintsOpt) *llb.Definition {
	t.Helper()
	def, err := state.Marshal(t.Context(), append([]llb.ConstraintsOpt{llb.Platform(ocispecs.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"})}, extra...)...)
	if err != nil {
		t.Fatal(err)
	}
	return def
}

// format prints a state.
func format(t *testing.T, state llb.State) string {
	t.Helper()
	text, err := Format(marshal(t, state))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// everything is a graph with each kind of vertex, mount and file action.
func everything(source string) llb.State {
	base := llb.Image("docker.io/library/rust@sha256:" + strings.Repeat("ab", 32))
	context := llb.Local("context", llb.SessionID("made up"), llb.IncludePatterns([]string{"**/*.rs"}), llb.WithCustomName("[context] load"))
	crate := llb.HTTP("https://static.crates.io/crates/a/a-1.0.0.crate", llb.Checksum(digest.FromString("a")), llb.Filename("a.crate"), llb.WithCustomName("[crates] a 1.0.0"))
	git := llb.Git("https://example.com/b.git", strings.Repeat("0", 40), llb.KeepGitDir())
	epoch := llb.WithCreatedTime(time.Unix(0, 1500000000))
	files := llb.Scratch().
		File(llb.Mkdir("/src", 0o755, llb.WithParents(true), llb.WithUIDGID(1, 2)).
			Mkfile("/src/main.rs", 0o644, []byte(source), epoch).
			Mkfile("/src/empty", 0o600, nil, llb.WithUser("nobody:nogroup")).
			Mkfile("/src/binary", 0o600, []byte{0, 1}).
			Mkfile("/src/long", 0o600, []byte(strings.Repeat("x\n", 4096))).
			Mkfile("/src/no-newline", 0o600, []byte("a\n\tb")).
			Symlink("/src/main.rs", "/src/lib.rs").
			Rm("/src/old*", llb.WithAllowNotFound(true), llb.WithAllowWildcard(true)), llb.WithCustomName("[internal] skeleton")).
		File(llb.Copy(context, "/*.rs", "/src/", &llb.CopyInfo{
			CopyDirContentsOnly: true, CreateDestPath: true, AllowWildcard: true, AttemptUnpack: true,
			IncludePatterns: []string{"a", "b c"}, ExcludePatterns: []string{"d"}, Mode: &llb.ChmodOpt{Mode: 0o640},
		}, epoch))
	group := llb.ProgressGroup("made up", "compile", true)
	run := base.Run(
		llb.Args([]string{"cargo", "build", "--features=a b", "", "multi\nline"}),
		llb.AddEnv("ZED", "1"), llb.AddEnv("ALPHA", " 2"), llb.Dir("/src"), llb.User("1000:1000"), llb.Network(pb.NetMode_NONE),
		llb.AddMount("/src", files, llb.SourcePath("/src"), llb.Readonly),
		llb.AddMount("/cache", llb.Scratch(), llb.AsPersistentCacheDir("rustfile", llb.CacheMountLocked)),
		llb.AddMount("/tmp", llb.Scratch(), llb.Tmpfs(llb.TmpfsSize(1<<20))),
		llb.AddMount("/crates", crate, llb.ForceNoOutput, llb.ContentCache(llb.MountContentCacheOff)),
		llb.AddSecret("/run/token", llb.SecretID("token"), llb.SecretOptional, llb.SecretFileOpt(1, 2, 0o400)),
		llb.AddSecret("TOKEN", llb.SecretID("token"), llb.SecretAsEnv(true)),
		llb.AddSSHSocket(llb.SSHID("default")),
		llb.WithCustomName("[compile] cargo build"), group, llb.IgnoreCache,
		llb.NewSourceMap(nil, "Rustfile", "TOML", []byte("profile = 'dev'\n")).Location([]*pb.Range{{Start: &pb.Position{Line: 1}, End: &pb.Position{Line: 1, Character: 3}}}),
	)
	out := run.AddMount("/out", llb.Scratch())
	host := base.Run(llb.Args([]string{"true"}), llb.Network(pb.NetMode_HOST), llb.Security(pb.SecurityMode_INSECURE), llb.AddMount("/b", git), llb.AddMount("/c", llb.Local("random"))).Root()
	merged := llb.Merge([]llb.State{out, llb.Diff(base, host), llb.Scratch().File(llb.Mkdir("/x", 0o700))}, llb.WithoutExportCache(), llb.WithCustomName("[result] merge"))
	return merged
}

func TestFormatGolden(t *testing.T) {
	got := format(t, everything("fn main() {}\n"))
	golden.Compare(t, filepath.Join("testdata", "everything.golden.txt"), []byte(got))
}

// TestFormatNamesWhatMatters guards the golden file itself, which -update
// would rewrite without a word.
func TestFormatNamesWhatMatters(t *testing.T) {
	got := format(t, everything("fn main() {}\n"))
	for _, want := range []string{
		"source: local://context\n", "attr local.unique: <unique>\n", "attr local.session: <session>\n", `attr local.includepattern: ["**/*.rs"]`,
		"attr http.checksum: sha256:", "name: [crates] a 1.0.0\n", "attr git.keepgitdir: true\n", "platform: linux/arm64/v8\n",
		"    --features=a b\n    \"\"\n    \"multi\\nline\"\n", "    ZED=1\n    ALPHA= 2\n", "cwd: /src\n", "user: 1000:1000\n",
		"network: none\n", "network: host\n", "security: insecure\n", "selector=/src readonly", "mount /cache: cache id=rustfile sharing=locked",
		"mount /tmp: tmpfs size=1048576", "content-cache=off", "secret id=token owner=1:2 mode=0400 optional", "secret env: TOKEN id=token\n", "ssh id=default",
		"ignore cache\n", "export cache: false\n", "progress group: compile (weak)\n", "from: Rustfile:1:0-1:3\n",
		"owner: 1:2\n", "time: 1.500000000\n", "|fn main() {}\n", "data: empty\n", "data: 2 bytes, sha256:", "data: 8192 bytes, sha256:",
		"data without a final newline:\n      |a\n      |\tb\n", "to: /src/main.rs\n", "allow not found\n", "on: action 0\n", "nobody of ",
		"unpack\n", "directory contents\n", "      b c\n", "lower: #", "upper: #", "result: #",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the text lacks %q", want)
		}
	}
	for _, unwanted := range []string{"made up", "sha256:" + digest.FromString("").Encoded()} {
		if strings.Contains(got, unwanted) {
			t.Errorf("the text has %q", unwanted)
		}
	}
}

func TestFormatIsStable(t *testing.T) {
	want := format(t, everything("x"))
	for range 100 {
		// Each marshalling gives a local source a unique id, which must not show.
		if got := format(t, everything("x")); got != want {
			t.Fatalf("two texts for one graph:\n%s\n%s", want, got)
		}
	}
}

// TestFormatChangesOneVertex is the reason for numbers in place of digests.
func TestFormatChangesOneVertex(t *testing.T) {
	before := strings.Split(format(t, everything("before")), "\n")
	after := strings.Split(format(t, everything("after")), "\n")
	if len(before) != len(after) {
		t.Fatalf("%d lines became %d", len(before), len(after))
	}
	var changed []string
	for i := range before {
		if before[i] != after[i] {
			changed = append(changed, after[i])
		}
	}
	if len(changed) != 1 || !strings.HasSuffix(changed[0], "|after") {
		t.Errorf("changed lines: %q", changed)
	}
}

func TestFormatScratch(t *testing.T) {
	if got := format(t, llb.Scratch()); got != "result: scratch\n" {
		t.Errorf("got %q", got)
	}
}

func TestVerticesOrder(t *testing.T) {
	vertices, err := Vertices(marshal(t, everything("x")))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[digest.Digest]bool{}
	for i, v := range vertices {
		if v.Number != i+1 {
			t.Errorf("vertex %d has the number %d", i+1, v.Number)
		}
		for _, input := range v.Op.Inputs {
			if !seen[digest.Digest(input.Digest)] {
				t.Errorf("vertex %d %q comes before its input", v.Number, v.Name)
			}
		}
		seen[v.Digest] = true
	}
	if last := vertices[len(vertices)-1]; last.Name != "[result] merge" || last.Op.GetMerge() == nil {
		t.Errorf("the last vertex is %q", last.Name)
	}
}

func TestDigest(t *testing.T) {
	local := func() llb.State { return llb.Local("context", llb.LocalUniqueID("fixed")) }
	graph := func(arg string) llb.State {
		first := llb.Image("a@sha256:"+strings.Repeat("1", 64)).Run(llb.Args([]string{"deps"}), llb.WithCustomName("deps")).Root()
		second := first.Run(llb.Args([]string{arg}), llb.WithCustomName("source"), llb.AddMount("/src", local())).Root()
		return second.File(llb.Mkdir("/a", 0o755), llb.WithCustomName("copy")).File(llb.Mkdir("/b", 0o755), llb.WithCustomName("copy"))
	}
	before, err := Digest(marshal(t, graph("one")))
	if err != nil {
		t.Fatal(err)
	}
	after, err := Digest(marshal(t, graph("two")))
	if err != nil {
		t.Fatal(err)
	}
	for name, same := range map[string]bool{"deps": true, "source": false, "copy": false, "copy #2": false} {
		if before[name] == "" || after[name] == "" || (before[name] == after[name]) != same {
			t.Errorf("%q: %q and %q, want equal: %v", name, before[name], after[name], same)
		}
	}
}

func TestBrokenDefinitions(t *testing.T) {
	good := marshal(t, everything("x"))
	for name, def := range map[string]*llb.Definition{
		"garbage":       {Def: [][]byte{{0xff}}},
		"missing input": {Def: good.Def[len(good.Def)-1:]},
		"no result":     {Def: good.Def[:len(good.Def)-1]},
	} {
		if text, err := Format(def); err == nil {
			t.Errorf("%s: printed as %q", name, text)
		}
	}
}

// TestUnreachableVerticesShow: what a verifier does not see it cannot refuse.
func TestUnreachableVerticesShow(t *testing.T) {
	def := marshal(t, llb.Image("a"))
	stray := marshal(t, llb.Image("b").Run(llb.Args([]string{"stray"})).Root())
	def.Def = append(stray.Def[:len(stray.Def)-1:len(stray.Def)-1], def.Def...)
	text, err := Format(def)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "    stray\n") {
		t.Errorf("the text lacks the stray vertex:\n%s", text)
	}
}
