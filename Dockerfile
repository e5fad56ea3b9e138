# The image of the frontend, which a `# syntax=rustfile/rustfile:1` line names:
#
#     docker build -t rustfile/rustfile:1 .
#
# `make frontend-image` makes the same program's image without docker.

ARG GO_VERSION=1.26
ARG DEBIAN_SUITE=bookworm

# A directory in the layout of a Go module proxy, asked before GOPROXY. It is
# empty unless the build is given one, for a machine without a network:
#     --build-context goproxy="$(go env GOMODCACHE)/cache/download"
FROM scratch AS goproxy

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-${DEBIAN_SUITE} AS build
ARG TARGETOS
ARG TARGETARCH
ARG GOPROXY=https://proxy.golang.org,direct
WORKDIR /src
COPY . .
# The flags are those of internal/frontendimage: the same sources and the same
# Go give the same program.
RUN --mount=type=bind,from=goproxy,target=/goproxy \
    --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    GOPROXY="file:///goproxy,${GOPROXY}" CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -ldflags="-s -w -buildid=" -o /out/rustfile-frontend ./cmd/rustfile-frontend

FROM scratch
COPY --from=build /out/rustfile-frontend /rustfile-frontend
# The frontend needs no network of its own, and BuildKit runs it for named
# contexts and for --call and --check only when the image says that it knows them.
LABEL moby.buildkit.frontend.network.none="true" \
      moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts"
ENTRYPOINT ["/rustfile-frontend"]
