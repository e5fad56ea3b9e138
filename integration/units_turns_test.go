package integration

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
)

// finding is a program with libraries whose build scripts find out something, which they set as FOUND, and the program
// prints.
func finding(name, script string, libs ...string) *graph {
	g := &graph{name: name, deps: libs}
	for _, l := range libs {
		g.libs = append(g.libs, lib{name: l, files: map[string]string{
			"build.rs":   "#![allow(unused_imports)]\nuse std::{fs, thread::sleep, time::Duration};\nfn main() {\n" + script + "}\n",
			"src/lib.rs": "pub fn says() -> &'static str {\n    env!(\"FOUND\")\n}\n",
		}})
	}
	return g
}

// TestTurns: as many vertices compile at a time as there are processors and one, and a build that is given up keeps no
// other from its turn.
func TestTurns(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	f := newFakeRegistry(t)
	numbers := func(g *graph) []int {
		t.Helper()
		var out []int
		for word := range strings.FieldsSeq(buildUnits(t, b, testenv.BuildOptions{Context: g.project(t, f, nil).Dir}).Run(t)) {
			n, err := strconv.Atoi(word)
			if err != nil {
				t.Fatalf("a build script found %q", word)
			}
			out = append(out, n)
		}
		return out
	}
	var crowd []string
	for i := range runtime.NumCPU() + 4 {
		crowd = append(crowd, fmt.Sprintf("crowd%02d", i))
	}
	peak := slices.Max(numbers(finding("crowded", `
    fs::create_dir_all("/slots/crowd").unwrap();
    let me = format!("/slots/crowd/{}", std::env::var("CARGO_PKG_NAME").unwrap());
    fs::write(&me, "here").unwrap();
    let mut peak = 0;
    for _ in 0..10 {
        peak = peak.max(fs::read_dir("/slots/crowd").unwrap().count());
        sleep(Duration::from_millis(70));
    }
    fs::remove_file(&me).unwrap();
    println!("cargo:rustc-env=FOUND={peak}");
`, crowd...)))
	if most := runtime.NumCPU() + 1; peak > most || peak < 2 {
		t.Errorf("%d vertices ran at a time, want 2 to %d", peak, most)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stuck []string
	for i := range runtime.NumCPU() + 1 {
		stuck = append(stuck, fmt.Sprintf("stuck%02d", i))
	}
	given := finding("given-up", "    sleep(Duration::from_secs(1000));\n", stuck...)
	compiling := &trigger{text: "Compiling stuck", times: len(stuck), fire: cancel}
	_, err := b.Build(ctx, inUnits(testenv.BuildOptions{Context: given.project(t, f, nil).Dir, Progress: compiling}))
	if err == nil || compiling.at.IsZero() {
		t.Fatalf("the build was not given up while it held all turns: %v", err)
	}
	if got := numbers(finding("next", "    println!(\"cargo:rustc-env=FOUND=7\");\n", "free")); !slices.Equal(got, []int{7}) {
		t.Errorf("after a build that was given up, the program prints %v", got)
	}
}
