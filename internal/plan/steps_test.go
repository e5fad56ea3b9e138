package plan_test

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

func TestSteps(t *testing.T) {
	p, _ := configured(t, nil, `
[[secrets]]
id = "token"
env = "TOKEN"
[[run]]
in = "image"
command = ["useradd", "app"]
[[run]]
in = "builder"
command = "fetch"
network = true
secrets = ["token"]
[[test]]
command = "app"
`)
	image := []plan.Step{{Command: options.Command{Args: []string{"useradd", "app"}}, Location: plan.Location{File: "Rustfile", Line: 5}}}
	builder := []plan.Step{{
		Command: options.Command{Shell: "fetch"}, Network: true, Secrets: []plan.Secret{{ID: "token", Env: "TOKEN", Required: true}},
		Location: plan.Location{File: "Rustfile", Line: 8}, Index: 1,
	}}
	tests := []plan.Test{{Name: "app", Command: &options.Command{Shell: "app"}, Timeout: 5 * time.Minute, Location: plan.Location{File: "Rustfile", Line: 13}}}
	if !reflect.DeepEqual(p.Image.Steps, image) || !reflect.DeepEqual(p.Toolchain.Steps, builder) || !reflect.DeepEqual(p.Tests, tests) {
		t.Errorf("the image has %+v, the builder %+v; the tests are %+v", p.Image.Steps, p.Toolchain.Steps, p.Tests)
	}
}

// TestDebugInformationAlone: an image of debug information has no base, and nothing to test.
func TestDebugInformationAlone(t *testing.T) {
	files := map[string]string{"Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\", \"lib\"]\nresolver = \"2\"\n[profile.release]\ndebug = true\n"}
	p, err := newPlan(project(files), request{target: "a.debug", file: "debug = 'split'\n[[run]]\nin = 'image'\ncommand = 'x'\n[[run]]\nin = 'builder'\ncommand = 'x'\n[[test]]\ncommand = 'x'\n"})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Image.DebugOnly || len(p.Image.Steps)+len(p.Tests) > 0 || len(p.Toolchain.Steps) != 1 {
		t.Errorf("steps %+v, tests %+v", p.Image.Steps, p.Tests)
	}
}

