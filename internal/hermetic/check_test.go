package hermetic

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/llbbuild"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// marshal makes a definition for one fixed platform.
func marshal(t *testing.T, state llb.State) *llb.Definition {
	t.Helper()
	def, err := state.Marshal(t.Context(), llb.Platform(ocispecs.Platform{OS: "linux", Architecture: "amd64"}), llb.LocalUniqueID("test"))
	if err != nil {
		t.Fatal(err)
	}
	return def
}

var (
	commit = strings.Repeat("0123456789", 4)
	base   = llb.Image("docker.io/library/rust@sha256:" + strings.Repeat("ab", 32))
)

// run is a process without a network, changed by options.
func run(opts ...llb.RunOption) llb.State {
	return base.Run(append([]llb.RunOption{llb.Args([]string{"cargo"}), llb.Network(pb.NetMode_NONE), llb.WithCustomName("[deps] compile")}, opts...)...).Root()
}

// exec changes the operation of a process in ways llb has no option for.
func exec(t *testing.T, state llb.State, change func(*pb.ExecOp)) *llb.Definition {
	t.Helper()
	def := marshal(t, state)
	last := len(def.Def) - 2
	var op, result pb.Op
	for i, target := range []*pb.Op{&op, &result} {
		if err := target.UnmarshalVT(def.Def[last+i]); err != nil {
			t.Fatal(err)
		}
	}
	metadata := def.Metadata[digest.FromBytes(def.Def[last])]
	change(op.GetExec())
	var err error
	if def.Def[last], err = op.MarshalVT(); err != nil {
		t.Fatal(err)
	}
	key := digest.FromBytes(def.Def[last])
	def.Metadata[key] = metadata
	result.Inputs[0].Digest = string(key)
	if def.Def[last+1], err = result.MarshalVT(); err != nil {
		t.Fatal(err)
	}
	return def
}

// use puts a source under a process, as the generator does.
func use(source llb.State) llb.State { return run(llb.AddMount("/src", source, llb.Readonly)) }

func allowFetch(name string) bool { return strings.HasPrefix(name, "[fetch] ") }

