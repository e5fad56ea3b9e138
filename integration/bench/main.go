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
	"slices"
	"strings"
	"syscall"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/gotools"
)

// config is what the flags say.
type config struct {
	rounds     int
	projects   []project
	contenders []string
	scenarios  []scenario
	planned    project // the project that planning is measured on
	route      testenv.Route
	out        string // file of the report, "-" for none
	trace      string // file of the vertices' times, "" for none
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
	if len(args) == 3 && args[0] == planOnceArg {
		return planOnce(ctx, args[1], args[2], os.Stdout)
	}
	cfg, err := parseFlags(args)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("the bench runs BuildKit, which needs root: run `sudo make bench`")
	}
	r, err := measure(ctx, cfg)
	if r == nil {
		return err
	}
	text := r.markdown()
	fmt.Print("\n", text)
	if err != nil {
		return err // what was measured is on the screen; the file keeps the last complete run
	}
	return save(cfg.out, text)
}

// parseFlags reads the command line.
func parseFlags(args []string) (config, error) {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	n := fs.Int("n", 3, "rounds; the report has medians")
	projects := fs.String("projects", "mdbook", "projects to build: "+strings.Join(names(allProjects), ", "))
	planned := fs.String("plan-project", "xh", "project that planning is measured on, \"\" for none")
	contenders := fs.String("contenders", strings.Join(allContenders, ","), "contenders, in the order of the report")
	scenarios := fs.String("scenarios", strings.Join(names(allScenarios), ","), "scenarios")
	route := fs.String("route", string(testenv.Gateway), "how rustfile is run: gateway, or in-process without its container")
	out := fs.String("out", filepath.Join("docs", "bench", "coarse.md"), "file of the report, below the source checkout; - for none")
	trace := fs.String("trace", "", "file that gets every build's vertices and their times, as JSON lines")
	if err := fs.Parse(args); err != nil {
		return config{}, err
	}
	if *n < 1 {
		return config{}, fmt.Errorf("-n %d: at least one round is needed", *n)
	}
	cfg := config{rounds: *n, route: testenv.Route(*route), out: *out, trace: *trace}
	if cfg.route != testenv.Gateway && cfg.route != testenv.InProcess {
		return cfg, fmt.Errorf("-route %s is not %s or %s", *route, testenv.Gateway, testenv.InProcess)
	}
	var err error
	if cfg.projects, err = choose("-projects", *projects, allProjects); err != nil {
		return cfg, err
	}
	if cfg.scenarios, err = choose("-scenarios", *scenarios, allScenarios); err != nil {
		return cfg, err
	}
	if *planned != "" {
		one, err := choose("-plan-project", *planned, allProjects)
		if err != nil {
			return cfg, err
		}
		cfg.planned = one[0]
	}
	for _, c := range strings.Split(*contenders, ",") {
		if !slices.Contains(allContenders, c) {
			return cfg, fmt.Errorf("-contenders: there is no %q; there are %s", c, strings.Join(allContenders, ", "))
		}
		cfg.contenders = append(cfg.contenders, c)
	}
	return cfg, nil
}

// named is anything a flag can pick by name.
type named interface{ label() string }

func names[T named](all []T) []string {
	var list []string
	for _, x := range all {
		list = append(list, x.label())
	}
	return list
}

// choose picks from all in the order that a comma-separated flag gives.
func choose[T named](flagName, list string, all []T) ([]T, error) {
	var picked []T
	for _, name := range strings.Split(list, ",") {
		i := slices.IndexFunc(all, func(x T) bool { return x.label() == name })
		if i < 0 {
			return nil, fmt.Errorf("%s: there is no %q; there are %s", flagName, name, strings.Join(names(all), ", "))
		}
		picked = append(picked, all[i])
	}
	return picked, nil
}

// save writes the report below the source checkout.
func save(name, text string) error {
	if name == "-" {
		return nil
	}
	if !filepath.IsAbs(name) {
		root, err := gotools.ModuleRoot(".")
		if err != nil {
			return err
		}
		name = filepath.Join(root, name)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

// say prints a line of progress.
func say(w io.Writer, format string, args ...any) { fmt.Fprintf(w, "==> "+format+"\n", args...) }
