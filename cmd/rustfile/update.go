package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/rustfile/rustfile/internal/imagelock"
	"github.com/spf13/cobra"
)

// updateCommand is "rustfile update": pin the base images of the next builds.
func (a *app) updateCommand() *cobra.Command {
	f := &buildFlags{}
	cmd := &cobra.Command{
		Use:   "update [PATH]",
		Short: "Write the digests of the base images into Rustfile.lock",
		Long: "Ask the registries for the base images' digests of now and write them into Rustfile.lock, beside the Rustfile. " +
			"Builds use the images that the file names.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.update(cmd.Context(), f, pathArg(args))
		},
	}
	f.registerInput(cmd.Flags(), a.getenv)
	cmd.Flags().StringVar(&f.progress, "progress", "auto", `Set type of progress output ("auto", "none", "plain", "quiet", "rawjson", "tty")`)
	return cmd
}

// update asks through the builder, so that its mirrors and the user's
// credentials are those of a build.
func (a *app) update(ctx context.Context, f *buildFlags, dir string) error {
	if !isLocalDir(dir) {
		return fmt.Errorf("no directory %q: the lock file is written beside the Rustfile of a local project", dir)
	}
	file := f.file
	if file == "-" {
		return errors.New("--file -: the lock file is written beside the Rustfile, and standard input has no place")
	}
	if file == "" {
		in, name, err := defaultFile(dir)
		if err != nil {
			return err
		}
		file = filepath.Join(in, name)
	}
	f.call = "images"
	answer, err := a.askImages(ctx, f, dir)
	if err != nil {
		return err
	}
	return a.writeLock(filepath.Join(filepath.Dir(file), imagelock.Name(filepath.Base(file))), answer)
}

// imagesAnswer is what the frontend says to the call "images".
type imagesAnswer struct {
	Images  map[string]digest.Digest `json:"images"`
	Dropped []string                 `json:"dropped"`
	Kept    []string                 `json:"kept"`
}

func (a *app) askImages(ctx context.Context, f *buildFlags, dir string) (*imagesAnswer, error) {
	r, err := a.request(f, dir)
	if err != nil {
		return nil, err
	}
	defer r.cleanup()
	b, c, closeBoth, err := a.connect(ctx, r)
	if err != nil {
		return nil, err
	}
	defer closeBoth()
	_, meta, _, err := a.run(ctx, c, r, b)
	if err != nil {
		return nil, err
	}
	var answer imagesAnswer
	if err := json.Unmarshal(meta["result.json"], &answer); err != nil {
		return nil, fmt.Errorf("the frontend's answer: %w", err)
	}
	return &answer, nil
}

// writeLock replaces the lock file and says what changed. A file that cannot be
// read as one is replaced, too.
func (a *app) writeLock(file string, answer *imagesAnswer) error {
	before := &imagelock.Lock{}
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if parsed, err := imagelock.Parse(file, data); err == nil {
		before = parsed
	}
	after := &imagelock.Lock{Images: answer.Images}
	for _, ref := range slices.Sorted(maps.Keys(after.Images)) {
		switch old, dgst := before.Images[ref], after.Images[ref]; {
		case slices.Contains(answer.Kept, ref):
			fmt.Fprintf(a.stdout, "%s stays at %s: its registry did not answer, and this build does not need it\n", ref, dgst)
		case old == dgst:
			fmt.Fprintf(a.stdout, "%s is unchanged at %s\n", ref, dgst)
		case old == "":
			fmt.Fprintf(a.stdout, "%s is pinned to %s\n", ref, dgst)
		default:
			fmt.Fprintf(a.stdout, "%s is now %s, and was %s\n", ref, dgst, old)
		}
	}
	for _, ref := range answer.Dropped {
		fmt.Fprintf(a.stdout, "%s is dropped: its registry does not have it, and this build does not need it\n", ref)
	}
	if err := writeAtomic(file, after.Format()); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
