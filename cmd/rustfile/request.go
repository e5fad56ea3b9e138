package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/tonistiigi/fsutil"
)

// request is a parsed "rustfile build": all that could be checked without a
// BuildKit has been.
type request struct {
	opt     client.SolveOpt
	outputs []output
	call    *call
	display progressui.DisplayMode
	// printID asks for the image ID on standard output.
	printID      bool
	metadataFile string
	iidFile      string
	// platform is the one platform of the build, empty for several or none
	// given; platforms counts them.
	platform  string
	platforms int
	tags      []string
	// fileGuessed is true when nobody named a file and only the builder can
	// look for one.
	fileGuessed bool
	cleanup     func()
}

// request parses the flags. What it returns has to be cleaned up.
func (a *app) request(f *buildFlags, path string) (_ *request, err error) {
	r := &request{metadataFile: f.metadataFile, iidFile: f.iidFile, tags: f.tags, cleanup: func() {}}
	defer func() {
		if err != nil {
			r.cleanup()
		}
	}()
	if f.noCache && len(f.noCacheFilter) > 0 {
		return nil, errors.New("--no-cache and --no-cache-filter cannot be used together: the first covers the second")
	}
	if r.call, err = parseCall(f); err != nil {
		return nil, err
	}
	if r.display, r.printID, err = parseDisplay(f); err != nil {
		return nil, err
	}
	r.opt = client.SolveOpt{FrontendAttrs: map[string]string{}, LocalMounts: map[string]fsutil.FS{}}
	if err := a.frontendAttrs(r, f); err != nil {
		return nil, err
	}
	if r.outputs, err = parseOutputs(f); err != nil {
		return nil, err
	}
	if r.opt.CacheImports, err = parseCaches("cache-from", f.cacheFrom, a.getenv); err != nil {
		return nil, err
	}
	if r.opt.CacheExports, err = parseCaches("cache-to", f.cacheTo, a.getenv); err != nil {
		return nil, err
	}
	if r.opt.Session, err = sessionProviders(f, path, a.stderr); err != nil {
		return nil, err
	}
	if err := addNamedContexts(&r.opt, f.contexts); err != nil {
		return nil, err
	}
	r.fileGuessed = f.file == "" && !isLocalDir(path)
	if r.cleanup, err = a.addContext(&r.opt, path, f.file); err != nil {
		return nil, err
	}
	if r.call != nil {
		r.opt.Internal = true
		r.outputs = nil
		return r, nil
	}
	r.opt.Exports, err = exportEntries(r.outputs, a.stdout)
	return r, err
}

// frontendAttrs sets the options that the frontend reads, as buildx does.
func (a *app) frontendAttrs(r *request, f *buildFlags) error {
	attrs := r.opt.FrontendAttrs
	args, err := buildArgMap(f.buildArgs)
	if err != nil {
		return err
	}
	if epoch := a.getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		setDefault(args, "SOURCE_DATE_EPOCH", epoch)
	}
	for k, v := range args {
		attrs["build-arg:"+k] = v
	}
	labels, err := labelMap(f.labels)
	if err != nil {
		return err
	}
	for k, v := range labels {
		attrs["label:"+k] = v
	}
	pp, err := parsePlatforms(f.platforms)
	if err != nil {
		return err
	}
	if len(pp) > 0 {
		attrs["platform"] = formatPlatforms(pp)
	}
	r.platforms = len(pp)
	if len(pp) == 1 {
		r.platform = attrs["platform"]
	}
	if f.target != "" {
		attrs["target"] = f.target
	}
	if len(f.noCacheFilter) > 0 {
		attrs["no-cache"] = strings.Join(f.noCacheFilter, ",")
	}
	if f.noCache {
		attrs["no-cache"] = ""
	}
	if f.pull {
		attrs["image-resolve-mode"] = "pull"
	}
	if r.call != nil {
		attrs["requestid"] = "frontend." + r.call.name
		return nil
	}
	attests, err := attestAttrs(f, a.getenv)
	if err != nil {
		return err
	}
	for k, v := range attests {
		attrs[k] = v
	}
	return nil
}

// parseDisplay chooses the progress display. "quiet" prints the image ID at
// the end, "none" prints nothing at all, both as in buildx.
func parseDisplay(f *buildFlags) (mode progressui.DisplayMode, printID bool, err error) {
	mode = progressui.DisplayMode(f.progress)
	switch mode {
	case "none":
		return progressui.QuietMode, f.quiet, nil
	case progressui.QuietMode:
		return progressui.QuietMode, true, nil
	case progressui.AutoMode, progressui.DefaultMode:
		if f.quiet {
			return progressui.QuietMode, true, nil
		}
	case progressui.PlainMode, progressui.TtyMode, progressui.RawJSONMode:
		if f.quiet {
			return "", false, fmt.Errorf("--progress=%s and --quiet cannot be used together", f.progress)
		}
	default:
		return "", false, fmt.Errorf("--progress %q is not one of auto, none, plain, quiet, rawjson, tty", f.progress)
	}
	return mode, false, nil
}
