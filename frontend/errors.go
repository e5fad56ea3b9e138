package frontend

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/cargo"
	"github.com/rustfile/rustfile/internal/plan"
	"github.com/rustfile/rustfile/llbgen"
)

// withSources adds to an error about a project's file the lines it is about,
// which buildx and the CLI print below the message.
func (b *build) withSources(err error) error {
	var fault *cargo.Error
	if !errors.As(err, &fault) || len(errdefs.Sources(err)) > 0 {
		return err
	}
	data := b.bytesOf(fault)
	if data == nil || fault.Span.Start.Line == 0 {
		return err
	}
	return errdefs.WithSource(err, &errdefs.Source{
		Info:   &pb.SourceInfo{Filename: fault.Span.File, Data: data, Language: "TOML"},
		Ranges: ranges(fault.Span),
	})
}

// bytesOf are the bytes of the file that a fault is in, nil when they must not
// be shown: the model gives none where the lines hold credentials.
func (b *build) bytesOf(fault *cargo.Error) []byte {
	if fault.Source != nil {
		return fault.Source
	}
	return b.files[fault.Span.File]
}

// told puts an error of the daemon into words of ours. It does not wrap it: on
// the way to the client BuildKit would take the message from the status inside
// and drop ours. The lines that the error is about are kept.
func told(err error, format string, args ...any) error {
	out := fmt.Errorf(format, args...)
	for _, s := range errdefs.Sources(err) {
		out = errdefs.WithSource(out, s)
	}
	return out
}

// explain names the crate or the repository that a failed download was for. The daemon's error
// knows only the vertex; the vertex knows its line of the lock file. BuildKit
// compares the checksum of whatever a server sends, even of an error page;
// answer asks for the crate again and tells whether the server refuses.
func explain(err error, p *plan.Plan, answer func(plan.Crate) error) error {
	if strings.Contains(err.Error(), "exit code: ") {
		return err // a command failed, and no download
	}
	for _, s := range errdefs.Sources(err) {
		if s.Info == nil || s.Info.Filename != p.Sources.Lock || len(s.Ranges) == 0 {
			continue
		}
		for _, c := range p.Sources.Crates {
			if int32(c.Line) != s.Ranges[0].Start.Line {
				continue
			}
			fix := "The registry or the network failed; what was downloaded is kept, so run the build again."
			cause := err
			if strings.Contains(err.Error(), "digest mismatch") {
				if refused := answer(c); refused != nil {
					cause = refused
				} else {
					fix = "The registry's bytes are not those that the lock file's checksum names. " +
						"Unless you know why, trust neither; `cargo update --package " + c.Name + "` asks the registry again."
				}
			}
			if needsToken(cause) {
				fix = tokenFix
			}
			return told(err, "%s:%d: cannot get crate %s %s: %v\n%s", p.Sources.Lock, c.Line, c.Name, c.Version, cause, fix)
		}
		for _, g := range p.Sources.Git {
			if int32(g.Line) == s.Ranges[0].Start.Line {
				return explainGit(err, p, g)
			}
		}
	}
	return err
}

// needsToken reports whether a server asks who wants to know.
func needsToken(err error) bool {
	return strings.Contains(err.Error(), "response status 401") || strings.Contains(err.Error(), "response status 403")
}

// tokenFix says how a private registry gets its token: BuildKit looks for a
// secret by the name of the host, and what it is called is in no key.
const tokenFix = "The registry wants a token: give what `Authorization` is to say with --secret id=HTTP_AUTH_HEADER_HOST,env=VARIABLE, " +
	"where HOST is the name of the host, once for the index and once for the downloads if they differ."

// refusal asks a registry for a crate without naming the checksum, and returns
// the error that it answers with, nil when it sends something.
func (b *build) refusal(ctx context.Context, p *plan.Plan, downloads map[string]string, c plan.Crate) error {
	u, err := llbgen.CrateURL(p, downloads, c)
	if err != nil {
		return nil // then the download had no address either, and said so
	}
	_, err = b.evaluate(ctx, llb.HTTP(u, llb.WithCustomName("[internal] ask again for crate "+c.Name)))
	return err
}

// ranges converts a span to BuildKit's form, which counts lines from one and
// characters from zero.
func ranges(s cargo.Span) []*pb.Range {
	start := &pb.Position{Line: int32(s.Start.Line), Character: int32(max(s.Start.Column-1, 0))}
	end := &pb.Position{Line: int32(s.End.Line), Character: int32(max(s.End.Column-1, 0))}
	if end.Line < start.Line {
		end = start
	}
	return []*pb.Range{{Start: start, End: end}}
}
