#!/bin/sh
# Makes a directory source of the git repository in /repo: /out/packages has a
# link for each package named on the command line. The repository stays whole
# below /out/repo, because packages read files beside their own directory, and
# the workspace's root manifest lies above the links, where cargo looks for the
# keys that packages inherit.
set -eu
mkdir -p /out/repo /out/packages
tar -C /repo --exclude ./.git -cf - . | tar -C /out/repo -xof -
cd /out/repo
find . -name Cargo.toml -not -path '*/.*/*' -not -path '*/target/*' | sort >/tmp/manifests
name_of() {
	awk '/^[[:space:]]*\[/ { inside = ($0 ~ /^[[:space:]]*\[[[:space:]]*package[[:space:]]*\]/) }
		inside && /^[[:space:]]*name[[:space:]]*=/ { gsub(/^[^=]*=[[:space:]]*["'\'']|["'\''].*$/, ""); print; exit }' "$1"
}
while read -r manifest; do
	name=$(name_of "$manifest")
	dir=$(dirname "$manifest")
	for wanted in "$@"; do
		if [ "$name" = "$wanted" ] && [ ! -e "/out/packages/$name" ]; then
			ln -s "../repo/${dir#./}" "/out/packages/$name"
			printf '{"files":{},"package":null}' >"$dir/.cargo-checksum.json"
			# The nearest workspace above the package gives it its inherited keys.
			while [ "$dir" != . ]; do
				dir=$(dirname "$dir")
				if [ -f "$dir/Cargo.toml" ] && grep -q '^[[:space:]]*\[workspace' "$dir/Cargo.toml"; then
					[ -e /out/packages/Cargo.toml ] || cp "$dir/Cargo.toml" /out/packages/Cargo.toml
					break
				fi
			done
		fi
	done
done </tmp/manifests
for wanted in "$@"; do
	if [ ! -e "/out/packages/$wanted" ]; then
		echo "error: the repository has no package called $wanted at this commit; Cargo.lock says it does" >&2
		exit 1
	fi
done
find /out -exec touch -h -d @1153704088 {} +
