package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/subrequests"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/frontend/subrequests/outline"
	"github.com/moby/buildkit/frontend/subrequests/targets"
	"github.com/tonistiigi/go-csvvalue"
)

// call is a question to the frontend in place of a build.
type call struct {
	name         string
	format       string
	ignoreStatus bool
}

// parseCall parses --call "name[,format=json][,ignorestatus=true]" and
// --check; nil means a build.
func parseCall(f *buildFlags) (*call, error) {
	value := f.call
	if f.check {
		value = "check"
	}
	fields, err := csvvalue.Fields(value, nil)
	if err != nil {
		return nil, fmt.Errorf("--call %q: %w", value, err)
	}
	c := &call{}
	for _, field := range fields {
		k, v, ok := strings.Cut(field, "=")
		switch {
		case !ok && c.name == "":
			c.name = field
		case ok && k == "format" && (v == "json" || v == "text"):
			c.format = v
		case ok && k == "ignorestatus":
			if c.ignoreStatus, err = strconv.ParseBool(v); err != nil {
				return nil, fmt.Errorf("--call %q: ignorestatus=%s is not true or false", value, v)
			}
		default:
			return nil, fmt.Errorf("--call %q: %q is not understood, want NAME[,format=json][,ignorestatus=true]", value, field)
		}
	}
	switch c.name {
	case "", "build":
		return nil, nil
	case "check":
		c.name = "lint"
	case "describe":
		c.name = "subrequests.describe"
	}
	return c, nil
}

// print shows the answer as buildx does, and returns the status that the
// frontend asks for.
func (c *call) print(w io.Writer, res map[string][]byte) (status int, err error) {
	if c.format == "json" {
		_, err = fmt.Fprintln(w, string(res["result.json"]))
	} else {
		err = c.printText(w, res)
	}
	if err != nil || c.ignoreStatus {
		return 0, err
	}
	if v, ok := res["result.statuscode"]; ok {
		if status, err = strconv.Atoi(string(v)); err != nil {
			return 0, fmt.Errorf("the frontend's status %q: %w", v, err)
		}
	}
	return status, nil
}

func (c *call) printText(w io.Writer, res map[string][]byte) error {
	data := res["result.json"]
	switch {
	case c.name == "lint" && data != nil:
		return printLint(w, data)
	case c.name == "outline" && data != nil:
		return outline.PrintOutline(data, w)
	case c.name == "targets" && data != nil:
		return targets.PrintTargets(data, w)
	case c.name == "subrequests.describe" && data != nil:
		return subrequests.PrintDescribe(data, w)
	}
	for _, key := range []string{"result.txt", "result.json"} {
		if text, ok := res[key]; ok {
			_, err := fmt.Fprintln(w, strings.TrimSuffix(string(text), "\n"))
			return err
		}
	}
	return fmt.Errorf("the frontend gave no answer to --call=%s; --call=describe lists the questions it knows", c.name)
}

func printLint(w io.Writer, data []byte) error {
	var results lint.LintResults
	if err := json.Unmarshal(data, &results); err != nil {
		return fmt.Errorf("the frontend's answer: %w", err)
	}
	switch n := len(results.Warnings); {
	case n == 1:
		fmt.Fprintln(w, "Check complete, 1 warning has been found!")
	case n > 1:
		fmt.Fprintf(w, "Check complete, %d warnings have been found!\n", n)
	}
	if err := results.PrintTo(w, nil); err != nil {
		return err
	}
	if results.Error != nil {
		var text strings.Builder
		results.PrintErrorTo(&text, nil)
		return errors.New(strings.TrimSpace(text.String()))
	}
	if len(results.Warnings) == 0 {
		fmt.Fprintln(w, "Check complete, no warnings found.")
	}
	return nil
}
