#!/bin/sh
# Unpacks the manifests of the crates in /crates into /out/vendor, as directory
# sources of cargo's: enough for cargo to plan a build, and nothing that it
# could compile. /out/sizes gets the sizes of the archives. /rustfile/index lists
# them: archive, directory, SHA-256.
set -eu
manifest() {
	to=/out/vendor/$2
	# Cargo looks for the files of targets that a manifest does not spell out.
	tar -xzf "/crates/$1" -C "$to" --strip-components=1 -o --transform 's,Cargo\.toml$,&.in,' --wildcards \
		'*/Cargo.toml' '*/build.rs' '*/lib.rs' '*/main.rs' 2>/tmp/error.$$ || true
	if [ ! -f "$to/Cargo.toml.in" ] || [ -h "$to/Cargo.toml.in" ]; then
		cat /tmp/error.$$ >&2
		echo "error: the crate ${2#*/} has no manifest or cannot be unpacked" >&2
		exit 255 # xargs gives up at once
	fi
	printf '{"files":{},"package":"%s"}' "$3" >"$to/.cargo-checksum.json"
}
if [ "$#" -gt 0 ]; then
	while [ "$#" -gt 2 ]; do
		manifest "$1" "$2" "$3"
		shift 3
	done
	exit 0
fi
cut -d ' ' -f 2 /rustfile/index | sed 's,^,/out/vendor/,' | xargs mkdir -p
xargs -n 30 -P "$(nproc)" /bin/sh "$0" </rustfile/index
find /out ! -type f ! -type d -exec rm -f {} +
find /out -name '*.rs' -exec sh -c 'for f do echo "compile_error!(\"not compiled here\");" >"$f"; done' sh {} +
find /out -name Cargo.toml.in -exec awk -f /rustfile/library-only.awk {} +
find /out -name Cargo.toml.in -exec rm {} +
(cd /crates && wc -c ./*) | awk 'NR == FNR { dir["./" $1] = $2; next } $2 in dir { print $1, dir[$2] }' /rustfile/index - | sort >/out/sizes
find /out -exec touch -h -d @1153704088 {} +
