package builder

import (
	"slices"
	"strings"

	// BuildKit's own connection helpers, registered by URL scheme.
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer"
	_ "github.com/moby/buildkit/client/connhelper/kubepod"
	_ "github.com/moby/buildkit/client/connhelper/nerdctlcontainer"
	_ "github.com/moby/buildkit/client/connhelper/npipe"
	_ "github.com/moby/buildkit/client/connhelper/podmancontainer"
	_ "github.com/moby/buildkit/client/connhelper/ssh"
)

// schemes returns the URL schemes that BuildKit's client can dial.
func schemes() []string {
	return []string{"unix", "tcp", "docker-container", "podman-container", "nerdctl-container", "kube-pod", "ssh", "npipe"}
}

func schemeList() string {
	return strings.Join(schemes(), "://, ") + "://"
}

// isAddress tells a BuildKit address from the name of a buildx builder.
func isAddress(s string) bool {
	scheme, _, ok := strings.Cut(s, "://")
	return ok && slices.Contains(schemes(), scheme)
}
