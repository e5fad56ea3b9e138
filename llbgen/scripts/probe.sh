#!/bin/sh
# Asks the toolchain once what every cargo would ask again: where its own
# programs are, and what its rustc can do.
# Arguments: working directory, Cargo configuration, target triple.
set -eu
workdir=$1 config=$2 triple=$3
mkdir -p "$workdir" /out
sysroot=$(cd / && rustc --print sysroot)
printf '%s' "$sysroot" >/out/sysroot
cd "$workdir"
printf '[package]\nname = "rustfile-stub-0"\nversion = "0.0.0"\nedition = "2018"\n[[bin]]\nname = "rustfile-stub-bin-0"\npath = "main.rs"\n[workspace]\n' >Cargo.toml
: >main.rs
: >build.rs
if [ -n "$config" ]; then
	mkdir -p .cargo
	printf '%s' "$config" >.cargo/config.toml
fi
PATH=$sysroot/bin:$PATH
# Without an answer vertices ask themselves, and say what is wrong. Cargo keeps
# none when RUSTUP_TOOLCHAIN is a channel, and not the directory of a toolchain.
if cargo build --offline --target "$triple" >/tmp/log 2>&1 && [ -f /build/target/.rustc_info.json ]; then
	cp /build/target/.rustc_info.json /out/rustc_info.json
fi
