// Command rustfile-frontend is the BuildKit frontend, the entrypoint of the
// image that a `# syntax=` line names. BuildKit speaks to it on its standard
// input and output.
package main

import (
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/gateway/grpcclient"
	"github.com/moby/buildkit/util/appcontext"
	_ "github.com/moby/buildkit/util/grpcutil/encoding/proto" // the codec of BuildKit's daemon
	"github.com/rustfile/rustfile/frontend"
)

func main() {
	if err := grpcclient.RunFromEnvironment(appcontext.Context(), frontend.Build); err != nil {
		fmt.Fprintln(os.Stderr, "rustfile-frontend:", err)
		os.Exit(1)
	}
}
