package options

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// ImageOptions is what the user asked of the image's config and of the files
// in it. Fields that were not given have their zero value, except where a
// field says otherwise.
type ImageOptions struct {
	// Entrypoint replaces the binary as the image's command, and Cmd are its
	// default arguments. They are nil when not given, and not nil and empty
	// when the user wants none.
	Entrypoint []string
	Cmd        []string
	// Env is the environment of the container.
	Env map[string]string
	// Workdir is a clean absolute path.
	Workdir string
	// User is "NAME", "UID", or either with ":GROUP" or ":GID".
	User string
	// Ports are those that the container listens on, as "8080/tcp", sorted.
	Ports []string
	// Volumes are clean absolute paths, sorted.
	Volumes []string
	// Labels are those of the image's config, and Annotations those of its
	// manifest.
	Labels      map[string]string
	Annotations map[string]string
	// StopSignal is a signal's name with SIG, or its number.
	StopSignal  string
	Healthcheck Healthcheck
	// Init is true when a small init process is to be the container's first.
	Init bool
	// Copies are files of the build context to ship.
	Copies []Copy
	// Strip removes symbols from the binaries.
	Strip bool
	// Debug is one of the Debug constants, or "" for DebugKeep.
	Debug string
}

// What becomes of the debug information of the binaries.
const (
	// DebugKeep leaves it where cargo's profile puts it.
	DebugKeep = "keep"
	// DebugSplit moves it to a file of its own.
	DebugSplit = "split"
)

func parseEntrypoint(o *Options, v value) (err error) {
	o.Image.Entrypoint, err = v.command()
	return err
}

func parseCmd(o *Options, v value) (err error) {
	o.Image.Cmd, err = v.command()
	return err
}

func parseEnv(o *Options, v value) error { return mergeEnv(&o.Image.Env, v, nil) }

// mergeEnv adds variables to an environment. check may refuse a name.
func mergeEnv(env *map[string]string, v value, check func(name string) (fault, fix string)) error {
	return mergeEntries(env, v, func(e entry) (string, string) {
		if e.name == "" || strings.ContainsAny(e.name, "=\x00 \t\n\r") {
			return fmt.Sprintf("%q is not the name of a variable", clip(e.name)), "use letters, digits and `_`"
		}
		if fault, fix := secretFault(v, e); fault != "" {
			return fault, fix
		}
		if check == nil {
			return "", ""
		}
		return check(e.name)
	})
}

// mergeEntries adds the entries of a table to a map, which may be nil.
func mergeEntries(into *map[string]string, v value, check func(entry) (fault, fix string)) error {
	list, err := v.entries()
	if err != nil {
		return err
	}
	if *into == nil {
		*into = map[string]string{}
	}
	for _, e := range list {
		at := e.span
		if at.File == "" {
			at = v.span
		}
		if strings.ContainsRune(e.text, 0) {
			return v.faultAt(at, fmt.Sprintf("the value of `%s` contains a NUL", clip(e.name)), "remove it")
		}
		if fault, fix := check(e); fault != "" {
			return v.faultAt(at, fault, fix)
		}
		(*into)[e.name] = e.text
	}
	return nil
}

func parseLabels(o *Options, v value) error { return mergeEntries(&o.Image.Labels, v, checkLabel) }

func parseAnnotations(o *Options, v value) error {
	return mergeEntries(&o.Image.Annotations, v, checkLabel)
}

// checkLabel refuses keys that the exporter would drop or split.
func checkLabel(e entry) (fault, fix string) {
	if e.name == "" || strings.ContainsAny(e.name, "= \t\n\r\x00") {
		return fmt.Sprintf("%q is not the key of a label or annotation", clip(e.name)), `use a key such as "com.example.team"`
	}
	return "", ""
}

func parseWorkdir(o *Options, v value) (err error) {
	o.Image.Workdir, err = absolutePath(v)
	return err
}

// absolutePath reads a path of the image and cleans it.
func absolutePath(v value) (string, error) {
	text, err := v.str()
	if err != nil {
		return "", err
	}
	if fault := checkAbsolute(text); fault != "" {
		return "", v.fault(fault, "give an absolute path of the image, such as /app")
	}
	return path.Clean(text), nil
}

func checkAbsolute(text string) string {
	if err := checkPlain("path", text); err != nil {
		return err.Error()
	}
	if !path.IsAbs(text) {
		return fmt.Sprintf("the path `%s` is not absolute", clip(text))
	}
	if slices.Contains(strings.Split(text, "/"), "..") {
		return fmt.Sprintf("the path `%s` has a part `..`", clip(text))
	}
	return ""
}

func parseUser(o *Options, v value) (err error) {
	o.Image.User, err = userName(v, `user = "65532:65532"`)
	return err
}

// userName reads a user with an optional group, by name or number.
func userName(v value, example string) (string, error) {
	text, err := scalar(v, example)
	if err != nil {
		return "", err
	}
	if err := checkUser(text); err != nil {
		return "", v.fault(err.Error(), "give UID, UID:GID, NAME or NAME:GROUP")
	}
	return text, nil
}

