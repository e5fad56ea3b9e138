package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rustfile/rustfile/integration/bench/project"
	"github.com/rustfile/rustfile/integration/bench/schedule"
	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/gotools"
)

// config is what the flags say.
type config struct {
	rounds     int
	peerRounds int // for contenders that no goal refers to
	projects   []project.Def
	contenders []schedule.Contender
	rows       []schedule.Row
	// bumps is the number of random bumps, layerBumps that for contenders that compile everything at each; seed picks.
	bumps, layerBumps int
	seed              uint64
	planned           string // the project that planning is measured on
	route             testenv.Route
	out               string // directory of the report, "" for none
	add               bool
	limit             time.Duration
	trace             string // file of the vertices' times, "" for none
	flags             string // as they were given
	started           time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 4 && args[0] == planOnceArg {
		return planOnce(ctx, args[1], args[2], args[3], os.Stdout)
	}
	cfg, err := parseFlags(args)
	if err != nil {
		return err
	}
	cfg.started = time.Now()
	if os.Geteuid() != 0 {
		return errors.New("the bench runs BuildKit, which needs root: run `sudo make bench`")
	}
	return measure(ctx, cfg)
}

// Defaults of the flags.
var (
	defaultProjects   = []string{"mdbook-workspace", "xh", "service", "workspace"}
	defaultContenders = []string{
		string(schedule.Ours), string(schedule.OursCoarse), string(schedule.Chef), string(schedule.CacheMounts), string(schedule.DummyMain),
		string(schedule.Naive), string(schedule.Plain),
	}
)

// parseFlags reads the command line.
func parseFlags(args []string) (config, error) {
	var cfg config
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.IntVar(&cfg.rounds, "rounds", 3, "rounds; the report has medians")
	fs.IntVar(&cfg.peerRounds, "peer-rounds", 1, "rounds for contenders that no goal refers to: all but rustfile, cargo-chef and plain-cargo")
	projects := fs.String("projects", strings.Join(defaultProjects, ","), "projects to build: "+strings.Join(labels(project.Catalogue, project.Def.Label), ", "))
	contenders := fs.String("contenders", strings.Join(defaultContenders, ","), "contenders: "+strings.Join(labels(schedule.Contenders, text), ", "))
	rows := fs.String("rows", strings.Join(labels(schedule.Rows, text), ","), "rows to measure")
	fs.IntVar(&cfg.bumps, "bumps", 20, "random bumps per project, over all rounds")
	fs.IntVar(&cfg.layerBumps, "layer-bumps", 3, "the same for contenders that compile all dependencies again for each of them")
	fs.Uint64Var(&cfg.seed, "seed", 1, "picks the packages of the random bumps")
	fs.StringVar(&cfg.planned, "plan-project", "xh", "project that planning is measured on, \"\" for none")
	route := fs.String("route", string(testenv.Gateway), "how rustfile is run: gateway, or in-process without its container")
	fs.StringVar(&cfg.out, "out", filepath.Join("docs", "bench"), "directory of the report, below the source checkout; - for none")
	fs.BoolVar(&cfg.add, "add", false, "keep what an earlier run measured, but for the rows that this one measures")
	fs.DurationVar(&cfg.limit, "limit", 0, "begin no build after this time, 0 for no limit")
	fs.StringVar(&cfg.trace, "trace", "", "file that gets every build's vertices and their times, as JSON lines")
	if err := fs.Parse(args); err != nil {
		return cfg, err
	}
	cfg.route, cfg.flags = testenv.Route(*route), strings.Join(args, " ")
	var err error
	if cfg.projects, err = choose("-projects", *projects, project.Catalogue, project.Def.Label); err != nil {
		return cfg, err
	}
	if cfg.rows, err = choose("-rows", *rows, schedule.Rows, text); err != nil {
		return cfg, err
	}
	if cfg.contenders, err = choose("-contenders", *contenders, schedule.Contenders, text); err != nil {
		return cfg, err
	}
	return cfg, cfg.complete()
}

// complete checks the flags against each other.
func (c *config) complete() error {
	if c.rounds < 1 || c.peerRounds < 1 {
		return fmt.Errorf("-rounds %d, -peer-rounds %d: at least one round is needed", c.rounds, c.peerRounds)
	}
	if c.bumps < 1 || c.layerBumps < 1 {
		return fmt.Errorf("-bumps %d, -layer-bumps %d: at least one bump is needed; leave random out of -rows for none", c.bumps, c.layerBumps)
	}
	if c.route != testenv.Gateway && c.route != testenv.InProcess {
		return fmt.Errorf("-route %s is not %s or %s", c.route, testenv.Gateway, testenv.InProcess)
	}
	if c.planned != "" {
		if _, err := choose("-plan-project", c.planned, project.Catalogue, project.Def.Label); err != nil {
			return err
		}
	}
	switch {
	case c.out == "-":
		c.out = ""
	case !filepath.IsAbs(c.out):
		root, err := gotools.ModuleRoot(".")
		if err != nil {
			return err
		}
		c.out = filepath.Join(root, c.out)
	}
	return nil
}

func text[T ~string](x T) string { return string(x) }

func labels[T any](all []T, label func(T) string) []string {
	var list []string
	for _, x := range all {
		list = append(list, label(x))
	}
	return list
}

// choose picks from all what a comma-separated flag gives, in the order of all.
func choose[T any](flagName, list string, all []T, label func(T) string) ([]T, error) {
	wanted := map[string]bool{}
	for _, name := range strings.Split(list, ",") {
		wanted[name] = true
	}
	var picked []T
	for _, x := range all {
		if wanted[label(x)] {
			picked = append(picked, x)
			delete(wanted, label(x))
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("%s: there is no %q; there are %s", flagName, name, strings.Join(labels(all, label), ", "))
	}
	return picked, nil
}

// say prints a line of progress.
func say(w io.Writer, format string, args ...any) { fmt.Fprintf(w, "==> "+format+"\n", args...) }
