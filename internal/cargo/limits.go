package cargo

// Limits on what is read. A build context is not to be trusted: each limit is
// far above what real projects need and low enough that reading a hostile one
// stays under a second and 256 MiB.
const (
	// MaxManifestSize bounds one Cargo.toml, rust-toolchain or configuration file.
	MaxManifestSize = 1 << 20
	// MaxLockSize bounds Cargo.lock.
	MaxLockSize = 16 << 20
	// MaxTotalSize bounds all files of a project together.
	MaxTotalSize = 64 << 20
	// MaxValueDepth bounds how deep arrays and inline tables nest. Cargo's own
	// parser has the same limit.
	MaxValueDepth = 80
	// MaxKeyParts bounds the parts of one dotted key.
	MaxKeyParts = 80
	// MaxValues bounds the values of one file.
	MaxValues = 500_000
	// MaxPackages bounds the local packages of a project.
	MaxPackages = 5_000
	// MaxMemberEntries bounds each of workspace.members and workspace.exclude.
	MaxMemberEntries = 10_000
	// MaxGlobEntries bounds the directory entries that the globs of one
	// workspace look at.
	MaxGlobEntries = 100_000
	// MaxGlobDepth bounds how deep the directories nest that `**` descends into.
	MaxGlobDepth = 100
	// maxLinks bounds the symbolic links followed for one path.
	maxLinks = 40
)
