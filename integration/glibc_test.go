package integration

import (
	"debug/elf"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/standin"
	"github.com/rustfile/rustfile/integration/testenv"
)

// newest is the minor number of the newest release of the GNU C library that a program wants symbols of.
func newest(t *testing.T, program string) int {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.ImportedSymbols() // without weak ones
	if err != nil {
		t.Fatal(err)
	}
	last := -1
	for _, s := range symbols {
		release, ok := strings.CutPrefix(s.Version, "GLIBC_2.")
		if !ok {
			continue
		}
		minor, _, _ := strings.Cut(release, ".")
		n, err := strconv.Atoi(minor)
		if err != nil {
			t.Fatalf("the program wants %s@%s", s.Name, s.Version)
		}
		last = max(last, n)
	}
	return last
}

// TestGlibc links a program with C code for an older C library than the builder's, which then runs on an older base. The
// same program linked as usual does not, and what another linker makes for that release is refused.
func TestGlibc(t *testing.T) {
	b := basesBuilder(t, standin.DebianOld)
	if err := testenv.Env(t).Standin.AddPlatforms(t.Context(), "linux/arm64"); err != nil {
		t.Fatal(err)
	}
	dir := unitProject(t, "native").Dir
	old := "debian:" + standin.OldSuite + "-slim"
	const prints = "1.0.8, 13-Jul-2019 6\n"
	t.Run("native", func(t *testing.T) {
		r := buildUnits(t, b, testenv.BuildOptions{Context: dir, BuildArgs: map[string]string{"glibc": "2.17", "runtime-image": old}, Attrs: everyUnitAgain})
		checkFresh(t, r)
		if got := r.Run(t); got != prints {
			t.Errorf("the program printed %q, want %q", got, prints)
		}
		if got := newest(t, programOn(t, r, "native", elf.EM_X86_64)); got < 0 || got > 17 {
			t.Errorf("the program wants the release 2.%d", got)
		}
		if img := imageReport(t, r); img.Programs[0].Static || img.Programs[0].Glibc == "" || len(img.Libraries) > 0 {
			t.Errorf("the report says %+v", img)
		}
		if got := installations(r); len(got) > 0 {
			t.Errorf("the build installs %q", got)
		}
	})
	t.Run("in one vertex", func(t *testing.T) {
		onlyWithReal(t)
		r := b.MustBuild(t, withGranularity(testenv.BuildOptions{Context: dir, BuildArgs: map[string]string{"glibc": "2.17", "runtime-image": old}}, "coarse"))
		if got := r.Run(t); got != prints {
			t.Errorf("the program printed %q, want %q", got, prints)
		}
	})
	t.Run("a shared library", func(t *testing.T) {
		onlyWithReal(t)
		r := buildUnits(t, b, testenv.BuildOptions{Context: unitProject(t, "profiles").Dir, BuildArgs: map[string]string{"glibc": "2.28", "runtime-image": old}, Attrs: everyUnitAgain})
		checkFresh(t, r)
		if got := r.Run(t); got != profilesPrints {
			t.Errorf("the program printed %q, want %q", got, profilesPrints)
		}
	})
	t.Run("another machine", func(t *testing.T) {
		onlyWithReal(t)
		r := buildUnits(t, b, testenv.BuildOptions{Context: dir, Platforms: []string{"linux/arm64"}, BuildArgs: map[string]string{"glibc": "2.28"}})
		if got := emulate(t, r, "native"); got != prints {
			t.Errorf("the program printed %q, want %q", got, prints)
		}
		if got := newest(t, programOn(t, r, "native", elf.EM_AARCH64)); got < 0 || got > 28 {
			t.Errorf("the program wants the release 2.%d", got)
		}
		if got := installations(r); len(got) > 0 {
			t.Errorf("the build installs %q", got)
		}
	})
	for _, tc := range []struct {
		name, config string
		args         map[string]string
		want         []string
	}{
		{"without the key", "", nil, []string{"the program native needs GLIBC_2.34", "the base " + old + " has it up to GLIBC_2.3"}},
		{"another linker", "[target.x86_64-unknown-linux-gnu]\nlinker = \"/usr/bin/cc\"\n", map[string]string{"glibc": "2.17"},
			[]string{"build argument `glibc`: the program native does not start with 2.17: it needs ", "@GLIBC_2.34", "a linker in the Cargo configuration"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := unitProject(t, "native")
			if tc.config != "" {
				p.write(".cargo/config.toml", tc.config)
			}
			args := map[string]string{"runtime-image": old}
			maps.Copy(args, tc.args)
			_, err := b.Build(t.Context(), testenv.BuildOptions{Context: p.Dir, BuildArgs: args})
			if err == nil {
				t.Fatal("the build succeeded")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
		})
	}
}
