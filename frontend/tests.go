package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
	fstypes "github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"
)

// maxTests is how many tests run at a time.
const maxTests = 4

// test checks the finished image, before it is exported. Commands of the image
// of another platform do not run.
func (b *build) test(ctx context.Context, s *solved, in llbgen.Inputs, platform ocispecs.Platform) error {
	tests := s.plan.Tests
	b.warnUntested(ctx, s.plan)
	root := newRefFS(ctx, s.ref)
	faults := make([]string, len(tests))
	eg, run := errgroup.WithContext(ctx)
	eg.SetLimit(maxTests)
	for i, t := range tests {
		eg.Go(func() (err error) {
			defer recoverPanic(&err)
			if faults[i], err = fileFaults(root, t); err != nil || faults[i] != "" || t.Command == nil || !s.plan.RunsTests() {
				return err
			}
			faults[i], err = b.runTest(run, s, i, in, platform)
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return err
	}
	return b.testFault(tests, faults)
}

// testFault is the error about the tests that failed, at the line of the first.
func (b *build) testFault(tests []plan.Test, faults []string) error {
	var first *cargo.Error
	for i, t := range tests {
		if faults[i] == "" {
			continue
		}
		fault := b.options.TestFault(i, fmt.Sprintf("the test `%s` failed: %s", t.Name, faults[i]), "the image was not exported; correct the image or the test")
		if first == nil {
			first = fault
			continue
		}
		first.Message += fmt.Sprintf("\nand %s: the test `%s` failed: %s", fault.Span, t.Name, faults[i])
	}
	if first == nil {
		return nil
	}
	return first
}

// runTest runs the command of a test and says what is wrong, "" for nothing. The
// daemon keeps what the command did, also when that was wrong; then it runs once
// more, so that a failure is never an old one.
func (b *build) runTest(ctx context.Context, s *solved, i int, in llbgen.Inputs, platform ocispecs.Platform) (string, error) {
	t, fault := s.plan.Tests[i], ""
	for _, again := range []bool{false, true} {
		st := s.res.Test(t, again)
		if err := b.checkHermetic(ctx, st, in, platform); err != nil {
			return "", err
		}
		ref, err := b.evaluateWithin(ctx, t.Timeout, st, platform)
		switch {
		case errors.Is(err, errLate):
			return fmt.Sprintf("`%s` did not end within %s", t.Command, t.Timeout), nil
		case err != nil:
			return "", b.options.TestFault(i, fmt.Sprintf("the test `%s` could not be run: %v", t.Name, err),
				"tests need a builder image whose /bin/sh is linked dynamically and that has ldd")
		}
		got, err := testOutput(newRefFS(ctx, ref))
		if err != nil {
			return "", told(err, "cannot read the output of the test `%s`: %v", t.Name, err)
		}
		if fault = t.Fault(got); fault == "" {
			return "", nil
		}
	}
	return fault, nil
}

// errLate is the failure of what took too long.
var errLate = errors.New("it took too long")

// evaluateWithin evaluates a state and fails with errLate when that takes longer.
// The context gets no deadline: the daemon would see it, too, and could answer
// before it has passed here.
func (b *build) evaluateWithin(ctx context.Context, limit time.Duration, st llb.State, platform ocispecs.Platform) (client.Reference, error) {
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(limit, func() { cancel(errLate) })
	defer timer.Stop()
	ref, err := b.evaluate(run, st, llb.Platform(platform))
	if err != nil && errors.Is(context.Cause(run), errLate) {
		return nil, errLate
	}
	return ref, err
}

// testOutput reads what the vertex of a test notes.
func testOutput(out fs.FS) (got plan.Output, err error) {
	var texts [3]string
	for i, name := range []string{llbgen.TestStatus, llbgen.TestStdout, llbgen.TestStderr} {
		data, err := fs.ReadFile(out, name)
		if err != nil {
			return got, err
		}
		texts[i] = string(data)
	}
	got.Status, err = strconv.Atoi(strings.TrimSpace(texts[0]))
	got.Stdout, got.Stderr = texts[1], texts[2]
	return got, err
}

// fileFaults says what is wrong with the files that a test names, "" for nothing.
func fileFaults(root fs.FS, t plan.Test) (string, error) {
	var faults []string
	for _, f := range t.Files {
		fault, err := f.Fault(root, ownerOf)
		if err != nil {
			return "", fmt.Errorf("the test `%s`: %w", t.Name, err)
		}
		if fault != "" {
			faults = append(faults, fault)
		}
	}
	return strings.Join(faults, "; "), nil
}

// ownerOf is the owner of a file of a reference.
func ownerOf(info fs.FileInfo) (uid, gid uint32) {
	if st, ok := info.Sys().(*fstypes.Stat); ok {
		return st.Uid, st.Gid
	}
	return 0, 0
}

// warnUntested says that commands are left out.
func (b *build) warnUntested(ctx context.Context, p *plan.Plan) {
	if p.RunsTests() {
		return
	}
	var names []string
	for _, t := range p.Tests {
		if t.Command != nil {
			names = append(names, "`"+t.Name+"`")
		}
	}
	if len(names) > 0 {
		b.warn(ctx, fmt.Sprintf("the commands of the tests %s are not run: the image is for %s, and the machine that builds is %s",
			strings.Join(names, ", "), p.Platform, p.BuildPlatform()))
	}
}
