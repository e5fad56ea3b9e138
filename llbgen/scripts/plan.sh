#!/bin/sh
# Asks cargo for the unit graph and the packages of the stub workspace. The
# arguments are cargo's. What cargo refuses is an answer, too: /out/error.
set -eu
PATH=$(cd / && rustc --print sysroot)/bin:$PATH
mkdir -p /out
# The option is not stable. Nothing is compiled here, so no crate sees the
# variable that allows it.
if RUSTC_BOOTSTRAP=1 cargo --config /rustfile/sources.toml "$@" --offline --unit-graph -Z unstable-options >/tmp/units 2>/tmp/error &&
	cargo --config /rustfile/sources.toml metadata --all-features --offline --format-version 1 >/tmp/packages 2>/tmp/error; then
	gzip -n -1 </tmp/units >/out/units.json.gz
	gzip -n -1 </tmp/packages >/out/packages.json.gz
	: >>/build/sizes
	gzip -n -1 </build/sizes >/out/sizes.gz
else
	cp /tmp/error /out/error
fi