func TestCheckAccepts(t *testing.T) {
	for name, state := range map[string]llb.State{
		"scratch":           llb.Scratch(),
		"no network":        run(),
		"allowed network":   run(llb.Network(pb.NetMode_UNSET), llb.WithCustomName("[fetch] crates")),
		"checksum":          use(llb.HTTP("https://static.crates.io/a.crate", llb.Checksum(digest.FromString("a")))),
		"commit":            use(llb.Git("https://example.com/a.git", commit)),
		"commit and subdir": use(llb.Git("https://example.com/a.git", commit+":sub")),
		"sha256 commit":     use(llb.Git("https://example.com/a.git", strings.Repeat("a", 64))),
		"branch and commit": use(llb.Git("https://example.com/a.git", "main", llb.GitChecksum(commit))),
		"patterns": use(llb.Local("context", llb.IncludePatterns([]string{"**/Cargo.toml", "src/..rs", "a..b"}),
			llb.FollowPaths([]string{"Cargo.lock"}), llb.ExcludePatterns([]string{"../x", "/y"}))),
		"files": llb.Merge([]llb.State{run(), llb.Diff(base, run()), llb.Scratch().File(llb.Mkdir("/a", 0o755))}),
	} {
		if err := Check(marshal(t, state), allowFetch); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, tc := range []struct {
		name string
		def  *llb.Definition
		want string
	}{
		{"network", marshal(t, run(llb.Network(pb.NetMode_UNSET))), `vertex 2 "[deps] compile": the process has a network`},
		{"host network", marshal(t, run(llb.Network(pb.NetMode_HOST))), "network mode HOST"},
		{"allowed host network", marshal(t, run(llb.Network(pb.NetMode_HOST), llb.WithCustomName("[fetch] x"))), "network mode HOST"},
		{"insecure", marshal(t, run(llb.Security(pb.SecurityMode_INSECURE))), "security mode INSECURE"},
		{"allowed insecure", marshal(t, run(llb.Security(pb.SecurityMode_INSECURE), llb.WithCustomName("[fetch] x"))), "security mode INSECURE"},
		{"future network", exec(t, run(), func(e *pb.ExecOp) { e.Network = 7 }), "network mode 7"},
		{"future security", exec(t, run(), func(e *pb.ExecOp) { e.Security = 7 }), "security mode 7"},
		{"device", marshal(t, run(llb.AddCDIDevice(llb.CDIDeviceName("vendor.com/gpu=0")))), `device "vendor.com/gpu=0"`},
		{"below the result", marshal(t, run(llb.Network(pb.NetMode_UNSET)).File(llb.Mkdir("/a", 0o755))), "the process has a network"},
		{"no checksum", marshal(t, use(llb.HTTP("https://static.crates.io/a.crate"))), "https://static.crates.io/a.crate has the checksum \"\""},
		{"bad checksum", marshal(t, use(llb.HTTP("http://example.com/a", llb.Checksum("sha256:abc")))), `has the checksum "sha256:abc"`},
		{"branch", marshal(t, use(llb.Git("https://example.com/a.git", "main"))), "git://example.com/a.git#main names no full commit"},
		{"no ref", marshal(t, use(llb.Git("https://example.com/a.git", ""))), "names no full commit"},
		{"short commit", marshal(t, use(llb.Git("https://example.com/a.git", commit[:12]))), "names no full commit"},
		{"short checksum", marshal(t, use(llb.Git("https://example.com/a.git", "main", llb.GitChecksum(commit[:12])))), "names no full commit"},
		{"commit as directory", marshal(t, use(llb.Git("https://example.com/a.git", "main:"+commit))), "names no full commit"},
		{"parent", marshal(t, use(llb.Local("context", llb.IncludePatterns([]string{"a", "../b"})))), `the pattern "../b", which leaves it, in local.includepattern`},
		{"hidden parent", marshal(t, use(llb.Local("context", llb.FollowPaths([]string{"a/../../b"})))), "local.followpaths"},
		{"absolute", marshal(t, use(llb.Local("context", llb.FollowPaths([]string{"/etc/passwd"})))), `"/etc/passwd"`},
		{"negated", marshal(t, use(llb.Local("context", llb.IncludePatterns([]string{"!../b"})))), `"!../b"`},
		{"windows", marshal(t, use(llb.Local("context", llb.IncludePatterns([]string{`a\..\b`})))), "leaves it"},
		{"drive", marshal(t, use(llb.Local("context", llb.IncludePatterns([]string{`C:\x`})))), "leaves it"},
		{"metadata exceptions", marshal(t, use(llb.Local("context", llb.MetadataOnlyTransfer([]string{"../**/Cargo.toml"})))), "local.metadatatransferexclude"},
		{"nested build", marshal(t, llb.NewState(llbbuild.NewBuildOp(base.Output(), llbbuild.WithFilename("x")).Output())), "operation *pb.Op_Build is not allowed"},
		{"unreadable patterns", marshal(t, use(llb.NewState(llb.NewSource("local://context", map[string]string{pb.AttrFollowPaths: "a,b"}, llb.Constraints{}).Output()))), "unreadable local.followpaths"},
		{"unknown source", marshal(t, use(llb.NewState(llb.NewSource("s3://bucket/key", nil, llb.Constraints{}).Output()))), "s3://bucket/key is of no known kind"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := Check(tc.def, allowFetch)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestCheckNamesEveryFault(t *testing.T) {
	state := run(llb.Network(pb.NetMode_HOST), llb.Security(pb.SecurityMode_INSECURE), llb.AddMount("/a", llb.HTTP("http://example.com/a")))
	err := Check(marshal(t, state), nil)
	for _, want := range []string{"HOST", "INSECURE", "http://example.com/a"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

func TestCheckAllowsNoNetworkByDefault(t *testing.T) {
	if Check(marshal(t, run(llb.Network(pb.NetMode_UNSET), llb.WithCustomName("[fetch] x"))), nil) == nil {
		t.Error("a network is allowed")
	}
}

// TestCheckPassesWhatIsGiven: a context from a branch, or one whose builder had
// a network, is the user's affair; the same in our own vertices is not.
func TestCheckPassesWhatIsGiven(t *testing.T) {
	context := llb.Git("https://example.com/a.git", "main")
	image := run(llb.Network(pb.NetMode_UNSET), llb.WithCustomName("[stage 2/3] RUN apt-get install"))
	ours := image.Run(llb.Args([]string{"cargo"}), llb.Network(pb.NetMode_NONE), llb.AddMount("/src", context)).Root()
	if Check(marshal(t, ours), nil) == nil {
		t.Error("accepted although nothing was given")
	}
	if err := Check(marshal(t, ours), nil, marshal(t, context), marshal(t, image)); err != nil {
		t.Error(err)
	}
	worse := ours.Run(llb.Args([]string{"curl"}), llb.WithCustomName("curl")).Root()
	err := Check(marshal(t, worse), nil, marshal(t, context), marshal(t, image))
	if err == nil || !strings.Contains(err.Error(), `"curl": the process has a network`) || strings.Contains(err.Error(), "apt-get") {
		t.Errorf("got %v", err)
	}
}

func TestCheckRefusesBrokenDefinitions(t *testing.T) {
	def := marshal(t, run())
	def.Def = def.Def[1:]
	if Check(def, nil) == nil {
		t.Error("a definition without its base is accepted")
	}
}

func TestCheckPlatform(t *testing.T) {
	amd64, arm64 := ocispecs.Platform{OS: "linux", Architecture: "amd64"}, ocispecs.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}
	def := marshal(t, run(llb.Platform(arm64)))
	if err := CheckPlatform(def, ocispecs.Platform{OS: "linux", Architecture: "arm64"}); err != nil {
		t.Error(err)
	}
	err := CheckPlatform(def, amd64)
	if err == nil || !strings.Contains(err.Error(), `"[deps] compile": the process is for linux/arm64, and the machine that builds is linux/amd64`) {
		t.Errorf("a process for another machine gives %v", err)
	}
	if err := CheckPlatform(def, amd64, def); err != nil {
		t.Errorf("a process of the user's gives %v", err)
	}
}
