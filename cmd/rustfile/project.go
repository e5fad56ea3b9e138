package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/containerd/platforms"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/imagelock"
	"github.com/rustfile/rustfile/internal/options"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/spf13/pflag"
)

// planFlags are the flags of the commands that plan without a BuildKit.
type planFlags struct {
	file      string
	target    string
	platform  string
	buildArgs []string
}

func (f *planFlags) register(fs *pflag.FlagSet, getenv func(string) string) {
	fs.StringVarP(&f.file, "file", "f", "", `Name of the Rustfile (default: "PATH/Rustfile", else "PATH/Cargo.toml")`)
	fs.StringVar(&f.target, "target", "", "Binary to put into the image")
	fs.StringVar(&f.platform, "platform", getenv("DOCKER_DEFAULT_PLATFORM"), "Target platform (default: this machine's)")
	fs.StringArrayVar(&f.buildArgs, "build-arg", nil, "Set build-time variables")
}

// project is a planned project of this machine's disk.
type project struct {
	platform ocispecs.Platform
	options  *options.Options
	plan     *plan.Plan
	// lock holds the digests of base images, nil when the project has none.
	// lockName is the name of its file, whether it is there or not.
	lock     *imagelock.Lock
	lockName string
	// ignore are the patterns of .dockerignore.
	ignore []string
	// files are what a failing vertex points at.
	files map[string][]byte
}

// loadProject reads and plans the project in dir as the frontend does.
func loadProject(f *planFlags, dir string) (*project, error) {
	if !isLocalDir(dir) {
		return nil, fmt.Errorf("no directory %q: a plan without a builder is made of a local project; of a URL, use rustfile build --call=plan", dir)
	}
	file := f.file
	if file == "" {
		in, name, err := defaultFile(dir)
		if err != nil {
			return nil, err
		}
		file = filepath.Join(in, name)
	}
	p := &project{files: map[string][]byte{}}
	if err := p.readOptions(f, file); err != nil {
		return nil, err
	}
	if err := p.readLock(file); err != nil {
		return nil, err
	}
	if err := p.readIgnore(file, dir); err != nil {
		return nil, err
	}
	// Unlike os.DirFS, a root follows no link that leads out of it.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the project: %w", err)
	}
	defer root.Close()
	ws, err := cargo.Load(root.FS(), cargo.LoadOptions{ManifestPath: p.options.ManifestPath, Excluded: p.excludes, Unlocked: true})
	if err != nil {
		return nil, err
	}
	for name, data := range ws.Files {
		p.files[name] = data
	}
	if p.options, err = plan.Configure(ws, p.options); err != nil {
		return nil, err
	}
	if fault := ws.LockFault; fault != nil {
		if p.options.Unlocked {
			fault.Fix = "A plan without a builder has no cargo to write it: use rustfile build --call=plan."
		}
		return nil, fault
	}
	p.plan, err = plan.New(ws, p.options, plan.Inputs{
		Platform: platforms.Format(p.platform), BuildPlatform: platforms.Format(thisMachine()), Context: root.FS(),
	})
	if err != nil {
		return nil, err
	}
	if err := p.plan.CheckFiles(root.FS(), p.options, p.excludes); err != nil {
		return nil, err
	}
	return p, nil
}

// thisMachine is the platform of a builder on this machine.
func thisMachine() ocispecs.Platform {
	return platforms.Normalize(ocispecs.Platform{OS: "linux", Architecture: platforms.DefaultSpec().Architecture})
}

func (p *project) readOptions(f *planFlags, file string) error {
	pp := []ocispecs.Platform{thisMachine()}
	if f.platform != "" {
		var err error
		if pp, err = parsePlatforms([]string{f.platform}); err != nil {
			return err
		}
		if len(pp) != 1 {
			return fmt.Errorf("--platform %q: a plan is for one platform", f.platform)
		}
	}
	p.platform = pp[0]
	args, err := buildArgMap(f.buildArgs)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--file: %w", err)
	}
	name := filepath.Base(file)
	p.files[name] = data
	if p.options, err = options.Parse(name, data, args); err != nil {
		return err
	}
	return p.options.SetTarget(f.target)
}

// readLock reads the lock file of images beside the Rustfile, if there is one.
func (p *project) readLock(file string) error {
	p.lockName = imagelock.Name(filepath.Base(file))
	data, err := os.ReadFile(filepath.Join(filepath.Dir(file), p.lockName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	p.files[p.lockName] = data
	p.lock, err = imagelock.Parse(p.lockName, data)
	return err
}

// readIgnore reads the patterns that keep files out of the context: those
// beside the Rustfile, or else those of the context.
func (p *project) readIgnore(file, dir string) error {
	for _, name := range []string{file + ".dockerignore", filepath.Join(dir, ".dockerignore")} {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the ignore file: %w", err)
		}
		p.ignore, err = ignorefile.ReadAll(f)
		f.Close()
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		return nil
	}
	return nil
}

func (p *project) excludes(name string) bool {
	ignored, err := patternmatcher.MatchesOrParentMatches(name, p.ignore)
	return err == nil && ignored
}
