package integration

import (
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

// TestDebugInformation splits debug information off and builds both parts.
func TestDebugInformation(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	p := configured(t)
	p.append("Cargo.toml", "[profile.dist]\ninherits = \"release\"\ndebug = \"line-tables-only\"\n")
	p.replace("Rustfile", "[healthcheck]", "profile = \"dist\"\nstrip = true\ndebug = \"split\"\n[healthcheck]")
	o := testenv.BuildOptions{Context: p.Dir, Secrets: token}
	res := b.MustBuild(t, o)
	if got := res.Run(t); got != "hello world 8 false some words\npackage /srv/app\n3\n" {
		t.Errorf("the program prints %q", got)
	}
	have := sectionsOf(t, filepath.Join(res.Rootfs(t), binDir, "configured"))
	for section, want := range map[string]bool{".debug_line": false, ".symtab": false, ".gnu_debuglink": true, ".dep-v0": true} {
		if slices.Contains(have, section) != want {
			t.Errorf("section %s of the program: want %v of %q", section, want, have)
		}
	}

	o.Target = "configured.debug"
	res = b.MustBuild(t, o)
	if got := compiled(res); got != "" {
		t.Errorf("compiled %q for the debug information", got)
	}
	root := res.Rootfs(t)
	file := filepath.Join(root, "usr/lib/debug", binDir, "configured.debug")
	if have := sectionsOf(t, file); !slices.Contains(have, ".debug_line") {
		t.Errorf("the debug information has %q", have)
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 1 {
		t.Errorf("the image of debug information holds more than that: %v, %v", entries, err)
	}
	if len(res.Image.Config.Entrypoint) > 0 {
		t.Errorf("the image of debug information runs %q", res.Image.Config.Entrypoint)
	}
}

func sectionsOf(t *testing.T, file string) []string {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var names []string
	for _, s := range f.Sections {
		names = append(names, s.Name)
	}
	return names
}

// TestInitProcess runs a program below the init process of the base's distribution.
func TestInitProcess(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	p := configured(t)
	res := b.MustBuild(t, testenv.BuildOptions{Context: p.Dir, Secrets: token, BuildArgs: map[string]string{"init": "1"}})
	if want := []string{"tini", "--", "/usr/local/bin/configured"}; !slices.Equal(res.Image.Config.Entrypoint, want) {
		t.Errorf("entrypoint %q, want %q", res.Image.Config.Entrypoint, want)
	}
	if got := res.Run(t); got != "hello world 8 false some words\npackage /srv/app\n3\n" {
		t.Errorf("the program prints %q", got)
	}
	for _, name := range []string{"pkgcache.bin", "srcpkgcache.bin"} {
		if _, err := os.Stat(filepath.Join(res.Rootfs(t), "var/cache/apt", name)); err == nil {
			t.Errorf("the image holds apt's %s", name)
		}
	}
}
