#!/bin/sh
# Unpacks the manifests of the crates in /crates into /out/vendor, as directory
# sources of cargo's: enough for cargo to plan a build, and nothing that it
# could compile. /rustfile/index lists them: archive, directory, SHA-256.
set -eu
# Leaves out of a manifest the targets that nobody who depends on the package
# compiles: cargo wants their files to exist.
library_only() {
	awk '/^[[:space:]]*\[/ { skip = ($0 ~ /^[[:space:]]*\[\[[[:space:]]*(bin|example|test|bench)[[:space:]]*\]\]/) } !skip' "$1" >"$1.tmp"
	mv "$1.tmp" "$1"
}
manifest() {
	to=/out/vendor/$2
	mkdir -p "$to"
	# Cargo looks for the files of targets that a manifest does not spell out.
	tar -xzf "/crates/$1" -C "$to" --strip-components=1 -o --wildcards \
		'*/Cargo.toml' '*/build.rs' '*/lib.rs' '*/main.rs' 2>/tmp/error.$$ || true
	if [ ! -f "$to/Cargo.toml" ] || [ -h "$to/Cargo.toml" ]; then
		cat /tmp/error.$$ >&2
		echo "error: the crate ${2#*/} has no manifest or cannot be unpacked" >&2
		exit 255 # xargs gives up at once
	fi
	library_only "$to/Cargo.toml"
	find "$to" ! -type f ! -type d -exec rm -f {} +
	find "$to" -name '*.rs' -exec sh -c 'for f do echo "compile_error!(\"not compiled here\");" >"$f"; done' sh {} +
	rm -rf "$to/.cargo-checksum.json"
	printf '{"files":{},"package":"%s"}' "$3" >"$to/.cargo-checksum.json"
	printf '%s %s\n' "$(wc -c <"/crates/$1")" "$2" >>/out/sizes
}
if [ "$#" -gt 0 ]; then
	while [ "$#" -gt 2 ]; do
		manifest "$1" "$2" "$3"
		shift 3
	done
	exit 0
fi
xargs -n 30 -P "$(nproc)" /bin/sh "$0" </rustfile/index
sort -o /out/sizes /out/sizes
find /out -exec touch -h -d @1153704088 {} +
