#!/bin/sh
# Compiles what zig links into every program for a target, its start files, its
# unwinder and its share of the compiler's own library, with and without symbols,
# into the cache /out. Argument: zig's target.
set -eu
export ZIG_GLOBAL_CACHE_DIR=/out ZIG_LOCAL_CACHE_DIR=/tmp/zig-cache
echo 'int main(void) { return 0; }' >/tmp/main.c
for symbols in -g -Wl,--strip-all; do
	# As rustc links: its own arguments name the libraries.
	/zig/ziglang/zig cc -target "$1" -fno-sanitize=all /tmp/main.c -o /tmp/main "$symbols" -pie -nodefaultlibs -lunwind -lc
done
# What zig knows of its own sources is large, and only needed to compile them.
rm -rf /out/z /out/tmp
find /out -exec touch -h -d @1153704088 {} +
