package gitserver

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Repository describes a bare repository.
type Repository struct {
	// Name is the repository's name in its URL, without ".git".
	Name string
	// Commits make up the branch main, oldest first.
	Commits []Commit
}

// Commit is one commit of a repository.
type Commit struct {
	// Dir holds the files that the commit writes, over those of the commit
	// before it. All become regular files that are not executable.
	Dir string
	// Submodules are the commits of submodules, by their path. The file
	// .gitmodules is one of Dir.
	Submodules map[string]string
	// Message is the commit message.
	Message string
	// Tag, when set, names an annotated tag of the commit.
	Tag string
}

// Greeting is the repository that the git-dep example, which is in the directory
// example, depends on. Its tag v1.2.0 is one commit behind main, so only a fetch
// of the tag or of the commit gets what Cargo.lock pins.
func Greeting(example string) Repository {
	upstream := filepath.Join(example, "upstream")
	return Repository{
		Name: "greeting",
		Commits: []Commit{
			{Dir: filepath.Join(upstream, "v1.2.0"), Message: "Greet formally", Tag: "v1.2.0"},
			{Dir: filepath.Join(upstream, "main"), Message: "Say where the greeting is from"},
		},
	}
}

// Create makes the repository in dir/NAME.git and returns the ids of its
// commits. The ids depend on the repository's description and the contents of
// its files only.
func (r Repository) Create(ctx context.Context, dir string) ([]string, error) {
	bare := filepath.Join(dir, r.Name+".git")
	if err := os.MkdirAll(bare, 0o755); err != nil {
		return nil, err
	}
	g := git{dir: bare}
	steps := [][]string{
		{"init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--initial-branch=main", "."},
		{"config", "gc.auto", "0"},
		// Builders fetch the commit of the lock file, whatever points to it.
		{"config", "uploadpack.allowAnySHA1InWant", "true"},
		{"config", "uploadpack.allowFilter", "true"},
	}
	for _, step := range steps {
		if _, err := g.run(ctx, nil, step...); err != nil {
			return nil, err
		}
	}
	var ids []string
	for _, commit := range r.Commits {
		id, err := g.commit(ctx, commit, ids)
		if err != nil {
			return nil, fmt.Errorf("repository %s: %w", r.Name, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// git runs git in a bare repository.
type git struct {
	dir string
}

// commit adds a commit to main and returns its id.
func (g git) commit(ctx context.Context, c Commit, earlier []string) (string, error) {
	if err := g.addAll(ctx, c.Dir); err != nil {
		return "", err
	}
	for path, id := range c.Submodules {
		if _, err := g.run(ctx, nil, "update-index", "--add", "--cacheinfo", "160000,"+id+","+path); err != nil {
			return "", err
		}
	}
	tree, err := g.run(ctx, nil, "write-tree")
	if err != nil {
		return "", err
	}
	args := []string{"commit-tree", tree, "-m", c.Message}
	if len(earlier) > 0 {
		args = append(args, "-p", earlier[len(earlier)-1])
	}
	id, err := g.run(ctx, nil, args...)
	if err != nil {
		return "", err
	}
	if _, err := g.run(ctx, nil, "update-ref", "refs/heads/main", id); err != nil {
		return "", err
	}
	if c.Tag != "" {
		if _, err := g.run(ctx, nil, "tag", "--annotate", "-m", c.Tag, c.Tag, id); err != nil {
			return "", err
		}
	}
	return id, nil
}

// addAll writes the files of a directory into the index. It does not use `git
// add`, which would take the executable bit and line endings from the file
// system and the configuration.
func (g git) addAll(ctx context.Context, dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		blob, err := g.run(ctx, data, "hash-object", "-w", "--stdin")
		if err != nil {
			return err
		}
		_, err = g.run(ctx, nil, "update-index", "--add", "--cacheinfo", "100644,"+blob+","+filepath.ToSlash(name))
		return err
	})
}

// run runs git with an environment that holds nothing of the user's.
func (g git) run(ctx context.Context, input []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = g.dir
	cmd.Env = environment(g.dir)
	cmd.Stdin = bytes.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// environment is what git runs with. Dates and names are part of a commit's id.
func environment(gitDir string) []string {
	const date = "2024-01-01T00:00:00+0000"
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + gitDir,
		"LC_ALL=C",
		"TZ=UTC",
		"GIT_DIR=" + gitDir,
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_AUTHOR_NAME=Rustfile Authors",
		"GIT_AUTHOR_EMAIL=authors@example.com",
		"GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=Rustfile Authors",
		"GIT_COMMITTER_EMAIL=authors@example.com",
		"GIT_COMMITTER_DATE=" + date,
	}
}
