package frontend

import (
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	capspb "github.com/moby/buildkit/util/apicaps/pb"
)

// fakeDaemonWithout is what a daemon that lacks some abilities says of itself.
func fakeDaemonWithout(missing ...apicaps.CapID) client.BuildOpts {
	all := slices.DeleteFunc(pb.Caps.All(), func(c *capspb.APICap) bool {
		return slices.Contains(missing, apicaps.CapID(c.ID))
	})
	return client.BuildOpts{LLBCaps: pb.Caps.CapSet(all)}
}

func TestCurrentDaemonIsAccepted(t *testing.T) {
	caps, err := checkCapabilities(fakeDaemonWithout())
	if err != nil || !caps.merge {
		t.Errorf("got %+v, %v", caps, err)
	}
}

func TestMergeIsOptional(t *testing.T) {
	caps, err := checkCapabilities(fakeDaemonWithout(pb.CapMergeOp))
	if err != nil || caps.merge {
		t.Errorf("got %+v, %v", caps, err)
	}
}

// TestOldDaemonIsRefused: the message says what is missing and which BuildKit has it.
func TestOldDaemonIsRefused(t *testing.T) {
	for _, tc := range []struct {
		missing apicaps.CapID
		want    string
	}{
		{pb.CapFileBase, "lacks file operations, which rustfile needs; use BuildKit 0.5 or newer"},
		{pb.CapFileCopyIncludeExcludePatterns, "lacks patterns of a file copy, which rustfile needs; use BuildKit 0.9 or newer"},
		{pb.CapSourceHTTPChecksum, "lacks checksums of downloads, which rustfile needs; use BuildKit 0.5 or newer"},
		{pb.CapExecMetaNetwork, "lacks builds without a network, which rustfile needs; use BuildKit 0.5 or newer"},
		{pb.CapExecMountBindReadWriteNoOutput, "lacks temporary mounts, which rustfile needs; use BuildKit 0.12 or newer"},
		{pb.CapExecMountContentCache, "lacks mounts that are not hashed, which rustfile needs; use BuildKit 0.13 or newer"},
	} {
		t.Run(string(tc.missing), func(t *testing.T) {
			_, err := checkCapabilities(fakeDaemonWithout(tc.missing))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
		})
	}
}
