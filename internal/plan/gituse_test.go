package plan_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rustfile/rustfile/internal/gitmeta"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
)

const headID = "0123456789abcdef0123456789abcdef01234567"

// head is a commit that is one after a tag.
func head(t *testing.T) *gitmeta.Head {
	t.Helper()
	raw := "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor Ada <ada@example.com> 1700000000 +0100\n" +
		"committer Ben <ben@example.com> 1700000060 +0100\n\nSay it\nin two lines\n\nBody.\n"
	h, err := gitmeta.FromObject(headID, []byte(raw), "refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	h.Describe, h.Count = "v1.0.0-1-g0123456", 7
	return h
}

// withDependency is the project whose package a has one more dependency.
func withDependency(table, name string) map[string]string {
	return map[string]string{
		"a/Cargo.toml": "[package]\nname = \"a-b\"\nversion = \"1.2.3\"\n[[bin]]\nname = \"a\"\npath = \"src/main.rs\"\n[" + table + "]\n" + name + " = \"9\"\n",
		"a/build.rs":   "fn main() {}\n",
		"Cargo.lock":   lock(local("a-b", "1.2.3", name), local("b", "0.1.0", "two"), local("lib", "0.5.0", "three"), crate("two", "2.0.0"), crate("three", "3.0.0"), crate(name, "9.0.0")),
	}
}

func withFile(name, text string) map[string]string { return map[string]string{name: text} }

// TestGitUse states who is told the commit, and in what form.
func TestGitUse(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		args  map[string]string
		// has are variables of the source vertex, separated by spaces; a text with a
		// slash is a generated file. "" means that nobody asks.
		has string
	}{
		{name: "nobody"},
		{name: "vergen", files: withDependency("build-dependencies", "vergen-gitcl"),
			has: "VERGEN_GIT_SHA=" + headID + " VERGEN_GIT_BRANCH=main VERGEN_GIT_DESCRIBE=v1.0.0-1-g0123456 VERGEN_GIT_DIRTY=false VERGEN_GIT_COMMIT_COUNT=7 " +
				"VERGEN_GIT_COMMIT_DATE=2023-11-14 VERGEN_GIT_COMMIT_TIMESTAMP=2023-11-14T23:14:20.000000000+01:00 VERGEN_GIT_COMMIT_AUTHOR_NAME=Ada SOURCE_DATE_EPOCH=1700000060"},
		{name: "vergen for tests", files: withDependency("dev-dependencies", "vergen-gitcl")},
		{name: "built", files: withDependency("build-dependencies", "built"),
			has: "BUILT_OVERRIDE_a_b_GIT_COMMIT_HASH=" + headID + " BUILT_OVERRIDE_a_b_GIT_COMMIT_HASH_SHORT=01234567 BUILT_OVERRIDE_a_b_GIT_HEAD_REF=refs/heads/main " +
				"BUILT_OVERRIDE_a_b_GIT_VERSION=v1.0.0-1-g0123456 BUILT_OVERRIDE_a_b_GIT_DIRTY=false"},
		{name: "a record", files: withDependency("build-dependencies", "crate-git-revision"), has: "a/.cargo_vcs_info.json"},
		{name: "substrate", files: withDependency("build-dependencies", "substrate-build-script-utils"), has: "SUBSTRATE_CLI_GIT_COMMIT_HASH=0123456789a"},
		{name: "a library in a program", files: withDependency("dependencies", "git2")},
		{name: "a library in a build script", files: withDependency("build-dependencies", "git2"), has: "SOURCE_DATE_EPOCH=1700000060"},
		{name: "a variable", files: withFile("a/src/main.rs", `fn main() { println!("{}", env!( "GIT_HASH" )); }`), has: "GIT_HASH=" + headID},
		{name: "an optional variable", files: withFile("lib/src/lib.rs", `pub const C: Option<&str> = option_env!("GIT_SHORT_SHA");`), has: "GIT_SHORT_SHA=0123456"},
		{name: "a variable when it runs", files: withFile("a/src/main.rs", `fn main() { std::env::var("GIT_HASH"); }`)},
		{name: "a variable of a build script", files: withFile("a/build.rs", `fn main() { std::env::var("GIT_BRANCH"); }`), has: "GIT_BRANCH=main"},
		{name: "a variable of a member that is not built", files: withFile("b/src/main.rs", `fn main() { env!("GIT_HASH"); }`)},
		{name: "git in a build script", files: withFile("a/build.rs", `fn main() { Command::new("git"); }`), has: "SOURCE_DATE_EPOCH=1700000060"},
		{name: "git in a program", files: withFile("a/src/main.rs", `fn main() { Command::new("git"); }`)},
		{name: "on", args: map[string]string{"git-metadata": "true"}, has: "VERGEN_GIT_SHA=" + headID + " GIT_COMMIT=" + headID},
		{name: "off", args: map[string]string{"git-metadata": "false"}, files: withDependency("build-dependencies", "vergen-gitcl")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := mustPlan(t, tc.files, request{target: "a", args: tc.args})
			before := p.Dependencies
			if asks := p.Members.Git != nil; asks != (tc.has != "") {
				t.Fatalf("somebody asks for the commit: %v (%+v)", asks, p.Members.Git)
			}
			p.SetGit(head(t))
			for want := range strings.FieldsSeq(tc.has) {
				if strings.Contains(want, "/.") {
					if !slices.ContainsFunc(p.Members.Files, func(f plan.File) bool { return f.Path == want && strings.Contains(f.Content, headID) }) {
						t.Errorf("no file %s with the commit in %+v", want, p.Members.Files)
					}
					continue
				}
				name, value, _ := strings.Cut(want, "=")
				if got := p.Members.Environment[name]; got != value {
					t.Errorf("%s is %q, want %q", name, got, value)
				}
			}
			if tc.has == "" && len(p.Members.Environment)+len(p.Members.Files) > 0 {
				t.Errorf("nobody asked for %v %v", p.Members.Environment, p.Members.Files)
			}
			if !equal(before, p.Dependencies) {
				t.Error("the commit reaches the dependencies")
			}
		})
	}
}

