package schedule

// Row is a kind of work that is measured: what happened to the project since it was built last.
type Row string

// The rows, in the order of a round.
const (
	Cold      Row = "cold"        // the daemon has the base images and nothing else
	Nothing   Row = "nothing"     // the same build again
	Edit      Row = "edit"        // a source file of the binary has changed
	Member    Row = "member"      // a source file of one workspace member has changed that only binaries depend on
	Leaf      Row = "leaf"        // a dependency that no other dependency needs has another version
	Mid       Row = "mid"         // a dependency that a fair share of the others needs has another version
	Random    Row = "random"      // some dependency, picked by the seed, has another version
	Second    Row = "second"      // another project that shares most crates is built on the same daemon
	FreshEdit Row = "fresh-edit"  // an empty daemon, a registry cache of the unedited project, an edit
	FreshBump Row = "fresh-bump"  // likewise, and the version of Leaf
	SecondOwn Row = "second-cold" // what Second is compared with: the other project built on an empty daemon
)

// Rows are all rows in the order of a round.
var Rows = []Row{Cold, Nothing, Edit, Member, Leaf, Mid, Random, Second, FreshEdit, FreshBump, SecondOwn}

var titles = map[Row]string{
	Cold: "Cold", Nothing: "Nothing changed", Edit: "Source edit", Member: "One member edited", Leaf: "Leaf-dependency bump",
	Mid: "Mid bump", Random: "Random bump, mean", Second: "Second project", FreshEdit: "Fresh daemon, registry cache, edit",
	FreshBump: "Fresh daemon, registry cache, bump", SecondOwn: "Second project, cold",
}

// Title is the row's name in a report.
func (r Row) Title() string { return titles[r] }

// bumps tells that the row changes a version in the lock file of a warm daemon's project.
func (r Row) bumps() bool { return r == Leaf || r == Mid || r == Random }

// fresh tells that the row starts from an empty daemon and an exported cache.
func (r Row) fresh() bool { return r == FreshEdit || r == FreshBump }

// warm tells that the row needs the project's last build on the daemon.
func (r Row) warm() bool { return r != Cold && r != SecondOwn && !r.fresh() }

// Contender is a way to build a project.
type Contender string

// The contenders.
const (
	Ours        Contender = "rustfile"        // with the granularity that it picks itself
	OursUnit    Contender = "rustfile-unit"   // one vertex per unit
	OursGroup   Contender = "rustfile-group"  // units grouped by their closures
	OursCoarse  Contender = "rustfile-coarse" // one vertex for all dependencies
	Chef        Contender = "cargo-chef"      // what ratios refer to
	CacheMounts Contender = "cache-mounts"
	DummyMain   Contender = "dummy-main"
	Naive       Contender = "naive"
	Plain       Contender = "plain-cargo" // cargo build in one container, without a daemon: the floor
)

// Contenders are all contenders in the order of a report.
var Contenders = []Contender{Ours, OursUnit, OursGroup, OursCoarse, Chef, CacheMounts, DummyMain, Naive, Plain}

// IsOurs tells that the contender is rustfile.
func (c Contender) IsOurs() bool {
	return c == Ours || c == OursUnit || c == OursGroup || c == OursCoarse
}

// OneLayer tells that the contender compiles all dependencies again for each bump, whichever crate it is.
func (c Contender) OneLayer() bool {
	return c == Chef || c == DummyMain || c == Naive || c == OursCoarse
}

// InPlace tells that the contender keeps its artifacts in a directory that every build changes: the same bump cannot
// be measured twice, and nothing of it can be exported.
func (c Contender) InPlace() bool { return c == Plain || c == CacheMounts }

// measures tells that a row says something about the contender.
func (c Contender) measures(r Row) bool {
	switch {
	case r.fresh():
		return c != Plain // it has no cache to import
	case r == SecondOwn:
		return c.IsOurs() // only the goal for rustfile refers to it
	}
	return true
}
