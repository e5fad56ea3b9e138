package testenv

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
)

func TestStatus(t *testing.T) {
	now := time.Now()
	later := now.Add(time.Second)
	ch := make(chan *client.SolveStatus, 8)
	ch <- &client.SolveStatus{Vertexes: []*client.Vertex{{Digest: "a", Name: "runs"}, {Digest: "b", Name: "cached"}, {Digest: "c", Name: "never starts"}}}
	ch <- &client.SolveStatus{Vertexes: []*client.Vertex{{Digest: "a", Name: "runs", Started: &now}, {Digest: "b", Name: "cached", Started: &now, Cached: true}}}
	ch <- &client.SolveStatus{Logs: []*client.VertexLog{
		{Vertex: "a", Data: []byte("\x1b[1m\x1b[32m   Compiling\x1b[0m serde v1.0.2")},
		{Vertex: "a", Data: []byte("28 (proc-macro)\n       Dirty libc v0.2.1: stale\n   Compiling app v0.1.0 (/src)\nnot Compiling x v1\n")},
	}}
	ch <- &client.SolveStatus{Vertexes: []*client.Vertex{{Digest: "a", Name: "runs", Started: &now, Completed: &later, Error: "exit 1"}}}
	ch <- &client.SolveStatus{Warnings: []*client.VertexWarning{{Vertex: "a", Short: []byte("careful")}}}
	close(ch)
	var s Status
	var progress bytes.Buffer
	s.collect(ch, &progress)
	for _, c := range []struct {
		what      string
		got, want []string
	}{
		{"ran", s.Ran(), []string{"runs"}},
		{"cached", s.Cached(), []string{"cached"}},
		{"failed", s.Failed(), []string{"runs"}},
		{"compiled", s.Compiled(), []string{"app 0.1.0", "serde 1.0.228"}},
		{"dirty", s.Dirty(), []string{"libc 0.2.1"}},
		{"warnings", s.Warnings, []string{"careful"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	if s.Vertices[0].Took != time.Second || progress.String() != s.Logs() {
		t.Errorf("took %s, progress %q", s.Vertices[0].Took, progress.String())
	}
}

func TestUserOf(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		"passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n",
		"group":  "root:x:0:\nstaff:x:50:app\n",
	} {
		if err := os.WriteFile(filepath.Join(root, "etc", file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		user     string
		uid, gid uint32
		fails    bool
	}{
		{user: ""},
		{user: "65532:65532", uid: 65532, gid: 65532},
		{user: "65532", uid: 65532},
		{user: "app", uid: 1000, gid: 1001},
		{user: "1000", uid: 1000, gid: 1001},
		{user: "app:staff", uid: 1000, gid: 50},
		{user: "nobody-here", fails: true},
		{user: "app:nobody-here", fails: true},
	} {
		uid, gid, err := userOf(root, c.user)
		if (err != nil) != c.fails || err == nil && (uid != c.uid || gid != c.gid) {
			t.Errorf("%q: got %d:%d, %v", c.user, uid, gid, err)
		}
	}
}

func TestRootedBelow(t *testing.T) {
	const host = "22 1 254:0 / / rw - ext4 /dev/vda rw\n90 22 0:50 / /tmp/t/root/x rw - overlay overlay rw,upperdir=/tmp/t/root/u\n"
	const container = "31 30 0:60 / / rw - overlay overlay rw,lowerdir=/tmp/t/root/s/1,upperdir=/tmp/t/root/s/2\n"
	if rootedBelow([]byte(host), "/tmp/t") || !rootedBelow([]byte(container), "/tmp/t") || rootedBelow([]byte(container), "/tmp/other") {
		t.Error("containers and other processes are not told apart")
	}
}
