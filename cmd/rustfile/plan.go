package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// planCommand is "rustfile plan": what a build would do, without a BuildKit.
func (a *app) planCommand() *cobra.Command {
	f := &planFlags{}
	var format string
	cmd := &cobra.Command{
		Use:   "plan [PATH]",
		Short: "Show what a build would do",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.plan(f, pathArg(args), format)
		},
	}
	f.register(cmd.Flags(), a.getenv)
	cmd.Flags().StringVar(&format, "format", "tree", `Format of the plan ("tree", "json")`)
	return cmd
}

func pathArg(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return "."
}

func (a *app) plan(f *planFlags, dir, format string) error {
	if format != "tree" && format != "json" {
		return fmt.Errorf("--format %q is not tree or json", format)
	}
	p, err := loadProject(f, dir)
	if err != nil {
		return err
	}
	text := p.plan.Tree()
	if format == "json" {
		data, err := p.plan.JSON()
		if err != nil {
			return err
		}
		text = string(data)
	}
	_, err = fmt.Fprintln(a.stdout, strings.TrimSuffix(text, "\n"))
	return err
}