// TestGitUnknown: what is not known has no variable, and no empty or invented one.
func TestGitUnknown(t *testing.T) {
	h, err := gitmeta.FromID(headID, gitmeta.Dirty)
	if err != nil {
		t.Fatal(err)
	}
	p := mustPlan(t, withDependency("build-dependencies", "vergen"), request{target: "a"})
	p.SetGit(h)
	want := map[string]string{"VERGEN_GIT_SHA": headID, "VERGEN_GIT_BRANCH": "HEAD", "VERGEN_GIT_DESCRIBE": "0123456", "VERGEN_GIT_DIRTY": "true"}
	if got := p.Members.Environment; !maps.Equal(got, want) {
		t.Errorf("the variables are %v, want %v", got, want)
	}
}

// TestSqlx states when sqlx is told not to ask a database.
func TestSqlx(t *testing.T) {
	with := func(name, saved string) map[string]string {
		files := withDependency("dependencies", name)
		files[saved] = "{}"
		return files
	}
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"in the workspace", with("sqlx", ".sqlx/query-1.json"), "true"},
		{"in the package", with("sqlx", "a/.sqlx/query-1.json"), "true"},
		{"older sqlx", with("sqlx", "sqlx-data.json"), "true"},
		{"the macros alone", with("sqlx-macros", ".sqlx/query-1.json"), "true"},
		{"of a member that is not built", with("sqlx", "b/.sqlx/query-1.json"), ""},
		{"nothing saved", with("sqlx", "x/query-1.json"), ""},
		{"no sqlx", with("diesel", ".sqlx/query-1.json"), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := mustPlan(t, tc.files, request{target: "a"})
			if got := p.Members.Environment["SQLX_OFFLINE"]; got != tc.want {
				t.Errorf("SQLX_OFFLINE is %q, want %q", got, tc.want)
			}
		})
	}
}

// TestSqlxUnsaved states when queries are known to have nothing saved.
func TestSqlxUnsaved(t *testing.T) {
	with := func(name, source, saved string) map[string]string {
		files := withDependency("dependencies", name)
		files["a/src/db.rs"], files[saved] = source, "{}"
		return files
	}
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"a query", with("sqlx", `sqlx::query!("SELECT 1")`, "x"), "a/src/db.rs"},
		{"another macro", with("sqlx", `query_file_as!(User, "user.sql")`, "x"), "a/src/db.rs"},
		{"a function", with("sqlx", `sqlx::query("SELECT 1")`, "x"), ""},
		{"of something else", with("diesel", `query!("SELECT 1")`, "x"), ""},
		{"saved", with("sqlx", `sqlx::query!("SELECT 1")`, ".sqlx/query-1.json"), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := mustPlan(t, tc.files, request{target: "a"}).Members.Unsaved; got != tc.want {
				t.Errorf("unsaved: %q, want %q", got, tc.want)
			}
		})
	}
}

// TestSqlxOfMembers: the vertex of a member that uses sqlx sees what was saved in the workspace's root, and no other does.
func TestSqlxOfMembers(t *testing.T) {
	w := household(map[string]string{".sqlx/query-1.json": "{}"})
	w.Crates[1].Name = "sqlx" // util needs it, core does not
	p, err := w.Plan(map[string]string{options.KeyGranularity: "unit"})
	if err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]string{"util": "true", "core": ""} {
		s, _ := sourceOf(t, p, member)
		if got := s.Environment["SQLX_OFFLINE"]; got != want {
			t.Errorf("SQLX_OFFLINE of %s is %q, want %q", member, got, want)
		}
		sees := slices.ContainsFunc(s.Copies, func(c plan.Copy) bool { return c.Path == ".sqlx" })
		if sees != (want != "") {
			t.Errorf("%s sees .sqlx: %v", member, sees)
		}
	}
}
