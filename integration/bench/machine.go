package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/rustfile/rustfile/integration/bench/schedule"
	"github.com/rustfile/rustfile/integration/testenv"
)

// describeMachine says what matters of this machine, and how busy it was.
func describeMachine(loadavg string) string {
	load, _, _ := strings.Cut(loadavg, " ")
	text := fmt.Sprintf("%d cores, %s", runtime.NumCPU(), runtime.GOARCH)
	if mem, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib int64
		if _, err := fmt.Sscanf(string(mem), "MemTotal: %d kB", &kib); err == nil {
			text += fmt.Sprintf(", %.0f GiB of memory", float64(kib)/(1<<20))
		}
	}
	if load != "" {
		text += ", load average " + load + " before the run"
	}
	return text
}

// commit names the checkout, "" when there is no git to ask.
func commit(ctx context.Context, root string) string {
	cmd := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// writeTrace appends a build and the times of its vertices to a file.
func writeTrace(file string, s schedule.Step, res *testenv.Result) error {
	if file == "" {
		return nil
	}
	type vertex struct {
		Name    string  `json:"name"`
		Seconds float64 `json:"seconds"`
		Cached  bool    `json:"cached,omitempty"`
	}
	var vertices []vertex
	for _, v := range res.Vertices {
		vertices = append(vertices, vertex{v.Name, v.Took.Seconds(), v.Cached})
	}
	line, err := json.Marshal(map[string]any{
		"project": s.Project, "contender": s.Contender, "round": s.Round, "row": s.Row, "seconds": res.Took.Seconds(), "vertices": vertices,
	})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
