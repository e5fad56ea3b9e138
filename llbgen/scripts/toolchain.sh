#!/bin/sh
# Adds to the image's Rust what rust-toolchain.toml asks for, and uses the
# network only for what is missing. Arguments: the toolchain to install or "",
# then pairs of component|target and a name.
set -eu
install=$1
shift
if ! command -v rustup >/dev/null; then
	echo "error: rust-toolchain.toml asks for more than the builder image has, and the image has no rustup to add it" >&2
	exit 1
fi
if [ -n "$install" ]; then
	rustup toolchain install "$install" --profile minimal --no-self-update
	export RUSTUP_TOOLCHAIN="$install"
fi
while [ "$#" -gt 0 ]; do
	if ! rustup "$1" list --installed | grep -q "^$2\(-\|$\)"; then
		rustup "$1" add "$2"
	fi
	shift 2
done
