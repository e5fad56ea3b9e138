package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/options"
)

// StableRust is the release that builds a project which neither asks for
// another nor needs a newer one: the newest that this version of rustfile is
// tested with.
const StableRust = "1.95"

// oldestRust is the minor release of Rust 1 whose cargo first took a file as
// --config. https://doc.rust-lang.org/cargo/CHANGELOG.html#cargo-163-2022-08-11
const oldestRust = 63

var release = regexp.MustCompile(`^1\.(\d+)(\.\d+)?$`)

// inertComponents are rustup components that no build script or compiler run
// reads; downloading them would only slow the build.
var inertComponents = []string{"clippy", "miri", "rls", "rust-analyzer", "rust-analysis", "rust-docs"}

// planToolchain maps the toolchain file to an image: a release has one of its
// own, any other channel is installed into the image of the stable release. It
// does not know the target, so that all targets of a build share it. Where
// neither the options nor the file name a release, the packages of the closure
// do by what they need; c is nil for all packages of the workspace.
func planToolchain(ws *cargo.Workspace, o *options.Options, c *closure, host string) (Toolchain, error) {
	var t Toolchain
	channel, span := o.Toolchain, o.Spans["toolchain"]
	if file := ws.Toolchain; file != nil {
		if channel == "" {
			channel, span = file.Channel, file.Spans["channel"]
		}
		for _, c := range file.Components {
			if !slices.Contains(inertComponents, strings.TrimSuffix(c, "-preview")) {
				t.Components = append(t.Components, c)
			}
		}
		for _, target := range file.Targets {
			if target != host {
				t.Targets = append(t.Targets, target)
			}
		}
	}
	version, need := "", newestNeed(compiledFirst(ws, c), localPackages(ws))
	switch {
	case o.BuilderImage != "" && (channel == "" || channel == "stable"):
		version = StableRust // what the image has is not known
	case channel == "" || channel == "stable":
		version, t.Needed = fittingRust(need)
	case release.MatchString(channel):
		version = channel
	case channelName.MatchString(channel):
		t.Install = channel
		version = StableRust
	default:
		return t, &cargo.Error{
			Span:    spanOr(span, rootSpan(ws)),
			Message: fmt.Sprintf("toolchain channel `%s` is not one that rustup installs", channel),
			Fix:     "use a release such as \"" + StableRust + "\", \"stable\", \"beta\", \"nightly\" or \"nightly-YYYY-MM-DD\"",
		}
	}
	t.Image = "docker.io/library/rust:" + version + "-" + o.Suite
	if o.BuilderImage != "" {
		t.Image = o.BuilderImage
	}
	slices.Sort(t.Components)
	slices.Sort(t.Targets)
	if minorOf(version) < oldestRust {
		return t, &cargo.Error{
			Span:    spanOr(span, rootSpan(ws)),
			Message: fmt.Sprintf("Rust %s is too old: its cargo cannot be told where the crates are", version),
			Fix:     fmt.Sprintf("use Rust 1.%d or newer", oldestRust),
		}
	}
	if t.Install == "" && o.BuilderImage == "" {
		return t, checkRust(need, version)
	}
	return t, nil
}

// channelName is what rustup calls a channel, with an optional date.
// https://rust-lang.github.io/rustup/concepts/toolchains.html
var channelName = regexp.MustCompile(`^(stable|beta|nightly)(-\d{4}-\d{2}-\d{2})?$`)

func minorOf(version string) int {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return 0
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return 0
	}
	return n
}
