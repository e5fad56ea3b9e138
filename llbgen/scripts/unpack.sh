#!/bin/sh
# Unpacks the crates of /crates into /out, as a directory source of cargo's.
# /rustfile/index lists them: archive, directory, SHA-256. Whatever directory an
# archive's entries claim to be in is dropped, so that no crate can write into
# another's; tar itself refuses to follow links out of the directory.
set -eu
unpack() {
	mkdir -p "/out/$2"
	if ! tar -xzf "/crates/$1" -C "/out/$2" --strip-components=1 -o; then
		echo "error: the crate ${2#*/} cannot be unpacked" >&2
		exit 255 # xargs gives up at once
	fi
	# Cargo packs plain files only. A link could lead into another crate, and the
	# checksum file below must not be written through one.
	find "/out/$2" ! -type f ! -type d -exec rm -f {} +
	rm -rf "/out/$2/.cargo-checksum.json"
	printf '{"files":{},"package":"%s"}' "$3" >"/out/$2/.cargo-checksum.json"
	# One time for all files: build scripts compare them with their outputs.
	find "/out/$2" -exec touch -h -d @1153704088 {} +
}
if [ "$#" -gt 0 ]; then
	while [ "$#" -gt 2 ]; do
		unpack "$1" "$2" "$3"
		shift 3
	done
	exit 0
fi
xargs -n 30 -P "$(nproc)" /bin/sh "$0" </rustfile/index
touch -d @1153704088 /out /out/*
