package project

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rustfile/rustfile/integration/bench/schedule"
)

var update = flag.Bool("update", false, "look for the version changes of testdata/bumps again, and resolve the generated workspace")

// storedBumpCount is how many random bumps are kept.
const storedBumpCount = 20

// hostCargo is the cargo of this machine; a test without it, or without crates.io, is skipped.
func hostCargo(t *testing.T) Cargo {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: needs crates.io")
	}
	if _, err := exec.LookPath("cargo"); err != nil {
		t.Skip("there is no cargo here")
	}
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get("https://index.crates.io/config.json")
	if err != nil {
		t.Skipf("crates.io cannot be reached: %v", err)
	}
	resp.Body.Close()
	return func(ctx context.Context, dir string, args ...string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, "cargo", args...)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			err = fmt.Errorf("cargo %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
		}
		return out, err
	}
}

// TestGeneratedProjects lets cargo judge the projects that are not published as they are built here: they must resolve
// to exactly what their lock files say, and be large enough.
func TestGeneratedProjects(t *testing.T) {
	cargo := hostCargo(t)
	for _, d := range Catalogue {
		if d.Source == nil && len(d.Crates) == 1 {
			continue // what is published was judged by cargo
		}
		t.Run(d.Name, func(t *testing.T) {
			dir := t.TempDir()
			if *update && d.Name == "workspace" {
				resolveWorkspace(t, cargo)
				t.Skip("the new lock file is compiled into the next run")
			}
			if err := d.Unpack(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
			g, err := readGraph(t.Context(), cargo, dir, d.Package)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(g.thirdParty()); n < 150 {
				t.Errorf("%d packages of crates.io are compiled for it", n)
			}
			if d.Name == "workspace" {
				if own := len(g.closure) - len(g.thirdParty()); own != len(memberNames)+1 {
					t.Errorf("the program needs %d packages of the workspace, want all %d members and itself", own, len(memberNames))
				}
			}
			if _, err := os.Stat(filepath.Join(dir, d.EditFile)); err != nil {
				t.Error(err)
			}
		})
	}
}

// resolveWorkspace writes the lock file of the generated workspace.
func resolveWorkspace(t *testing.T, cargo Cargo) {
	t.Helper()
	dir := t.TempDir()
	if err := writeWorkspaceSources(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := cargo(t.Context(), dir, "generate-lockfile"); err != nil {
		t.Fatal(err)
	}
	lock, err := os.ReadFile(filepath.Join(dir, "Cargo.lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/workspace/Cargo.lock", lock, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestStoredBumps checks the kept version changes against cargo: it accepts each lock file as it is.
func TestStoredBumps(t *testing.T) {
	cargo := hostCargo(t)
	names, err := storedNames()
	if err != nil || len(names) == 0 && !*update {
		t.Fatalf("nothing is kept: %v", err)
	}
	for _, d := range Catalogue {
		if !slices.Contains(names, d.Name) && !*update {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			dir := t.TempDir()
			if err := d.Unpack(t.Context(), dir); err != nil {
				t.Fatal(err)
			}
			lock, err := os.ReadFile(filepath.Join(dir, "Cargo.lock"))
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				updateBumps(t, cargo, d, dir, lock)
				return
			}
			f, err := d.stored(lock, Options{Rows: schedule.Rows, Bumps: storedBumpCount, Seed: 1})
			if err != nil || f == nil {
				t.Fatalf("what is kept does not serve (run with -update): %v", err)
			}
			for _, b := range []*Bump{f.Leaf, f.Mid, f.Random[0], f.Random[len(f.Random)-1]} {
				if err := os.WriteFile(filepath.Join(dir, "Cargo.lock"), b.Lock, 0o644); err != nil {
					t.Fatal(err)
				}
				if _, err := cargo(t.Context(), dir, "tree", "--locked", "--depth=0"); err != nil {
					t.Errorf("%s: %v", b, err)
				}
			}
		})
	}
}

// updateBumps looks for version changes and keeps them.
func updateBumps(t *testing.T, cargo Cargo, d Def, dir string, lock []byte) {
	t.Helper()
	g, err := readGraph(t.Context(), cargo, dir, d.Package)
	if err != nil {
		t.Fatal(err)
	}
	f, err := find(t.Context(), &bumper{cargo: cargo, dir: dir, lock: lock, graph: g, taken: map[string]bool{}}, storedBumpCount, 1)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.storedFile(), append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSecondProject derives a second project from the service and lets cargo judge it.
func TestSecondProject(t *testing.T) {
	cargo := hostCargo(t)
	i := slices.IndexFunc(Catalogue, func(d Def) bool { return d.Name == "service" })
	dir := filepath.Join(t.TempDir(), "service")
	p, err := Prepare(t.Context(), Catalogue[i], dir, cargo, Options{Rows: []schedule.Row{schedule.Second}})
	if err != nil {
		t.Fatal(err)
	}
	if p.Share < wantedShare-2*shareSlack || p.Share > wantedShare+2*shareSlack {
		t.Errorf("%.2f of its packages are shared, want about %.2f", p.Share, wantedShare)
	}
	target := p.Target(schedule.State{Second: true})
	if _, err := cargo(t.Context(), target.Dir, "metadata", "--locked", "--format-version=1", "--no-deps"); err != nil {
		t.Error(err)
	}
	if target.Package == p.Package || target.Version != secondVersion {
		t.Errorf("it is called %s %s", target.Package, target.Version)
	}
}
