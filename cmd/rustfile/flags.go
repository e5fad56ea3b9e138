package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// buildFlags are the flags of "rustfile build" as they were typed. Names and
// meanings are those of "docker buildx build".
type buildFlags struct {
	tags          []string
	file          string
	target        string
	platforms     []string
	buildArgs     []string
	contexts      []string
	labels        []string
	outputs       []string
	push          bool
	load          bool
	cacheFrom     []string
	cacheTo       []string
	noCache       bool
	noCacheFilter []string
	pull          bool
	secrets       []string
	ssh           []string
	attests       []string
	provenance    string
	sbom          string
	progress      string
	quiet         bool
	metadataFile  string
	iidFile       string
	call          string
	check         bool
}

// register declares the flags. getenv gives the defaults that buildx takes
// from the environment.
func (f *buildFlags) register(fs *pflag.FlagSet, getenv func(string) string) {
	f.registerInput(fs, getenv)
	f.registerOutput(fs)
	fs.StringArrayVar(&f.cacheFrom, "cache-from", nil, `External cache sources (e.g., "user/app:cache", "type=local,src=path/to/dir")`)
	fs.StringArrayVar(&f.cacheTo, "cache-to", nil, `Cache export destinations (e.g., "user/app:cache", "type=local,dest=path/to/dir")`)
	fs.BoolVar(&f.noCache, "no-cache", false, "Do not use cache when building the image")
	fs.StringArrayVar(&f.noCacheFilter, "no-cache-filter", nil, `Do not cache specified steps (e.g., "deps", "build")`)
	fs.StringVar(&f.call, "call", "build", `Set method for evaluating build ("check", "outline", "targets", "plan")`)
	fs.BoolVar(&f.check, "check", false, `Shorthand for "--call=check"`)
	fs.StringVar(&f.progress, "progress", defaultProgress(getenv), `Set type of progress output ("auto", "none", "plain", "quiet", "rawjson", "tty"). Use plain to show container output`)
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "Suppress the build output and print image ID on success")
}

func defaultProgress(getenv func(string) string) string {
	if progress := getenv("BUILDKIT_PROGRESS"); progress != "" {
		return progress
	}
	return "auto"
}

func (f *buildFlags) registerInput(fs *pflag.FlagSet, getenv func(string) string) {
	fs.StringVarP(&f.file, "file", "f", "", `Name of the Rustfile (default: "PATH/Rustfile", else "PATH/Cargo.toml")`)
	fs.StringVar(&f.target, "target", "", "Binary to put into the image")
	var platforms []string
	if p := getenv("DOCKER_DEFAULT_PLATFORM"); p != "" {
		platforms = []string{p}
	}
	fs.StringArrayVar(&f.platforms, "platform", platforms, "Set target platform for build")
	fs.StringArrayVar(&f.buildArgs, "build-arg", nil, "Set build-time variables")
	fs.StringArrayVar(&f.contexts, "build-context", nil, "Additional build contexts (e.g., name=path)")
	fs.StringArrayVar(&f.labels, "label", nil, "Set metadata for an image")
	fs.BoolVar(&f.pull, "pull", false, "Always attempt to pull all referenced images")
	fs.StringArrayVar(&f.secrets, "secret", nil, `Secret to expose to the build (format: "id=mysecret[,src=/local/secret]")`)
	fs.StringArrayVar(&f.ssh, "ssh", nil, `SSH agent socket or keys to expose to the build (format: "default|<id>[=<socket>|<key>[,<key>]]")`)
}

func (f *buildFlags) registerOutput(fs *pflag.FlagSet) {
	fs.StringArrayVarP(&f.tags, "tag", "t", nil, `Image identifier (format: "[registry/]repository[:tag]")`)
	fs.StringArrayVarP(&f.outputs, "output", "o", nil, `Output destination (format: "type=local,dest=path")`)
	fs.BoolVar(&f.push, "push", false, `Shorthand for "--output=type=registry,unpack=false"`)
	fs.BoolVar(&f.load, "load", false, `Shorthand for "--output=type=docker"`)
	fs.StringArrayVar(&f.attests, "attest", nil, `Attestation parameters (format: "type=sbom,generator=image")`)
	fs.StringVar(&f.provenance, "provenance", "", `Shorthand for "--attest=type=provenance"`)
	fs.StringVar(&f.sbom, "sbom", "", `Shorthand for "--attest=type=sbom"`)
	fs.StringVar(&f.metadataFile, "metadata-file", "", "Write build result metadata to a file")
	fs.StringVar(&f.iidFile, "iidfile", "", "Write the image ID to a file")
}

func (a *app) buildCommand() *cobra.Command {
	f := &buildFlags{}
	cmd := &cobra.Command{
		Use:     "build [OPTIONS] [PATH | URL]",
		Aliases: []string{"b"},
		Short:   "Build an image",
		Long:    "Build an image from the project in PATH (default: the working directory) or at a git or archive URL.",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.build(cmd.Context(), f, pathArg(args))
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	f.register(cmd.Flags(), a.getenv)
	return cmd
}
