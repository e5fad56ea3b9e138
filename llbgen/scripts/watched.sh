# Build scripts watch files of the toolchain: bindgen names every header that it
# read. Such a file is newer than all outputs, whose time is a constant, and
# cargo would run the script again.

# Prints which files outside of the project the build scripts watch whose output
# files are the arguments.
watched_files() {
	cat "$@" | sed -n 's/^cargo::\{0,1\}rerun-if-changed=\(\/..*\)/\1/p' | grep -v -e '^/build/' -e '^/src/' | sort -u || true
}

# Gives the files that lists name the time of sources. The toolchain's digest,
# and the names of its packages, are in the key of whatever read them.
age_watched() {
	for list; do
		[ -s "$list" ] || continue
		while read -r file; do
			[ ! -e "$file" ] || find -L "$file" -exec touch -c -d @1153704088 {} + 2>/dev/null || true
		done <"$list"
	done
}
