package llbgen

import (
	"fmt"
	"path"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/plan"
)

// Where the container of a test has what runs the command and notes what it
// did; the image has neither.
const (
	runnerDir = "/.rustfile"
	testOut   = runnerDir + "/out"
)

// The files in the output of a test's vertex.
const (
	// TestStatus holds the exit status in decimal.
	TestStatus = "w/status"
	// TestStdout and TestStderr hold what the command wrote.
	TestStdout = "w/stdout"
	TestStderr = "w/stderr"
)

// Test runs the command of a test on the root filesystem of the image, as a
// container of it would. What the command changes there is dropped, so the
// image does not depend on its tests; the output has the files above. The
// vertex succeeds whatever the status is, and with again it runs even if the
// daemon has its output.
//
// The image may have no shell. The command is started by a shell of the builder
// image, which is mounted with its libraries and started by its own loader.
func (r *Result) Test(t plan.Test, again bool) llb.State {
	g := r.generator
	var loader []string // variables of the dynamic linker are for the command alone
	st := llb.NewState(r.State.Output())
	for _, kv := range r.Image.Config.Env {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "LD_") {
			loader = append(loader, kv)
			continue
		}
		st = st.AddEnv(name, value)
	}
	args := []string{path.Join(runnerDir, "ld.so"), "--library-path", path.Join(runnerDir, "lib"), path.Join(runnerDir, "sh"), path.Join(runnerDir, "test.sh"), fmt.Sprint(len(loader))}
	args = append(append(args, loader...), CommandArgs(*t.Command, g.in.Runtime.Config)...)
	opts := []llb.RunOption{
		llb.Args(args), llb.Dir(r.Image.Config.WorkingDir), llb.User(r.Image.Config.User),
		llb.AddMount(runnerDir, g.runner(), llb.Readonly),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), g.named(NameTest + t.Name),
	}
	opts = append(opts, g.location(t.Location)...)
	if again || g.ignores("tests") {
		opts = append(opts, llb.IgnoreCache)
	}
	// The image's user may write there, whoever that is.
	out := llb.Scratch().File(llb.Mkdir("/w", 0o777), common(nameScripts+"output of a test"))
	return st.Run(opts...).AddMount(testOut, out)
}

// runner is a shell of the builder image with its libraries, its loader and the
// script that runs a test.
func (g *generator) runner() llb.State {
	return g.in.Toolchain.State.Run(
		llb.Args([]string{"/bin/sh", "/rustfile/runner.sh"}), llb.Dir("/"),
		llb.AddMount("/rustfile", g.script("runner.sh", file("test.sh")), llb.Readonly),
		llb.Network(pb.NetMode_NONE), llb.Platform(g.platform), common(nameRunner),
	).AddMount("/out", llb.Scratch())
}
