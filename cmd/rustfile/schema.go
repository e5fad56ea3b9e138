package main

import (
	"fmt"

	"github.com/rustfile/rustfile/internal/options"
	"github.com/spf13/cobra"
)

// schemaCommand is "rustfile schema": the JSON schema of a Rustfile.
func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Write the JSON schema of a Rustfile, for editors",
		Long: "Write the JSON schema of a Rustfile to standard output. Editors that use taplo, such as VS Code with Even Better TOML,\n" +
			"complete and check keys when the file has the line\n\n" +
			"  #:schema " + options.SchemaURL,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			data, err := options.Schema()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.stdout, "%s", data)
			return err
		},
	}
}
