#!/bin/sh
# Unpacks zig from the wheel /wheel/zig.whl, which is a zip file, to /out.
set -eu
cd /out
if command -v unzip >/dev/null; then
	unzip -q /wheel/zig.whl 'ziglang/*'
elif command -v perl >/dev/null; then
	perl /rustfile/unzip.pl /wheel/zig.whl ziglang/
else
	echo "error: the builder image has neither unzip nor perl, one of which unpacks zig" >&2
	echo "Use an image that has one of them, or add it with packages.build = [\"unzip\"]." >&2
	exit 1
fi
chmod 755 ziglang/zig
# A third of it all is for other systems.
rm -rf ziglang/lib/libc/mingw ziglang/lib/libc/darwin ziglang/lib/libc/wasi ziglang/lib/libc/include/*-windows-* ziglang/lib/libc/include/*-macos-*
find . -exec touch -h -d @1153704088 {} +