func TestStepFaults(t *testing.T) {
	for _, tc := range []struct{ name, file, platform, want string }{
		{"no such secret", "[[run]]\nin = 'image'\ncommand = 'x'\nsecrets = ['token']\n", "linux/amd64", "Rustfile:1:1: key `run`: there is no secret `token`"},
		{"variable of a secret", "[[secrets]]\nid = 'a'\nenv = 'A'\n[[run]]\nin = 'image'\ncommand = 'x'\nsecrets = ['a']\nenv = { A = '1' }\n", "linux/amd64",
			"Rustfile:4:1: key `run`: `A` is the variable of the secret `a`, too"},
		{"another platform", "[[run]]\nin = 'builder'\ncommand = 'x'\n[[run]]\nin = 'image'\ncommand = 'x'\n", "linux/arm64",
			"Rustfile:4:1: key `run`: a command cannot run in the image of another platform (linux/arm64) than that of the machine that builds (linux/amd64): no command runs under emulation"},
		{"builder for another platform", "[[run]]\nin = 'builder'\ncommand = 'x'\n", "linux/arm64", ""},
		{"test of another platform", "[[test]]\ncommand = 'x'\n", "linux/arm64", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := planFor(t, tc.file, tc.platform)
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var fault *cargo.Error
			if !errors.As(err, &fault) || fault.Fix == "" || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// planFor plans the project for a platform on a machine for linux/amd64.
func planFor(t *testing.T, rustfile, platform string) (*plan.Plan, error) {
	t.Helper()
	o, err := options.Parse("Rustfile", []byte(rustfile), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.SetTarget("a"); err != nil {
		t.Fatal(err)
	}
	ws, err := cargo.Load(project(nil), cargo.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return plan.New(ws, o, plan.Inputs{Platform: platform, BuildPlatform: "linux/amd64"})
}

func TestProgramsOfTests(t *testing.T) {
	for command, want := range map[string]string{
		"['/usr/local/bin/a']": "", "['a']": "", "['check']": "", "['sh', '-c', 'x']": "", "'nonesuch'": "", "['nonesuch']": "Rustfile:1:1: key `test`: the image has no program `nonesuch`",
		"['./x']": "the image has no program `./x`",
	} {
		p, o := configured(t, nil, "[[test]]\ncommand = "+command+"\n")
		err := p.CheckPrograms(o, base(), "/usr/bin:/usr/local/bin")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", command, err, want)
		}
	}
}

func TestOutputOfTests(t *testing.T) {
	test := plan.Test{Name: "x", Command: &options.Command{Args: []string{"app", "--version"}}, Exit: 2, Stdout: []string{"app 1", "x"}, Stderr: []string{"warning"}}
	good := plan.Output{Status: 2, Stdout: "app 1.2\nx\n", Stderr: "a warning\n"}
	if fault := test.Fault(good); fault != "" {
		t.Error(fault)
	}
	for _, tc := range []struct {
		name string
		do   func(*plan.Output)
		want []string
	}{
		{"status", func(o *plan.Output) { o.Status = 101 }, []string{"`app --version` ended with status 101, expected 2", "standard output:\n    app 1.2\n    x\n", "standard error:\n    a warning"}},
		{"stdout", func(o *plan.Output) { o.Stdout = "app 1" }, []string{"the standard output of `app --version` has no \"x\""}},
		{"stderr", func(o *plan.Output) { o.Stderr = "" }, []string{"the standard error of `app --version` has no \"warning\"", "standard error is empty"}},
		{"long", func(o *plan.Output) { o.Stdout = strings.Repeat("line\n", 30) + "the last \xff\n" }, []string{"the last 20 of 31 lines", "    the last \uFFFD"}},
	} {
		got := good
		tc.do(&got)
		for _, want := range tc.want {
			if fault := test.Fault(got); !strings.Contains(fault, want) || strings.Count(fault, "\n") > 30 {
				t.Errorf("%s: %q lacks %q", tc.name, fault, want)
			}
		}
	}
}

func TestFilesOfTests(t *testing.T) {
	root := base()
	root["usr/bin/dash"] = &fstest.MapFile{Mode: fs.ModeSetuid | 0o755}
	owner := func(info fs.FileInfo) (uid, gid uint32) {
		if info.Name() == "old" {
			return 1000, 50
		}
		return 0, 0
	}
	for _, tc := range []struct {
		test plan.FileTest
		want string
	}{
		{plan.FileTest{Path: "/etc/passwd", Mode: "0000", Owner: "root:root", Contains: []string{"www-data", "app"}}, ""},
		{plan.FileTest{Path: "/bin/sh", Mode: "4755"}, ""}, // through two links
		{plan.FileTest{Path: "/bin/sh", Mode: "755"}, "/bin/sh has mode 4755, expected 0755"},
		{plan.FileTest{Path: "/tmp", Mode: "1777"}, ""},
		{plan.FileTest{Path: "/none"}, "the image has no /none"},
		{plan.FileTest{Path: "/bin/lost"}, "the image has no /bin/lost"},
		{plan.FileTest{Path: "/none", Absent: true}, ""},
		{plan.FileTest{Path: "/bin/sh", Absent: true}, "the image has /bin/sh"},
		{plan.FileTest{Path: "/srv/old", Owner: "app"}, ""},
		{plan.FileTest{Path: "/srv/old", Owner: "app:staff"}, ""},
		{plan.FileTest{Path: "/srv/old", Owner: "1000:1001"}, "/srv/old belongs to 1000:50, expected 1000:1001"},
		{plan.FileTest{Path: "/srv/old", Owner: "nobody"}, "the image has no user `nobody`"},
		{plan.FileTest{Path: "/srv/old", Mode: "700", Owner: "0"}, "/srv/old has mode 0750, expected 0700; /srv/old belongs to 1000, expected 0"},
		{plan.FileTest{Path: "/etc/group", Contains: []string{"root", "wheel"}}, `/etc/group does not contain "wheel"`},
		{plan.FileTest{Path: "/tmp", Contains: []string{"x"}}, "/tmp is no file"},
	} {
		got, err := tc.test.Fault(root, owner)
		if err != nil || (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%+v: %q, %v; want %q", tc.test, got, err, tc.want)
		}
	}
}
