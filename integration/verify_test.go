package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/imagediff"
)

// status runs a command of the CLI and returns its status and standard output; other than run, it may fail.
func (c *commandLine) status(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.program, args...)
	cmd.Env = c.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err != nil {
		t.Logf("rustfile %q: %s", args, stderr.String()[max(0, stderr.Len()-600):])
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// TestVerify builds an image with the CLI, and verifies it: against the same project, and against others.
func TestVerify(t *testing.T) {
	c := newCommandLine(t)
	p := copyDir(t, example(t, "hello").Dir)
	archive, ref := filepath.Join(t.TempDir(), "image.tar"), testenv.Env(t).Registry.Host()+"/verify/hello:1"
	c.run(t, "build", "--builder", "embedded", "--output", "type=oci,dest="+archive, "--output", "type=image,push=true,name="+ref,
		"--build-arg", "SOURCE_DATE_EPOCH=1700000000", p.Dir)
	verify := func(args ...string) (int, string) {
		return c.status(t, append([]string{"verify", "--builder", "embedded"}, args...)...)
	}
	for _, tc := range []struct {
		name string
		do   func()
		args []string
		// status is the exit status; want are parts of the report.
		status int
		want   []string
	}{
		{"the same", nil, []string{archive, p.Dir}, 0, []string{"The images are the same.\n"}},
		{"in a registry, from the cache", nil, []string{"--no-cache=false", ref, p.Dir}, 0, []string{"The images are the same.\n"}},
		{"a label", nil, []string{"--no-cache=false", "--label", "team=x", ref, p.Dir}, 1,
			[]string{"The images differ:\n", `configuration, config.Labels["team"]: image none, rebuild x` + "\n"}},
		{"another date", nil, []string{"--no-cache=false", "--build-arg", "SOURCE_DATE_EPOCH=1800000000", ref, p.Dir}, 1,
			[]string{"configuration, created: image 2023-11-14T22:13:20Z, rebuild 2027-01-15T08:00:00Z\n", "/usr/local/bin/hello: time: image 2023-11-14T22:13:20Z, rebuild 2027-01-15T08:00:00Z\n"}},
		{"another source", func() { p.replace("src/main.rs", "Hello, ", "Good morning, ") }, []string{"--no-cache=false", ref, p.Dir}, 1,
			[]string{"(rustfile: add hello)\n", "/usr/local/bin/hello: content: ", "; sections "}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.do != nil {
				tc.do()
			}
			status, report := verify(tc.args...)
			if status != tc.status || slices.ContainsFunc(tc.want, func(w string) bool { return !strings.Contains(report, w) }) {
				t.Errorf("status %d, want %d and %q, the report is\n%s", status, tc.status, tc.want, report)
			}
		})
	}
	t.Run("a build script that looks at the clock", func(t *testing.T) { checkClock(t, c) })
	// The last source's difference, for programs.
	status, text := verify("--no-cache=false", "--format", "json", ref, p.Dir)
	var report struct{ Images []imagediff.Report }
	if err := json.Unmarshal([]byte(text), &report); err != nil || status != 1 || len(report.Images) != 1 || report.Images[0].Same || len(report.Images[0].Layers) != 1 {
		t.Errorf("status %d, %v, the report is\n%s", status, err, text)
	}
}

// checkClock verifies an image whose build script looks at the clock: the program is named, and where it differs.
func checkClock(t *testing.T, c *commandLine) {
	p := &project{t: t, Dir: t.TempDir()}
	p.write("Cargo.toml", "[package]\nname = \"clock\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
	p.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"clock\"\nversion = \"0.1.0\"\n")
	p.write("build.rs", "fn main() {\n    println!(\"cargo:rustc-env=NOW={:?}\", std::time::SystemTime::now());\n}\n")
	p.write("src/main.rs", "fn main() {\n    println!(\"{}\", env!(\"NOW\"));\n}\n")
	image := filepath.Join(t.TempDir(), "image")
	c.run(t, "build", "--builder", "embedded", "--output", "type=oci,tar=false,dest="+image, p.Dir)
	status, report := c.status(t, "verify", "--builder", "embedded", image, p.Dir)
	if status != 1 || !strings.Contains(report, "/usr/local/bin/clock: content: ") || !strings.Contains(report, ".rodata") {
		t.Errorf("status %d, the report is\n%s", status, report)
	}
	if strings.Contains(report, "configuration") {
		t.Errorf("the configuration should not differ:\n%s", report)
	}
}
