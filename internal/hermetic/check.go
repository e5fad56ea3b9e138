package hermetic

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rustfile/rustfile/internal/llbtext"
)

// Check returns an error that names every vertex which breaks a rule:
//
//   - a process runs with network none, or, if allowNetwork says so for the
//     vertex's name, with the sandboxed network, and never with the host's;
//   - no process runs in insecure security mode or with a device;
//   - no vertex is a nested build;
//   - an HTTP source has a checksum, a git source a full commit;
//   - the patterns by which a local source is asked for files are relative and
//     without "..";
//   - a source is of a kind that the rules are written for.
//
// Vertices of the given definitions are the user's own and are not checked;
// they are recognised by digest, so a definition must be given as marshalled
// for the same platform. A nil allowNetwork allows none.
func Check(def *llb.Definition, allowNetwork func(name string) bool, given ...*llb.Definition) error {
	theirs := digests(given)
	vertices, err := llbtext.Vertices(def)
	if err != nil {
		return err
	}
	var faults []error
	for _, v := range vertices {
		if theirs[v.Digest] {
			continue
		}
		allowed := allowNetwork != nil && allowNetwork(v.Name)
		for _, fault := range checkVertex(v.Op, allowed) {
			faults = append(faults, fmt.Errorf("vertex %d %q: %w", v.Number, v.Name, fault))
		}
	}
	return errors.Join(faults...)
}

// CheckPlatform returns an error that names every vertex which runs a process
// on another platform than that of the machine that builds, where it would be
// emulated or fail. The given definitions are as in [Check].
func CheckPlatform(def *llb.Definition, machine ocispecs.Platform, given ...*llb.Definition) error {
	vertices, err := llbtext.Vertices(def)
	if err != nil {
		return err
	}
	theirs := digests(given)
	var faults []error
	for _, v := range vertices {
		if theirs[v.Digest] || v.Op.GetExec() == nil {
			continue
		}
		p := ocispecs.Platform{}
		if v.Op.Platform != nil {
			p = ocispecs.Platform{OS: v.Op.Platform.OS, Architecture: v.Op.Platform.Architecture, Variant: v.Op.Platform.Variant}
		}
		if got, want := platforms.Format(platforms.Normalize(p)), platforms.Format(platforms.Normalize(machine)); got != want {
			faults = append(faults, fmt.Errorf("vertex %d %q: the process is for %s, and the machine that builds is %s", v.Number, v.Name, got, want))
		}
	}
	return errors.Join(faults...)
}

// digests are those of all vertices of definitions.
func digests(given []*llb.Definition) map[digest.Digest]bool {
	out := map[digest.Digest]bool{}
	for _, g := range given {
		for _, op := range g.Def {
			out[digest.FromBytes(op)] = true
		}
	}
	return out
}

// checkVertex returns the rules that an operation breaks.
func checkVertex(op *pb.Op, network bool) []error {
	switch o := op.Op.(type) {
	case *pb.Op_Exec:
		return checkExec(o.Exec, network)
	case *pb.Op_Source:
		return checkSource(o.Source)
	case *pb.Op_File, *pb.Op_Merge, *pb.Op_Diff, *pb.Op_Passthrough:
		return nil // these move files between vertices and run nothing
	default:
		return []error{fmt.Errorf("operation %T is not allowed", op.Op)}
	}
}

// checkExec returns the rules that a process breaks.
func checkExec(exec *pb.ExecOp, network bool) []error {
	var faults []error
	switch exec.Network {
	case pb.NetMode_NONE:
	case pb.NetMode_UNSET:
		if !network {
			faults = append(faults, errors.New("the process has a network"))
		}
	default:
		faults = append(faults, fmt.Errorf("the process has network mode %s", exec.Network))
	}
	if exec.Security != pb.SecurityMode_SANDBOX {
		faults = append(faults, fmt.Errorf("the process has security mode %s", exec.Security))
	}
	if len(exec.CdiDevices) > 0 {
		faults = append(faults, fmt.Errorf("the process has the device %q", exec.CdiDevices[0].Name))
	}
	return faults
}

// checkSource returns the rules that a source breaks.
func checkSource(source *pb.SourceOp) []error {
	scheme, rest, _ := strings.Cut(source.Identifier, "://")
	switch scheme {
	case "docker-image", "oci-layout", "docker-image+blob", "oci-layout+blob":
		return nil
	case "http", "https":
		checksum := source.Attrs[pb.AttrHTTPChecksum]
		if err := digest.Digest(checksum).Validate(); err != nil {
			return []error{fmt.Errorf("the source %s has the checksum %q: %w", source.Identifier, checksum, err)}
		}
	case "git":
		_, fragment, _ := strings.Cut(rest, "#")
		ref, _, _ := strings.Cut(fragment, ":")
		if !fullCommit.MatchString(ref) && !fullCommit.MatchString(source.Attrs[pb.AttrGitChecksum]) {
			return []error{fmt.Errorf("the source %s names no full commit", source.Identifier)}
		}
	case "local":
		return checkLocal(source)
	default:
		return []error{fmt.Errorf("the source %s is of no known kind", source.Identifier)}
	}
	return nil
}

// fullCommit is a whole SHA-1 or SHA-256 commit.
var fullCommit = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// localPatterns are the attributes that ask the client for files. Exclude
// patterns are not among them: they can only take files away, and they are the
// user's, from .dockerignore.
var localPatterns = []string{pb.AttrIncludePatterns, pb.AttrFollowPaths, pb.AttrMetadataTransferExclude}

// checkLocal returns the patterns that could ask for files outside.
func checkLocal(source *pb.SourceOp) []error {
	var faults []error
	for _, attr := range localPatterns {
		text, ok := source.Attrs[attr]
		if !ok {
			continue
		}
		var patterns []string
		err := json.Unmarshal([]byte(text), &patterns)
		if err != nil {
			faults = append(faults, fmt.Errorf("the source %s has an unreadable %s: %w", source.Identifier, attr, err))
		}
		for _, pattern := range patterns {
			if leavesRoot(pattern) {
				faults = append(faults, fmt.Errorf("the source %s has the pattern %q, which leaves it, in %s", source.Identifier, pattern, attr))
			}
		}
	}
	return faults
}

// leavesRoot reports whether a pattern is absolute or has a ".." part, in the
// notation of either kind of client.
func leavesRoot(pattern string) bool {
	slashed := strings.ReplaceAll(strings.TrimPrefix(pattern, "!"), `\`, "/")
	drive := len(slashed) >= 2 && slashed[1] == ':'
	return path.IsAbs(slashed) || drive || slices.Contains(strings.Split(slashed, "/"), "..")
}