// scalar reads a string or an integer, which people write for ids and ports.
func scalar(v value, example string) (string, error) {
	if v.kind != kindArgument && v.kind != kindString && v.kind != kindInteger {
		return "", v.typeFault("a string or an integer", example)
	}
	return v.text, nil
}

// maxID is the greatest user and group id of Linux that is not reserved.
const maxID = 1<<32 - 2

// checkUser checks a user with an optional group, by name or number.
// https://www.man7.org/linux/man-pages/man8/useradd.8.html has the rules of names.
func checkUser(text string) error {
	user, group, hasGroup := strings.Cut(text, ":")
	parts := []string{user}
	if hasGroup {
		parts = append(parts, group)
	}
	for _, part := range parts {
		if n, err := strconv.ParseUint(part, 10, 64); err == nil {
			if n > maxID {
				return fmt.Errorf("the id `%s` is more than %d", clip(part), maxID)
			}
			continue
		}
		if err := checkPlain("name", part); err != nil {
			return err
		}
		for i, r := range part {
			letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
			if !letter && (i == 0 || !strings.ContainsRune("0123456789-.$@", r)) {
				return fmt.Errorf("the name `%s` contains `%c`", clip(part), r)
			}
		}
	}
	return nil
}

func parsePorts(o *Options, v value) error {
	var words []value
	switch v.kind {
	case kindArgument:
		words, _ = v.words(true)
	case kindArray:
		words = v.items
	case kindInteger:
		words = []value{v}
	default:
		return v.typeFault("an array of strings or integers", `ports = [8080, "53/udp"]`)
	}
	o.Image.Ports = nil
	for _, word := range words {
		text, err := scalar(word, `ports = [8080, "53/udp"]`)
		if err != nil {
			return err
		}
		number, protocol, ok := strings.Cut(text, "/")
		if !ok {
			protocol = "tcp"
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || n == 0 || !slices.Contains([]string{"tcp", "udp", "sctp"}, protocol) {
			return v.faultAt(word.span, fmt.Sprintf("`%s` is not a port", clip(text)), `give a number from 1 to 65535, and a protocol if it is not tcp: "53/udp"`)
		}
		o.Image.Ports = append(o.Image.Ports, fmt.Sprintf("%d/%s", n, protocol))
	}
	slices.Sort(o.Image.Ports)
	o.Image.Ports = slices.Compact(o.Image.Ports)
	return nil
}

func parseVolumes(o *Options, v value) error {
	words, err := v.words(false)
	if err != nil {
		return err
	}
	o.Image.Volumes = nil
	for _, word := range words {
		fault := checkAbsolute(word.text)
		if fault == "" && path.Clean(word.text) == "/" {
			fault = "the root directory cannot be a volume"
		}
		if fault != "" {
			return v.faultAt(word.span, fault, "give absolute paths of the image, such as /data")
		}
		o.Image.Volumes = append(o.Image.Volumes, path.Clean(word.text))
	}
	slices.Sort(o.Image.Volumes)
	o.Image.Volumes = slices.Compact(o.Image.Volumes)
	return nil
}

// signals are those that a container can be stopped with.
// https://man7.org/linux/man-pages/man7/signal.7.html
var signals = []string{
	"SIGABRT", "SIGALRM", "SIGCONT", "SIGHUP", "SIGINT", "SIGKILL", "SIGPIPE", "SIGPWR", "SIGQUIT", "SIGTERM",
	"SIGTSTP", "SIGUSR1", "SIGUSR2", "SIGWINCH",
}

func parseStopSignal(o *Options, v value) error {
	text, err := scalar(v, `stop-signal = "SIGTERM"`)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= 64 {
		o.Image.StopSignal = strconv.Itoa(n)
		return nil
	}
	name := strings.ToUpper(text)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	realtime := strings.HasPrefix(name, "SIGRTMIN") || strings.HasPrefix(name, "SIGRTMAX")
	if realtime {
		offset := strings.TrimLeft(name[len("SIGRTMIN"):], "+-")
		n, err := strconv.Atoi("0" + offset)
		realtime = err == nil && n <= 15
	}
	if !realtime && !slices.Contains(signals, name) {
		return v.fault(fmt.Sprintf("`%s` is not a signal", clip(text)), "signals: "+strings.Join(signals, ", ")+", or a number")
	}
	o.Image.StopSignal = name
	return nil
}

func parseInit(o *Options, v value) (err error) {
	o.Image.Init, err = v.boolean()
	return err
}

func parseStrip(o *Options, v value) (err error) {
	o.Image.Strip, err = v.boolean()
	return err
}

func parseDebug(o *Options, v value) (err error) {
	o.Image.Debug, err = oneOf(v, DebugKeep, DebugSplit)
	return err
}

// oneOf reads a word of a few.
func oneOf(v value, known ...string) (string, error) {
	text, err := v.str()
	if err != nil {
		return "", err
	}
	if !slices.Contains(known, text) {
		return "", v.fault(fmt.Sprintf("%q is not known", clip(text)), "one of: "+strings.Join(known, ", "))
	}
	return text, nil
}
