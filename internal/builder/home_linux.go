package builder

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// defaultIdle is how long an unused daemon stays.
	defaultIdle = 5 * time.Minute
	// maxSocketPath is the length of sun_path (108 on Linux, 104 on others)
	// without its final zero byte.
	maxSocketPath = 103
	// logTailLines is how much of the log an error shows.
	logTailLines = 15
)

// home is the directory of an embedded builder, and the names in it.
type home struct {
	dir string
}

// openHome returns the builder's directory, made if it is missing:
// RUSTFILE_BUILDER_HOME, or rustfile/builder in the user's cache directory.
func openHome(getenv func(string) string) (home, error) {
	dir := getenv("RUSTFILE_BUILDER_HOME")
	if dir == "" {
		cache, err := userCacheDir(getenv)
		if err != nil {
			return home{}, fmt.Errorf("no place for the embedded builder: %w; set RUSTFILE_BUILDER_HOME to a directory", err)
		}
		dir = filepath.Join(cache, "rustfile", "builder")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return home{}, fmt.Errorf("the embedded builder's directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return home{}, fmt.Errorf("make the embedded builder's directory: %w (set RUSTFILE_BUILDER_HOME to another one)", err)
	}
	return home{dir: dir}, nil
}

// userCacheDir is os.UserCacheDir over getenv.
func userCacheDir(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	return os.UserCacheDir()
}

func (h home) root() string           { return filepath.Join(h.dir, "root") }
func (h home) run() string            { return filepath.Join(h.dir, "run") }
func (h home) stateFile() string      { return filepath.Join(h.dir, "state.json") }
func (h home) logFile() string        { return filepath.Join(h.dir, "buildkitd.log") }
func (h home) superLogFile() string   { return filepath.Join(h.dir, "supervisor.log") }
func (h home) startLock() string      { return filepath.Join(h.dir, "start.lock") }
func (h home) useLock() string        { return filepath.Join(h.dir, "in-use") }
func (h home) supervisorLock() string { return filepath.Join(h.dir, "supervisor.lock") }
func (h home) defaultConfig() string  { return filepath.Join(h.dir, "buildkitd.toml") }

// buildkitdLock is the lock that buildkitd itself holds on its root.
func (h home) buildkitdLock() string { return filepath.Join(h.root(), "buildkitd.lock") }

// socket returns the path of one of the daemon's sockets. Where the builder's
// directory is too deep for a socket address, it lies in a runtime directory
// instead, under a name derived from the builder's directory.
func (h home) socket(name string, getenv func(string) string) (string, error) {
	path := filepath.Join(h.dir, name)
	if len(path) <= maxSocketPath {
		return path, nil
	}
	hash := sha256.Sum256([]byte(h.dir))
	base := getenv("XDG_RUNTIME_DIR")
	if base == "" || len(base) > 40 {
		base = filepath.Join("/tmp", "rustfile-"+strconv.Itoa(os.Getuid()))
	} else {
		base = filepath.Join(base, "rustfile")
	}
	dir := filepath.Join(base, hex.EncodeToString(hash[:])[:12])
	if err := makePrivate(base, dir); err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	if len(path) > maxSocketPath {
		return "", fmt.Errorf("the socket path %s is longer than %d bytes: set RUSTFILE_BUILDER_HOME to a shorter directory", path, maxSocketPath)
	}
	return path, nil
}

// makePrivate makes directories that nobody else can enter, and refuses ones
// that somebody else made first: they may lie in /tmp.
func makePrivate(dirs ...string) error {
	for _, dir := range dirs {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make the runtime directory: %w", err)
		}
		st, err := os.Lstat(dir)
		if err != nil {
			return fmt.Errorf("the runtime directory: %w", err)
		}
		if !st.IsDir() || st.Mode().Perm()&0o077 != 0 || !ownedByUser(st) {
			return fmt.Errorf("%s is not a private directory of this user: remove it, or set XDG_RUNTIME_DIR or a shorter RUSTFILE_BUILDER_HOME", dir)
		}
	}
	return nil
}

// daemonState is what the supervisor writes once its daemon answers. It is
// only believed while the supervisor's lock is held.
type daemonState struct {
	SupervisorPID int       `json:"supervisorPid"`
	DaemonPID     int       `json:"daemonPid"`
	Address       string    `json:"address"`
	Buildkitd     string    `json:"buildkitd"`
	Settings      string    `json:"settings"`
	Started       time.Time `json:"started"`
	Idle          string    `json:"idle"`
}

func (h home) readState() (*daemonState, error) {
	dt, err := os.ReadFile(h.stateFile())
	if err != nil {
		return nil, fmt.Errorf("read the embedded builder's state: %w", err)
	}
	var st daemonState
	if err := json.Unmarshal(dt, &st); err != nil {
		return nil, fmt.Errorf("%s: %w", h.stateFile(), err)
	}
	return &st, nil
}

// writeState replaces the file in one step: a reader sees the old state or the
// new one.
func (h home) writeState(st daemonState) error {
	dt, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return fmt.Errorf("write the embedded builder's state: %w", err)
	}
	tmp := h.stateFile() + ".new"
	if err := os.WriteFile(tmp, append(dt, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the embedded builder's state: %w", err)
	}
	if err := os.Rename(tmp, h.stateFile()); err != nil {
		return fmt.Errorf("write the embedded builder's state: %w", err)
	}
	return nil
}

// idlePeriod reads RUSTFILE_BUILDER_IDLE.
func idlePeriod(getenv func(string) string) (time.Duration, error) {
	v := getenv("RUSTFILE_BUILDER_IDLE")
	if v == "" {
		return defaultIdle, nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("RUSTFILE_BUILDER_IDLE=%q is not a time like 90s or 30m", v)
	}
	return d, nil
}

// openLog starts a new log and keeps the one before it.
func openLog(path string) (*os.File, error) {
	if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("rotate the log: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return f, nil
}

// logTail returns the last lines of a log, for an error message.
func logTail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	defer f.Close()
	const window = 16 << 10
	st, err := f.Stat()
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	buf := make([]byte, min(st.Size(), window))
	n, _ := f.ReadAt(buf, st.Size()-int64(len(buf)))
	lines := withoutStack(strings.Split(string(bytes.TrimSpace(buf[:n])), "\n"))
	if len(lines) > logTailLines {
		lines = lines[len(lines)-logTailLines:]
	}
	return "    " + strings.Join(lines, "\n    ")
}

// withoutStack drops the call stacks that buildkitd prints with its last
// error: a function name, then a line that starts with a tab.
func withoutStack(lines []string) []string {
	var out []string
	for _, line := range lines {
		if !strings.HasPrefix(line, "\t") {
			out = append(out, line)
		} else if len(out) > 0 && !strings.ContainsAny(out[len(out)-1], " :") {
			out = out[:len(out)-1]
		}
	}
	return out
}
