package main

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/docker/buildx/util/buildflags"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
)

func noEnv(string) string { return "" }

// TestParseOutputLikeBuildx compares with buildx's own parser on what both
// accept.
func TestParseOutputLikeBuildx(t *testing.T) {
	for _, s := range []string{
		"out", "./out/dir", "-", "type=local,dest=out", "type=tar", "type=tar,dest=-",
		"type=oci,dest=image.tar", "type=oci,tar=false,dest=dir", "type=docker", "type=docker,dest=x.tar,context=other",
		"type=image,name=a/b:1,push=true", `type=image,"name=a/b:1,c/d:2",push=true`, "type=image, Compression=zstd,OCI-mediatypes=true",
		"type=image,annotation.org.example=x=y",
	} {
		t.Run(s, func(t *testing.T) {
			got, err := parseOutput(s)
			if err != nil {
				t.Fatal(err)
			}
			entries, err := buildflags.ParseExports([]string{s})
			if err != nil {
				t.Fatal(err)
			}
			want := entries[0]
			if got.typ != want.Type || got.dest != want.Destination || !maps.Equal(got.attrs, want.Attrs) {
				t.Errorf("got %+v, buildx %+v", got, *want)
			}
		})
	}
}

func TestParseOutputs(t *testing.T) {
	for _, tc := range []struct {
		name    string
		flags   buildFlags
		want    []output
		wantErr string
	}{
		{name: "none"},
		{name: "registry", flags: buildFlags{outputs: []string{"type=registry"}, tags: []string{"r/x"}},
			want: []output{{"image", "", map[string]string{"push": "true", "unpack": "false", "name": "r/x"}}}},
		{name: "push", flags: buildFlags{push: true, tags: []string{"r/x:1", "r/y"}},
			want: []output{{"image", "", map[string]string{"push": "true", "unpack": "false", "name": "r/x:1,r/y"}}}},
		{name: "push of an image output", flags: buildFlags{push: true, outputs: []string{"type=image,name=r/x,unpack=true"}},
			want: []output{{"image", "", map[string]string{"push": "true", "unpack": "true", "name": "r/x"}}}},
		{name: "load", flags: buildFlags{load: true, tags: []string{"x"}},
			want: []output{{"docker", "", map[string]string{"name": "x"}}}},
		{name: "load twice", flags: buildFlags{load: true, outputs: []string{"type=docker"}},
			want: []output{{"docker", "", map[string]string{}}}},
		{name: "load beside a file", flags: buildFlags{load: true, outputs: []string{"type=docker,dest=f"}},
			want: []output{{"docker", "f", map[string]string{}}, {"docker", "", map[string]string{}}}},
		{name: "tags do not name files", flags: buildFlags{tags: []string{"x"}, outputs: []string{"out"}},
			want: []output{{"local", "out", map[string]string{}}}},
		{name: "push without a name", flags: buildFlags{push: true}, wantErr: "--tag"},
		{name: "push attribute without a name", flags: buildFlags{outputs: []string{"type=image,push=true"}}, wantErr: "--tag"},
		{name: "bad tag", flags: buildFlags{tags: []string{"a/B x"}, outputs: []string{"type=oci,dest=x"}}, wantErr: `--tag "a/B x"`},
		{name: "unknown type", flags: buildFlags{outputs: []string{"type=zip,dest=x"}}, wantErr: `type "zip" is not one of image, registry, oci`},
		{name: "no type", flags: buildFlags{outputs: []string{"dest=x,tar=true"}}, wantErr: `type "" is not one of`},
		{name: "not a pair", flags: buildFlags{outputs: []string{"type=oci,x"}}, wantErr: `"x" is not key=value`},
		{name: "no ID of files", flags: buildFlags{outputs: []string{"out"}, iidFile: "id"}, wantErr: "--iidfile"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseOutputs(&tc.flags)
			if checkErr(t, err, tc.wantErr) {
				return
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// checkErr tells whether the case is over.
func checkErr(t *testing.T, err error, want string) bool {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatal(err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Fatalf("error %v, want one with %q", err, want)
	}
	return want != ""
}

func TestExportEntries(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name    string
		outputs []string
		wantErr string
	}{
		{name: "two to standard output", outputs: []string{"-", "type=oci"}, wantErr: "two outputs"},
		{name: "local without dest", outputs: []string{"type=local"}, wantErr: "dest=PATH"},
		{name: "local to standard output", outputs: []string{"type=oci,tar=false,dest=-"}, wantErr: "dest=PATH"},
		{name: "file is a directory", outputs: []string{"type=oci,dest=" + dir}, wantErr: "is a directory"},
		{name: "directory is a file", outputs: []string{"type=local,dest=parse_test.go"}, wantErr: "is a file"},
		{name: "cache only", outputs: []string{"type=cacheonly"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			outs, err := parseOutputs(&buildFlags{outputs: tc.outputs})
			if err != nil {
				t.Fatal(err)
			}
			entries, err := exportEntries(outs, &strings.Builder{})
			if !checkErr(t, err, tc.wantErr) && len(entries) != 0 {
				t.Errorf("entries %+v, want none", entries)
			}
		})
	}
}

// TestParseCachesLikeBuildx compares with buildx's own parser.
func TestParseCachesLikeBuildx(t *testing.T) {
	for _, s := range []string{
		"user/app:cache", "a/b,c/d:2", "type=registry,ref=r/x:cache,mode=max", "type=registry,ref=r/x,Image-Manifest=true",
		"type=local,dest=d,src=s", `type=registry,"ref=r/x"`, "type=azblob,name=n",
	} {
		t.Run(s, func(t *testing.T) {
			for _, flag := range []string{"cache-from", "cache-to"} {
				got, err := parseCaches(flag, []string{s}, noEnv)
				if err != nil {
					t.Fatal(err)
				}
				want, err := buildflags.ParseCacheEntry([]string{s})
				if err != nil {
					t.Fatal(err)
				}
				if len(got) != len(want) {
					t.Fatalf("got %+v, buildx %v", got, want)
				}
				for i, w := range want {
					if got[i].Type != w.Type || !maps.Equal(got[i].Attrs, w.Attrs) {
						t.Errorf("got %+v, buildx %+v", got[i], *w)
					}
				}
			}
		})
	}
}

func TestParseCaches(t *testing.T) {
	github := map[string]string{"ACTIONS_RUNTIME_TOKEN": "tok", "ACTIONS_CACHE_URL": "https://cache", "ACTIONS_RESULTS_URL": "https://results"}
	v2 := map[string]string{"ACTIONS_RUNTIME_TOKEN": "tok", "ACTIONS_RESULTS_URL": "https://results", "ACTIONS_CACHE_SERVICE_V2": "true"}
	for _, tc := range []struct {
		name, flag, value string
		env               map[string]string
		want              []client.CacheOptionsEntry
		wantErr           string
	}{
		{name: "empty", flag: "cache-to", value: ""},
		{name: "inline", flag: "cache-to", value: "type=inline", want: []client.CacheOptionsEntry{{Type: "inline", Attrs: map[string]string{}}}},
		{name: "inline source", flag: "cache-from", value: "type=inline", wantErr: "type=registry,ref=IMAGE"},
		{name: "local without src", flag: "cache-from", value: "type=local,dest=x", wantErr: "src is missing"},
		{name: "local without dest", flag: "cache-to", value: "type=local,src=x", wantErr: "dest is missing"},
		{name: "registry without ref", flag: "cache-to", value: "type=registry,mode=max", wantErr: "ref is missing"},
		{name: "no type", flag: "cache-to", value: "ref=x", wantErr: "no type"},
		{name: "github elsewhere", flag: "cache-to", value: "type=gha"},
		{name: "github", flag: "cache-to", value: "type=gha,scope=s", env: github,
			want: []client.CacheOptionsEntry{{Type: "gha", Attrs: map[string]string{"scope": "s", "token": "tok", "url": "https://cache"}}}},
		{name: "github v2", flag: "cache-from", value: "type=gha", env: v2,
			want: []client.CacheOptionsEntry{{Type: "gha", Attrs: map[string]string{"token": "tok", "url": "https://results", "url_v2": "https://results"}}}},
		{name: "s3 keys given", flag: "cache-to", value: "type=s3,bucket=b,access_key_id=k,secret_access_key=s", env: map[string]string{"AWS_SESSION_TOKEN": "t"},
			want: []client.CacheOptionsEntry{{Type: "s3", Attrs: map[string]string{"bucket": "b", "access_key_id": "k", "secret_access_key": "s"}}}},
		{name: "s3 keys of the environment", flag: "cache-to", value: "type=s3,bucket=b", env: map[string]string{"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"},
			want: []client.CacheOptionsEntry{{Type: "s3", Attrs: map[string]string{"bucket": "b", "access_key_id": "k", "secret_access_key": "s"}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseCaches(tc.flag, []string{tc.value}, func(k string) string { return tc.env[k] })
			if !checkErr(t, err, tc.wantErr) && !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestParseSecrets(t *testing.T) {
	t.Setenv("RUSTFILE_TEST_SECRET", "x")
	for _, tc := range []struct {
		value   string
		want    secretsprovider.Source
		wantErr string
	}{
		{value: "id=a", want: secretsprovider.Source{ID: "a"}},
		{value: "id=a,src=f", want: secretsprovider.Source{ID: "a", FilePath: "f"}},
		{value: "id=a,source=f", want: secretsprovider.Source{ID: "a", FilePath: "f"}},
		{value: "id=a,env=RUSTFILE_TEST_SECRET", want: secretsprovider.Source{ID: "a", Env: "RUSTFILE_TEST_SECRET"}},
		{value: "type=env,id=a,src=RUSTFILE_TEST_SECRET", want: secretsprovider.Source{ID: "a", Env: "RUSTFILE_TEST_SECRET"}},
		{value: "id=a,env=RUSTFILE_TEST_UNSET", wantErr: "RUSTFILE_TEST_UNSET is not set"},
		{value: "src=f", wantErr: "no id"},
		{value: "id=a,path=f", wantErr: `unknown key "path"`},
		{value: "id=a,type=vault", wantErr: `type "vault"`},
		{value: "a", wantErr: "not key=value"},
	} {
		t.Run(tc.value, func(t *testing.T) {
			got, err := parseSecrets([]string{tc.value})
			if checkErr(t, err, tc.wantErr) {
				return
			}
			if got[0] != tc.want {
				t.Errorf("got %+v, want %+v", got[0], tc.want)
			}
			want, err := buildflags.ParseSecretSpecs([]string{tc.value})
			if err != nil || want[0].ID != got[0].ID || want[0].FilePath != got[0].FilePath || want[0].Env != got[0].Env {
				t.Errorf("got %+v, buildx %+v, %v", got[0], *want[0], err)
			}
		})
	}
}

func TestParseSSH(t *testing.T) {
	values := []string{"default", "default=/run/agent.sock", "git=/keys/a,/keys/b"}
	want, err := buildflags.ParseSSHSpecs(values)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range parseSSH(values) {
		if got.ID != want[i].ID || !slices.Equal(got.Paths, want[i].Paths) {
			t.Errorf("%s: got %+v, buildx %+v", values[i], got, *want[i])
		}
	}
}

// TestAttestAttrs compares with buildx's attestations.
func TestAttestAttrs(t *testing.T) {
	const fallback = "mode=min,inline-only=true"
	for _, tc := range []struct {
		name  string
		flags buildFlags
		env   string
		want  map[string]string
	}{
		{name: "default", want: map[string]string{"attest:provenance": fallback}},
		{name: "default off", env: "true", want: map[string]string{}},
		{name: "provenance off", flags: buildFlags{provenance: "false"}, want: map[string]string{}},
		{name: "provenance", flags: buildFlags{provenance: "mode=max"}, want: map[string]string{"attest:provenance": "mode=max,type=provenance"}},
		{name: "sbom", flags: buildFlags{sbom: "true"}, want: map[string]string{"attest:sbom": "type=sbom", "attest:provenance": fallback}},
		{name: "attest", flags: buildFlags{attests: []string{"type=sbom,generator=a/b", "type=provenance,disabled=true"}}, want: map[string]string{"attest:sbom": "generator=a/b,type=sbom"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := attestAttrs(&tc.flags, func(string) string { return tc.env })
			if err != nil || !maps.Equal(got, tc.want) {
				t.Errorf("got %v, %v; want %v", got, err, tc.want)
			}
		})
	}
	for _, bad := range []string{"generator=x", "type=sbom,disabled=perhaps"} {
		if _, err := attestAttrs(&buildFlags{attests: []string{bad}}, noEnv); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestParseCallLikeBuildx(t *testing.T) {
	for _, s := range []string{"build", "check", "lint", "outline", "targets", "outline,format=json", "check,ignorestatus=true", "subrequests.describe", "plan"} {
		got, err := parseCall(&buildFlags{call: s})
		if err != nil {
			t.Fatal(err)
		}
		want, err := buildflags.ParseCallFunc(s)
		if err != nil {
			t.Fatal(err)
		}
		if (got == nil) != (want == nil) {
			t.Fatalf("%s: got %+v, buildx %+v", s, got, want)
		}
		if got != nil && (got.name != want.Name || got.format != want.Format || got.ignoreStatus != want.IgnoreStatus) {
			t.Errorf("%s: got %+v, buildx %+v", s, got, want)
		}
	}
	if c, err := parseCall(&buildFlags{call: "build", check: true}); err != nil || c.name != "lint" {
		t.Errorf("--check: %+v, %v", c, err)
	}
	for _, bad := range []string{"outline,targets", "outline,format=xml", "outline,ignorestatus=perhaps"} {
		if _, err := parseCall(&buildFlags{call: bad}); err == nil {
			t.Errorf("--call %s: no error", bad)
		}
	}
}

func TestCallPrint(t *testing.T) {
	lintJSON := func(v any) []byte {
		dt, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return dt
	}
	warning := map[string]any{
		"warnings": []any{map[string]any{"ruleName": "Rule", "description": "It is so.", "detail": "here", "location": map[string]any{"ranges": []any{map[string]any{"start": map[string]any{"line": 2}, "end": map[string]any{"line": 2}}}}}},
		"sources":  []any{map[string]any{"filename": "Rustfile", "data": []byte("a\nb = 1\n")}},
	}
	for _, tc := range []struct {
		name, call string
		res        map[string][]byte
		want       []string
		status     int
		wantErr    string
	}{
		{name: "clean", call: "check", res: map[string][]byte{"result.json": []byte(`{"warnings":[]}`), "result.statuscode": []byte("0")}, want: []string{"Check complete, no warnings found."}},
		{name: "warning", call: "check", res: map[string][]byte{"result.json": lintJSON(warning), "result.statuscode": []byte("1")}, status: 1, want: []string{"1 warning has been found!", "Rustfile:2", "b = 1"}},
		{name: "ignored status", call: "check,ignorestatus=true", res: map[string][]byte{"result.json": lintJSON(warning), "result.statuscode": []byte("1")}, want: []string{"1 warning"}},
		{name: "json", call: "outline,format=json", res: map[string][]byte{"result.json": []byte(`{"name":"x"}`)}, want: []string{`{"name":"x"}`}},
		{name: "outline", call: "outline", res: map[string][]byte{"result.json": []byte(`{"name":"server","args":[{"name":"features"}]}`)}, want: []string{"server", "features"}},
		{name: "other request", call: "plan", res: map[string][]byte{"result.txt": []byte("a plan\n"), "result.json": []byte("{}")}, want: []string{"a plan\n"}},
		{name: "no answer", call: "plan", res: nil, wantErr: "--call=describe"},
		{name: "bad status", call: "plan", res: map[string][]byte{"result.txt": nil, "result.statuscode": []byte("x")}, wantErr: "status"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := parseCall(&buildFlags{call: tc.call})
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			status, err := c.print(&out, tc.res)
			if checkErr(t, err, tc.wantErr) {
				return
			}
			if status != tc.status {
				t.Errorf("status %d, want %d", status, tc.status)
			}
			for _, want := range tc.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, out.String())
				}
			}
		})
	}
}
