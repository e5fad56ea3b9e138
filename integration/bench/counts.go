package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/rustfile/rustfile/integration/bench/results"
)

// clockTicks is the unit of CPU times in /proc on Linux, whatever the kernel's own is.
const clockTicks = 100

// cacheConfigType is the media type of the document that says what the layers of a cache are.
const cacheConfigType = "application/vnd.buildkit.cacheconfig.v0"

// daemonPID finds the process of a daemon by its root directory, which is an argument of its own.
func daemonPID(dir string) (int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0, err
	}
	root := []byte("\x00--root\x00" + filepath.Join(dir, "root") + "\x00")
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, root) && bytes.Contains(text, []byte("buildkitd")) {
			return strconv.Atoi(filepath.Base(filepath.Dir(file)))
		}
	}
	return 0, errors.New("there is no process of the daemon")
}

// cpuSeconds is the CPU time of a process without its children.
func cpuSeconds(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return parseCPU(string(text))
}

// parseCPU reads user and system time from a line of /proc/PID/stat. The name in parentheses may hold anything.
func parseCPU(stat string) (float64, error) {
	_, rest, ok := strings.Cut(stat[strings.LastIndex(stat, ")")+1:], " ")
	fields := strings.Fields(rest)
	const user, system = 11, 12 // counted from the state, which follows the name
	if !ok || len(fields) <= system {
		return 0, fmt.Errorf("%q is no line of /proc/PID/stat", stat)
	}
	var ticks int64
	for _, i := range []int{user, system} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return float64(ticks) / clockTicks, nil
}

// measureCache reads the sizes of a cache from the registry.
func measureCache(ctx context.Context, ref string) (results.Export, error) {
	parsed, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		return results.Export{}, err
	}
	d, err := remote.Get(parsed, remote.WithContext(ctx))
	if err != nil {
		return results.Export{}, err
	}
	return cacheSizes(d.Manifest)
}

// cacheSizes reads the sizes of a cache from its manifest, which is an index or an image manifest.
func cacheSizes(manifest []byte) (results.Export, error) {
	var m struct {
		Config            ocispecs.Descriptor
		Layers, Manifests []ocispecs.Descriptor
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return results.Export{}, err
	}
	e := results.Export{Manifest: int64(len(manifest)), Config: m.Config.Size}
	for _, l := range append(m.Layers, m.Manifests...) {
		if l.MediaType == cacheConfigType {
			e.Config = l.Size
			continue
		}
		e.Layers++
		e.Bytes += l.Size
	}
	if e.Config == 0 {
		return e, errors.New("it is no cache: it has no config")
	}
	e.Bytes += e.Manifest + e.Config
	return e, nil
}
