#!/bin/sh
# Adds the standard library of a target to the image's Rust, and uses the network
# only when it is missing. Argument: the target triple.
set -eu
sysroot=$(rustc --print sysroot)
for library in "$sysroot/lib/rustlib/$1/lib"/libstd-*.rlib; do
	[ ! -f "$library" ] || exit 0
done
if ! command -v rustup >/dev/null; then
	echo "error: the builder image has no standard library for $1, and no rustup to add it" >&2
	echo "Use an image with rustup, or one that has the library, on Debian the package libstd-rust-dev of that architecture." >&2
	exit 1
fi
rustup target add "$1"
