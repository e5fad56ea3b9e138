package plan

import (
	"cmp"
	"maps"
	"time"

	"github.com/rustfile/rustfile/internal/options"
)

// Config is what the user asked of the image's config and files.
type Config struct {
	// Cmd are the default arguments of the entrypoint.
	Cmd []string `json:"cmd,omitempty"`
	// Env is added to the base's environment.
	Env map[string]string `json:"env,omitempty"`
	// Ports are "NUMBER/PROTOCOL", sorted, and Volumes absolute paths, sorted.
	Ports   []string `json:"ports,omitempty"`
	Volumes []string `json:"volumes,omitempty"`
	// Directories are made in the image, each after the one it is in;
	// [Plan.Place] finds out which.
	Directories []Directory `json:"directories,omitempty"`
	// Annotations are those of the image's manifest.
	Annotations map[string]string `json:"annotations,omitempty"`
	StopSignal  string            `json:"stopSignal,omitempty"`
	Healthcheck *Healthcheck      `json:"healthcheck,omitempty"`
	// Assets are files of the context, in the order they are copied.
	Assets []Asset `json:"assets,omitempty"`
	// Strip removes the symbols of the binaries, and SplitDebug moves their
	// debug information to files of their own.
	Strip      bool `json:"strip,omitempty"`
	SplitDebug bool `json:"splitDebug,omitempty"`
	// DebugOnly is true when the result is the debug information and nothing else.
	DebugOnly bool `json:"debugOnly,omitempty"`
}

// Healthcheck is the health check of an image, with times in nanoseconds as in
// https://github.com/moby/docker-image-spec/blob/v1.3.1/specs-go/v1/image.go
type Healthcheck struct {
	Test        []string      `json:"test"`
	Interval    time.Duration `json:"interval,omitempty"`
	Timeout     time.Duration `json:"timeout,omitempty"`
	StartPeriod time.Duration `json:"startPeriod,omitempty"`
	Retries     int           `json:"retries,omitempty"`
}

// initProgram is Debian's and Alpine's smallest init, and the package that has
// it. https://github.com/krallin/tini
const initProgram = "tini"

// configure sets what the user asked of an image, on top of what was planned
// without being asked.
func (img *Image) configure(o *options.Options, assets []Asset) {
	want := o.Image
	if want.Entrypoint != nil {
		img.Entrypoint = want.Entrypoint
	}
	if want.Init {
		img.Entrypoint = append([]string{initProgram, "--"}, img.Entrypoint...)
	}
	img.User = cmp.Or(want.User, img.User)
	img.Workdir = cmp.Or(want.Workdir, img.Workdir)
	maps.Copy(img.Labels, want.Labels)
	img.Config = Config{
		Cmd: want.Cmd, Env: want.Env, Ports: want.Ports, Volumes: want.Volumes, Annotations: want.Annotations,
		StopSignal: want.StopSignal, Assets: assets, Strip: want.Strip, SplitDebug: want.Debug == options.DebugSplit, DebugOnly: o.DebugTarget,
	}
	if h := want.Healthcheck; h.Test != nil {
		img.Healthcheck = &Healthcheck{Test: h.Test, Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.StartPeriod, Retries: h.Retries}
	}
}
