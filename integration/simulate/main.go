package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("simulate", flag.ExitOnError)
	dir := flags.String("data", ".", "directory of NAME.units.json, NAME.html and NAME.lock for each project")
	tested := flags.String("projects", "", "names of the projects to report on, comma separated")
	teach := flags.String("teach", "", "names of projects that the tables learn from besides, comma separated")
	names := flags.String("table", "", "write the table of light and heavy names to this file, and no report")
	light := flags.Float64("light", 1.3, "with -table: seconds up to which a package is light")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var all []*project
	count := 0
	for i, list := range []string{*tested, *teach} {
		for name := range strings.SplitSeq(list, ",") {
			if name == "" {
				continue
			}
			p, err := readProject(*dir, name)
			if err != nil {
				return err
			}
			all = append(all, p)
			if i == 0 {
				count++
			}
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("no project: name some with -projects")
	}
	if *names == "" {
		return report(os.Stdout, all, count)
	}
	var graphs []*graph
	for _, p := range all {
		graphs = append(graphs, p.Graph)
	}
	out, err := os.Create(*names)
	if err != nil {
		return fmt.Errorf("table: %w", err)
	}
	if err := writeTable(out, newTable(*light, repeatCost, graphs...)); err != nil {
		return err
	}
	return out.Close()
}
