package frontend

import (
	"errors"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/rustfile/rustfile/internal/cargo"
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
