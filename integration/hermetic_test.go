package integration

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/rustfile/rustfile/frontend"
	"github.com/rustfile/rustfile/integration/examples"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/hermetic"
)

// listening returns the address of a server that accepts connections until the test ends.
func listening(t *testing.T, network, address string) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeIn(t, l) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	return l.Addr().String()
}

// probe is the fixture whose build script fails when it sees a network; one address that answers is added.
func probe(t *testing.T) *project {
	p := copyOf(t, "networked-build-script")
	p.append("addresses.txt", listening(t, "tcp", "127.0.0.1:0")+"\n")
	return p
}

// TestBuildScriptHasNoNetwork builds the probe.
func TestBuildScriptHasNoNetwork(t *testing.T) {
	r := inProcess(testenv.SharedDaemon(t, testenv.OCI)).MustBuild(t, testenv.BuildOptions{Context: probe(t).Dir})
	if got := r.Run(t); !strings.HasPrefix(got, "compiled without a network") {
		t.Errorf("the program prints %q", got)
	}
}

// TestProbeFindsNetwork is the control: the same build with BuildKit's default network fails in the build script.
func TestProbeFindsNetwork(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	b.Frontend = func(ctx context.Context, c client.Client) (*client.Result, error) {
		return frontend.Build(ctx, networked{c})
	}
	r, err := b.Build(t.Context(), testenv.BuildOptions{Context: probe(t).Dir})
	if err == nil {
		t.Fatal("the build succeeded: the probe proves nothing")
	}
	if !strings.Contains(r.Logs(), "the build script sees the network interfaces") && !strings.Contains(r.Logs(), "the build script can connect to") {
		t.Errorf("the build script did not find the network: %v\n%s", err, r.Logs())
	}
}

// networked gives every process of the graph BuildKit's default network before it is solved.
type networked struct{ client.Client }

// Solve implements client.Client.
func (n networked) Solve(ctx context.Context, r client.SolveRequest) (*client.Result, error) {
	if r.Definition != nil {
		def, err := withNetwork(r.Definition)
		if err != nil {
			return nil, err
		}
		r.Definition = def
	}
	return n.Client.Solve(ctx, r)
}

// withNetwork rewrites a definition. Vertices are named by the digest of their bytes, so what follows a changed one
// changes too; definitions list inputs before what uses them.
func withNetwork(def *pb.Definition) (*pb.Definition, error) {
	out := &pb.Definition{Metadata: map[string]*pb.OpMetadata{}, Source: nil}
	renamed := map[string]string{}
	for _, data := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			return nil, err
		}
		for _, in := range op.Inputs {
			in.Digest = renamed[in.Digest]
		}
		if exec := op.GetExec(); exec != nil {
			exec.Network = pb.NetMode_UNSET
		}
		changed, err := op.MarshalVT()
		if err != nil {
			return nil, err
		}
		before, after := digest.FromBytes(data).String(), digest.FromBytes(changed).String()
		renamed[before] = after
		out.Def = append(out.Def, changed)
		if md := def.Metadata[before]; md != nil {
			out.Metadata[after] = md
		}
	}
	return out, nil
}

var errRecorded = errors.New("the graph is recorded")

// recorder keeps the definitions that a build solves, and stops the build where it would run something.
type recorder struct {
	client.Client
	mu   sync.Mutex
	defs []*pb.Definition
}

// Solve implements client.Client.
func (r *recorder) Solve(ctx context.Context, req client.SolveRequest) (*client.Result, error) {
	r.mu.Lock()
	r.defs = append(r.defs, req.Definition)
	r.mu.Unlock()
	if len(execs(req.Definition)) > 0 {
		return nil, errRecorded
	}
	return r.Client.Solve(ctx, req)
}

// execs are the processes of a definition.
func execs(def *pb.Definition) []*pb.ExecOp {
	var out []*pb.ExecOp
	for _, data := range def.GetDef() {
		var op pb.Op
		if err := op.UnmarshalVT(data); err == nil && op.GetExec() != nil {
			out = append(out, op.GetExec())
		}
	}
	return out
}

// record plans a build and returns the definitions it would solve. The error is why there was no build, nil when all
// of it was recorded.
func record(t *testing.T, o testenv.BuildOptions) ([]*pb.Definition, error) {
	t.Helper()
	var rec *recorder
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	b.Frontend = func(ctx context.Context, c client.Client) (*client.Result, error) {
		rec = &recorder{Client: c}
		return frontend.Build(ctx, rec)
	}
	_, err := b.Build(t.Context(), o)
	if err == nil {
		t.Fatal("the build ran to its end")
	}
	if strings.Contains(err.Error(), errRecorded.Error()) {
		return rec.defs, nil
	}
	if strings.Contains(err.Error(), "has a bug") {
		t.Fatal(err)
	}
	t.Logf("refused: %.300s", err)
	return nil, err
}

// TestEveryGraphIsHermetic checks each definition that the examples and fixtures solve, also those for reading.
func TestEveryGraphIsHermetic(t *testing.T) {
	all, err := examples.Buildable()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		for _, c := range e.Cases {
			if len(c.Error) > 0 {
				continue
			}
			t.Run(e.Name+"/"+c.Name, func(t *testing.T) {
				defs, err := record(t, testenv.BuildOptions{Context: e.Dir, Target: c.Target, BuildArgs: c.BuildArgs})
				if err != nil {
					t.Fatal(err)
				}
				processes := 0
				for _, d := range defs {
					checkHermetic(t, d)
					processes += len(execs(d))
				}
				if processes == 0 {
					t.Error("nothing was recorded that runs a process")
				}
			})
		}
	}
}

