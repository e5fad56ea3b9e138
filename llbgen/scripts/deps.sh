#!/bin/sh
# Compiles the third-party units that the stub workspace needs into /build/target.
# The arguments are cargo's.
set -eu
. /rustfile/links.sh
. /rustfile/watched.sh
# The toolchain's own binaries: rustup's proxies cost time at every call, and
# would look for the toolchain that the project's file names.
PATH=$(cd / && rustc --print sysroot)/bin:$PATH
cargo --config /rustfile/sources.toml "$@" --offline
# Nothing of the stubs stays. All their names begin alike.
find /build/target -depth -name '*rustfile[-_]stub[-_]*' -exec rm -rf {} +
find /build/target -path '*/build/*/output' -exec cat {} + >/tmp/outputs
watched_files /tmp/outputs >/build/target/.rustfile-watched
# Later than every source, and the same for all: cargo takes an output for
# stale when a source, or an output it was made from, is newer.
find /build/target -exec touch -h -d @1230768000 {} +
