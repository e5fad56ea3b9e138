// Command runcshim starts the runc that lies beside it after taking the seccomp profile out of the bundle.
//
// It is used where runc was built without libseccomp: such a runc fails on any container with a profile, and
// buildkitd always writes one. Containers then run without a system-call filter; everything else that isolates
// them (namespaces, capabilities, cgroups, the masked paths) is untouched.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "buildkit-runc:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if bundle, ok := bundleOf(args[1:]); ok {
		if err := dropSeccomp(filepath.Join(bundle, "config.json")); err != nil {
			return err
		}
	}
	runc := filepath.Join(filepath.Dir(self), "runc")
	return syscall.Exec(runc, append([]string{runc}, args[1:]...), os.Environ())
}

// bundleOf returns the bundle directory of a command line that creates a container.
func bundleOf(args []string) (string, bool) {
	creates := false
	bundle := "."
	for i, a := range args {
		switch {
		case a == "run" || a == "create":
			creates = true
		case creates && (a == "--bundle" || a == "-b") && i+1 < len(args):
			bundle = args[i+1]
		case creates && strings.HasPrefix(a, "--bundle="):
			bundle = strings.TrimPrefix(a, "--bundle=")
		}
	}
	return bundle, creates
}

// dropSeccomp removes linux.seccomp and leaves every other value as it was written.
func dropSeccomp(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var spec, linux map[string]json.RawMessage
	if err := json.Unmarshal(raw, &spec); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(spec["linux"]) == 0 {
		return nil
	}
	if err := json.Unmarshal(spec["linux"], &linux); err != nil {
		return fmt.Errorf("%s: linux: %w", file, err)
	}
	if _, ok := linux["seccomp"]; !ok {
		return nil
	}
	delete(linux, "seccomp")
	if spec["linux"], err = json.Marshal(linux); err != nil {
		return err
	}
	if raw, err = json.Marshal(spec); err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o600)
}
