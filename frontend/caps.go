package frontend

import (
	"fmt"

	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
)

// capabilities are the abilities of the daemon that the graph adapts to.
type capabilities struct {
	merge bool
	// modes is true when file operations take symbolic permissions.
	modes bool
}

// required are the abilities without which a build would be wrong or could not
// start, each with the first BuildKit release that has it. BuildKit itself
// does not check the options of a file copy: an old daemon would ignore the
// patterns and copy too much, so they are checked here.
var required = []struct {
	cap   apicaps.CapID
	since string
	what  string
}{
	{pb.CapFileBase, "0.5", "file operations"},
	{pb.CapFileCopyIncludeExcludePatterns, "0.9", "patterns of a file copy"},
	{pb.CapSourceHTTPChecksum, "0.5", "checksums of downloads"},
	{pb.CapExecMetaNetwork, "0.5", "builds without a network"},
	{pb.CapExecMountBindReadWriteNoOutput, "0.12", "temporary mounts"},
	{pb.CapExecMountContentCache, "0.13", "mounts that are not hashed"},
}

// checkCapabilities refuses a daemon that is too old and says which one is not.
func checkCapabilities(opts client.BuildOpts) (capabilities, error) {
	caps := opts.LLBCaps
	for _, r := range required {
		if err := caps.Supports(r.cap); err != nil {
			return capabilities{}, fmt.Errorf("this BuildKit lacks %s, which rustfile needs; use BuildKit %s or newer: %w", r.what, r.since, err)
		}
	}
	return capabilities{
		merge: caps.Supports(pb.CapMergeOp) == nil,
		// Daemons do not tell that they have CapFileCopyModeStringFormat. It came
		// with 0.20, and this one with 0.23.
		modes: caps.Supports(pb.CapSourceGitChecksum) == nil,
	}, nil
}