func checkHermetic(t *testing.T, def *pb.Definition) {
	t.Helper()
	d := &llb.Definition{Def: def.Def, Metadata: map[digest.Digest]llb.OpMetadata{}}
	for dgst, md := range def.Metadata {
		d.Metadata[digest.Digest(dgst)] = llb.NewOpMetadata(md)
	}
	if err := hermetic.Check(d, nil); err != nil {
		t.Error(err)
	}
}

// hostileTexts are values that would do something if they became code or another argument.
var hostileTexts = []string{
	`";touch /pwn;"`, `$(touch /pwn)`, "`touch /pwn`", "a\ntouch /pwn", "--config=build.rustc-wrapper='/bin/sh'", "-Zunstable-options",
	`a b`, `a,b`, `'`, `*`, `../../etc/passwd`, `a\x00b`, "a\x00b", "é", strings.Repeat("a", 100_000), `{{.}}`, `%s`, `\`,
}

// TestHostileOptions: a value is refused, or it is one whole argument of cargo and nothing else.
func TestHostileOptions(t *testing.T) {
	base := copyOf(t, "several-members")
	for _, text := range hostileTexts {
		for name, o := range map[string]testenv.BuildOptions{
			"features":   {Target: "a", BuildArgs: map[string]string{"features": text}},
			"profile":    {Target: "a", BuildArgs: map[string]string{"profile": text}},
			"package":    {Target: "a", BuildArgs: map[string]string{"package": text}},
			"bins":       {BuildArgs: map[string]string{"bins": text}},
			"target":     {Target: text},
			"toolchain":  {Target: "a", BuildArgs: map[string]string{"toolchain": text}},
			"suite":      {Target: "a", BuildArgs: map[string]string{"suite": text}},
			"an unknown": {Target: "a", BuildArgs: map[string]string{text: "x"}},
		} {
			t.Run(fmt.Sprintf("%s %.20q", name, text), func(t *testing.T) {
				o.Context = base.Dir
				defs, err := record(t, o)
				if err != nil {
					return // refused
				}
				checkOneArgument(t, defs, text)
			})
		}
	}
}

// TestHostileManifest is TestHostileOptions for names in manifests and the lock file.
func TestHostileManifest(t *testing.T) {
	for _, text := range hostileTexts {
		quoted := fmt.Sprintf("%q", text)
		for name, do := range map[string]func(p *project){
			"binary": func(p *project) {
				p.append("app/Cargo.toml", "\n[[bin]]\nname = "+quoted+"\npath = \"src/main.rs\"\n")
			},
			"package": func(p *project) {
				p.replace("app/Cargo.toml", `"selfhash"`, quoted)
				p.replace("Cargo.lock", `"selfhash"`, quoted)
			},
			"feature": func(p *project) {
				p.append("app/Cargo.toml", "\n[features]\ndefault = ["+quoted+"]\n"+quoted+" = []\n")
			},
			"profile":        func(p *project) { p.append("Cargo.toml", "\n[profile."+quoted+"]\ninherits = \"release\"\n") },
			"locked package": func(p *project) { p.replace("Cargo.lock", `"itoa"`, quoted) },
			"locked version": func(p *project) { p.replace("Cargo.lock", `"1.0.19"`, quoted) },
			"locked source": func(p *project) {
				p.replace("Cargo.lock", `"registry+https://github.com/rust-lang/crates.io-index"`, quoted)
			},
			"registry": func(p *project) {
				p.write(".cargo/config.toml", "[source.crates-io]\nreplace-with = \"x\"\n[source.x]\nregistry = "+quoted+"\n")
			},
		} {
			t.Run(fmt.Sprintf("%s %.20q", name, text), func(t *testing.T) {
				p := copyOf(t, "selfhash")
				do(p)
				o := testenv.BuildOptions{Context: p.Dir}
				if name == "binary" {
					o.Target = text
				}
				defs, err := record(t, o)
				if err != nil {
					return // refused
				}
				checkOneArgument(t, defs, text)
			})
		}
	}
}

// checkOneArgument looks for a text in the arguments and the environment of all processes. A text of one byte occurs in
// others by chance.
func checkOneArgument(t *testing.T, defs []*pb.Definition, text string) {
	t.Helper()
	for _, def := range defs {
		for _, exec := range execs(def) {
			for _, arg := range slices.Concat(exec.Meta.Args, exec.Meta.Env, []string{exec.Meta.Cwd}) {
				if len(text) > 1 && strings.Contains(arg, text) && arg != text {
					t.Errorf("the argument %q holds the text and more", arg)
				}
			}
			if len(exec.Meta.Args) > 2 && exec.Meta.Args[1] == "-c" {
				t.Errorf("a shell command: %q", exec.Meta.Args)
			}
			for i, arg := range exec.Meta.Args {
				if arg == text && strings.HasPrefix(text, "-") {
					t.Errorf("argument %d %q is a flag", i, arg)
				}
			}
		}
	}
}
