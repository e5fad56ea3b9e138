package cargo

import (
	"strings"
	"testing"
)

func TestParseSourceID(t *testing.T) {
	for _, tc := range []struct {
		text string
		want SourceID
		out  string // when it differs
	}{
		{"", SourceID{Kind: SourceLocal}, ""},
		{"path+file:///x", SourceID{Kind: SourceLocal}, ""},
		{cratesSource, SourceID{Kind: SourceRegistry, URL: CratesIO}, ""},
		{"sparse+https://h/i/", SourceID{Kind: SourceRegistry, URL: "sparse+https://h/i/"}, ""},
		{"git+https://h/r#" + commit, SourceID{Kind: SourceGit, URL: "https://h/r", Commit: commit}, ""},
		{"git+https://h/r?branch=foo%2Bbar#" + commit, SourceID{Kind: SourceGit, URL: "https://h/r", Branch: "foo+bar", Commit: commit}, ""},
		{"git+https://h/r?ref=old#" + commit, SourceID{Kind: SourceGit, URL: "https://h/r", Branch: "old", Commit: commit}, "git+https://h/r?branch=old#" + commit},
		{"git+https://h/r?tag=v1.0#" + strings.ToUpper(commit), SourceID{Kind: SourceGit, URL: "https://h/r", Tag: "v1.0", Commit: commit}, "git+https://h/r?tag=v1.0#" + commit},
		{"git+ssh://git@h/r?rev=refs/pull/1/head", SourceID{Kind: SourceGit, URL: "ssh://git@h/r", Rev: "refs/pull/1/head"}, "git+ssh://git@h/r?rev=refs%2Fpull%2F1%2Fhead"},
		{"git+file:///srv/r#" + commit, SourceID{Kind: SourceGit, URL: "file:///srv/r", Commit: commit}, ""},
	} {
		got, err := ParseSourceID(tc.text)
		if err != nil || got != tc.want {
			t.Errorf("ParseSourceID(%q) = %+v, %v, want %+v", tc.text, got, err, tc.want)
			continue
		}
		out := tc.out
		if out == "" && tc.want.Kind != SourceLocal {
			out = tc.text
		}
		if got.String() != out {
			t.Errorf("String() of %q is %q", tc.text, got.String())
		}
	}
	for _, bad := range []string{"x", "git+", "git+h/r", "git+git@h:r", "registry+", "registry+https//h", "foo+https://h", "git+https:///r",
		"git+https://h/r?branch=%zz", "git+https://h/r#main", "git+https://h/a b", "git+https://u:p@h/r", "registry+https://t@h/r",
		"sparse+https://t@h/", "git+ssh://u:p@h/r", "git+ssh://-x@h/r", "git+https://-h/r", "git+https://h/r\n"} {
		if id, err := ParseSourceID(bad); err == nil {
			t.Errorf("ParseSourceID(%q) = %+v", bad, id)
		}
	}
}

func TestSameURL(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		same bool
	}{
		{"https://github.com/A/B.git", "http://GitHub.com/a/b/", true},
		{"https://h/A.git", "https://h/A", true},
		{"https://h/A", "https://h/a", false},
		{"sparse+https://index.crates.io/", CratesIO, true},
		{"sparse+https://h/a/", "sparse+https://h/a", true},
		{"ssh://git@h/a", "https://h/a", false},
	} {
		if sameURL(tc.a, tc.b) != tc.same {
			t.Errorf("sameURL(%q, %q) is %v", tc.a, tc.b, !tc.same)
		}
	}
}
