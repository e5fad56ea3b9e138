package examples

import (
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// complete validates an example and fills in defaults.
func (e *Example) complete() error {
	if len(e.Cases) == 0 {
		return errors.New("it has no cases")
	}
	seen := map[string]bool{}
	for i := range e.Cases {
		c := &e.Cases[i]
		if c.Name == "" {
			return fmt.Errorf("case %d has no name", i)
		}
		if seen[c.Name] {
			return fmt.Errorf("two cases are named %q", c.Name)
		}
		seen[c.Name] = true
		if err := c.complete(); err != nil {
			return fmt.Errorf("case %q: %w", c.Name, err)
		}
	}
	return nil
}

// complete validates a case and fills in defaults.
func (c *Case) complete() error {
	if len(c.Error) > 0 {
		return c.checkFailing()
	}
	if err := c.ExpectedOutput.validate(); err != nil {
		return err
	}
	if c.ExpectedOutput == nil && len(c.HTTP) == 0 {
		return errors.New("it expects neither output nor an answer nor an error")
	}
	for i := range c.HTTP {
		request := &c.HTTP[i]
		if request.Port < 1 || request.Port > 65535 {
			return fmt.Errorf("port %d is not a port", request.Port)
		}
		if !strings.HasPrefix(request.Path, "/") {
			return fmt.Errorf("path %q does not start with a slash", request.Path)
		}
		if request.Status == 0 {
			request.Status = 200
		}
	}
	if !sort.StringsAreSorted(c.Binaries) {
		return fmt.Errorf("binaries %q are not sorted", c.Binaries)
	}
	if c.MaxSizeMB < 0 {
		return fmt.Errorf("maxSizeMB is %d", c.MaxSizeMB)
	}
	return nil
}

// checkFailing refuses expectations of an image that the case says is not made.
func (c *Case) checkFailing() error {
	for _, part := range c.Error {
		if part == "" {
			return errors.New("an empty string in error is in every message")
		}
	}
	if len(c.Env)+len(c.Args)+len(c.HTTP)+len(c.Binaries)+len(c.Entrypoint)+len(c.Labels) > 0 ||
		c.ExpectedOutput != nil || c.ExpectedExit != 0 || c.MaxSizeMB != 0 {
		return errors.New("it expects an error, and more of an image that is not made")
	}
	return nil
}

func (o *Output) validate() error {
	if o == nil {
		return nil
	}
	if (o.Exact != nil) == (o.Regexp != "") {
		return errors.New("expectedOutput needs one of exact and regexp")
	}
	_, err := regexp.Compile(o.Regexp)
	return err
}
