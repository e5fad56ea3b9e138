package options

// imageKeys decide what the image holds and says, and what the vertices that
// compile are given beside sources.
var imageKeys = []key{
	{KeyEntrypoint, KeyDoc{
		Args: []string{"entrypoint"}, Type: TypeStrings, Default: "the binary",
		Description: "The program that the image runs, and its first arguments; `[]` for none.",
	}, parseEntrypoint},
	{KeyCmd, KeyDoc{
		Args: []string{"cmd"}, Type: TypeStrings, Default: "none",
		Description: "The arguments of the entrypoint that whoever runs the image can replace.",
	}, parseCmd},
	{KeyEnv, KeyDoc{
		Args: []string{"env"}, Type: TypeTable, Default: "that of the base",
		Description: "Environment variables of the container.",
	}, parseEnv},
	{KeyWorkdir, KeyDoc{
		Args: []string{"workdir"}, Type: TypeString, Default: "/",
		Description: "The working directory of the container; it is made where the base lacks it.",
	}, parseWorkdir},
	{KeyUser, KeyDoc{
		Args: []string{"user"}, Type: TypeString, Number: true, Default: "65532:65532",
		Description: "The user that the image runs as: `UID`, `UID:GID`, or names that the base image knows.",
	}, parseUser},
	{KeyPorts, KeyDoc{
		Args: []string{"ports"}, Type: TypePorts, Default: "none",
		Description: "The ports that the container listens on: `8080` or `\"53/udp\"`.",
	}, parsePorts},
	{KeyVolumes, KeyDoc{
		Args: []string{"volumes"}, Type: TypeStrings, Default: "none",
		Description: "Directories that outlive a container; they are made where the base lacks them, and belong to the image's user.",
	}, parseVolumes},
	{KeyLabels, KeyDoc{
		Args: []string{"labels"}, Type: TypeTable, Default: "those from Cargo.toml",
		Description: "Labels of the image's config, on top of those that the package gives.",
	}, parseLabels},
	{KeyAnnotations, KeyDoc{
		Args: []string{"annotations"}, Type: TypeTable, Default: "none",
		Description: "Annotations of the image's manifest.",
	}, parseAnnotations},
	{KeyStopSignal, KeyDoc{
		Args: []string{"stop-signal"}, Type: TypeString, Number: true, Default: "SIGTERM",
		Description: "The signal that asks the program to end.",
	}, parseStopSignal},
	{KeyHealthTest, KeyDoc{
		Args: []string{"healthcheck-test"}, Type: TypeStringsOrString, Default: "that of the base",
		Description: "The command that tells whether the container is healthy, a string being for the image's shell; `[\"none\"]` for none.",
	}, parseHealthTest},
	{KeyHealthInterval, KeyDoc{
		Args: []string{"healthcheck-interval"}, Type: TypeString, Default: "30s",
		Description: "The time between two health checks.",
	}, parseHealthInterval},
	{KeyHealthTimeout, KeyDoc{
		Args: []string{"healthcheck-timeout"}, Type: TypeString, Default: "30s",
		Description: "The time after which a health check has failed.",
	}, parseHealthTimeout},
	{KeyHealthStart, KeyDoc{
		Args: []string{"healthcheck-start-period"}, Type: TypeString, Default: "0s",
		Description: "The time a container has to start, in which failures do not count.",
	}, parseHealthStart},
	{KeyHealthRetries, KeyDoc{
		Args: []string{"healthcheck-retries"}, Type: TypeInteger, Default: "3",
		Description: "How many failures in a row make a container unhealthy.",
	}, parseHealthRetries},
	{KeyInit, KeyDoc{
		Args: []string{"init"}, Type: TypeBoolean, Default: "false",
		Description: "Run the program below `tini`, which ends orphaned processes and passes signals on.",
	}, parseInit},
	{KeyCopy, KeyDoc{
		Args: []string{"copy"}, Type: TypeTables, Default: "none", Fields: copyFields,
		Description: "Files and directories of the build context to ship; see Assets.",
	}, parseCopies},
	{KeyStrip, KeyDoc{
		Args: []string{"strip"}, Type: TypeBoolean, Default: "false",
		Description: "Remove the symbols that the profile leaves in the binaries.",
	}, parseStrip},
	{KeyDebug, KeyDoc{
		Args: []string{"debug"}, Type: TypeString, Default: DebugKeep, Values: []string{DebugKeep, DebugSplit},
		Description: "What becomes of debug information: `keep` as the profile has it, or `split` it off into files of their own.",
	}, parseDebug},
	{KeyBuildEnv, KeyDoc{
		Args: []string{"build-env"}, Type: TypeTable, Default: "none",
		Description: "Environment variables of the vertices that compile workspace members; a change compiles no dependency.",
	}, parseBuildEnv},
	{KeyDependencyEnv, KeyDoc{
		Args: []string{"dependency-env"}, Type: TypeTable, Default: "none",
		Description: "Environment variables of all vertices that compile; a change compiles everything.",
	}, parseDependencyEnv},
	{KeyExtraSources, KeyDoc{
		Args: []string{"extra-sources"}, Type: TypeStrings, Default: "none",
		Description: "Files and directories of the context, outside of their packages, that build scripts of workspace members read.",
	}, parseExtraSources},
	{KeySecrets, KeyDoc{
		Args: []string{"secrets"}, Type: TypeTables, Default: "none", Fields: secretFields,
		Description: "Secrets of the client that the vertices of workspace members, and steps that name them, can read.",
	}, parseSecrets},
	{KeyCacheNamespace, KeyDoc{
		Args: []string{"cache-namespace"}, Type: TypeString, Default: "none",
		Description: "Keep compiled code apart from that of builds with another namespace.",
	}, parseCacheNamespace},
	{KeyBuildPackages, KeyDoc{
		Args: []string{"packages-build"}, Type: TypeStrings, Default: "none",
		Description: "Packages of the builder image's distribution to install for the build; every vertex that compiles gets them.",
	}, parseBuildPackages},
	{KeyRuntimePackages, KeyDoc{
		Args: []string{"packages-runtime"}, Type: TypeStrings, Default: "none",
		Description: "Debian packages to install in the image.",
	}, parseRuntimePackages},
	{KeyNative, KeyDoc{
		Args: []string{"native"}, Type: TypeTables, Default: "what rustfile knows of crates", Fields: nativeFields,
		Description: "Packages that a crate needs to be compiled, in place of those that rustfile knows of.",
	}, parseNative},
	{KeyRun, KeyDoc{
		Args: []string{"run"}, Type: TypeTables, Default: "none", Fields: stepFields,
		Description: "Commands that run in the builder image or in the base of the image, in order; see Steps.",
	}, parseSteps},
	{KeyTest, KeyDoc{
		Args: []string{"test"}, Type: TypeTables, Default: "none", Fields: testFields,
		Description: "Checks of the finished image, before it is exported; see Tests of the image.",
	}, parseTests},
}
