package options

import (
	"fmt"
	"strings"
	"time"
)

// Healthcheck is the command that tells whether a container is healthy.
type Healthcheck struct {
	// Test is in Docker's form, "CMD" with a program and arguments, "CMD-SHELL"
	// with a shell command, or "NONE"; nil when not given.
	Test []string
	// The times are 0 and the number is 0 when the runtime is to choose.
	Interval    time.Duration
	Timeout     time.Duration
	StartPeriod time.Duration
	Retries     int
}

func parseHealthTest(o *Options, v value) error {
	h := &o.Image.Healthcheck
	if v.kind == kindString {
		if strings.TrimSpace(v.text) == "" {
			return v.fault("the command is empty", `give a command, or ["none"] for no health check`)
		}
		h.Test = []string{"CMD-SHELL", v.text}
		return nil
	}
	command, err := v.command()
	if err != nil {
		return err
	}
	switch {
	case len(command) == 0:
		return v.fault("the command is empty", `give a program and its arguments, or ["none"] for no health check`)
	case strings.EqualFold(command[0], "none") && len(command) == 1:
		h.Test = []string{"NONE"}
	case command[0] == "CMD" || command[0] == "CMD-SHELL" || command[0] == "NONE":
		return v.fault(fmt.Sprintf("`%s` is Docker's, not a program", command[0]), "give the program and its arguments, or a string for a shell command")
	default:
		h.Test = append([]string{"CMD"}, command...)
	}
	return nil
}

func parseHealthInterval(o *Options, v value) (err error) {
	o.Image.Healthcheck.Interval, err = duration(v)
	return err
}

func parseHealthTimeout(o *Options, v value) (err error) {
	o.Image.Healthcheck.Timeout, err = duration(v)
	return err
}

func parseHealthStart(o *Options, v value) (err error) {
	o.Image.Healthcheck.StartPeriod, err = duration(v)
	return err
}

func parseHealthRetries(o *Options, v value) (err error) {
	o.Image.Healthcheck.Retries, err = v.integer(1, 1000)
	return err
}

// duration reads a time such as "1m30s". Docker refuses one below a
// millisecond.
func duration(v value) (time.Duration, error) {
	text, err := v.str()
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Millisecond {
		return 0, v.fault(fmt.Sprintf("`%s` is not a time of a millisecond or more", clip(text)), `give a number and a unit, for example "30s" or "1m30s"`)
	}
	return d, nil
}
