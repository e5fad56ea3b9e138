#!/bin/sh
# Compiles the units of one vertex. /build holds the outputs of the
# vertices that it needs, /out gets its own: compiled files in /out/target, and
# of the crates' sources what cargo looks at when it finds them fresh in
# /out/vendor.
# Arguments: "dependency" or "member", working directory, name of the vertex, Cargo configuration, source
# configuration, manifest of the stub library, lock file, "script" or "", crates (mount,
# directory, SHA-256), placeholders (directory, name, version, features), number
# of lines of the stub's manifest, those lines, cargo's arguments.
# Exit codes: 76 when a third-party unit, 77 when a member cannot be compiled
# this way though perhaps in the whole workspace; 101 for a compiler's error.
set -eu
kind=$1
shift
workdir=$1 vertex=$2 config=$3 sources=$4 library=$5 lock=$6 script=$7 crates=$8 placeholders=$9
shift 9
lines=$1
shift
mkdir -p "$workdir" /out
. /rustfile/links.sh
. /rustfile/watched.sh
cd "$workdir"
while [ "$lines" -gt 0 ]; do
	printf '%s\n' "$1"
	shift
	lines=$((lines - 1))
done >Cargo.toml
if [ -n "$lock" ]; then
	# The stub of a member's vertex is a member itself.
	[ "$kind" != member ] || cd ..
	printf '%s' "$lock" >Cargo.lock
	cd "$workdir"
fi
: >main.rs
[ -z "$script" ] || : >build.rs
if [ -n "$library" ]; then
	mkdir -p objects
	printf '%s' "$library" >objects/Cargo.toml
	: >objects/lib.rs
fi
if [ -n "$config" ]; then
	mkdir -p .cargo
	printf '%s' "$config" >.cargo/config.toml
fi
printf '%s' "$sources" >/tmp/sources.toml

# As many vertices compile at a time as the machine has processors, and one
# that waits for its turn to link or to read. BuildKit starts all that are
# ready. One of those waiting, the holder of the gate, looks for a free slot;
# the kernel frees the slot of a container that dies.
if [ -d /slots ] && command -v flock >/dev/null; then
	slots=$(($(nproc) + 1))
	exec 9>/slots/gate
	flock 9
	slot=
	while [ -z "$slot" ]; do
		i=0
		while [ "$i" -lt "$slots" ]; do
			exec 8>"/slots/$i"
			if flock -n 8; then
				slot=$i
				break
			fi
			i=$((i + 1))
		done
		[ -n "$slot" ] || sleep 0.2
	done
	exec 9>&-
fi
started=$(date +%s%3N)
: >/tmp/begun

printf '%s' "$crates" | while read -r mount dir sum; do
	to=/build/vendor/$dir
	rm -rf "$to"
	mkdir -p "$to"
	tar -xzf /crates/"$mount"/*.crate -C "$to" --strip-components=1 -o || {
		echo "error: the crate ${dir#*/} cannot be unpacked" >&2
		exit 1
	}
	rm -rf "$to/.cargo-checksum.json"
	printf '{"files":{},"package":"%s"}' "$sum" >"$to/.cargo-checksum.json"
	printf '%s\0' "$to"
done >/tmp/unpacked
# Cargo packs plain files only; a link could lead anywhere. And one time for
# all files: build scripts compare them with their outputs.
xargs -0 -r sh -c 'find "$@" ! -type f ! -type d -exec rm -f {} +; find "$@" -exec touch -h -d @1153704088 {} +' sh </tmp/unpacked
printf '%s' "$placeholders" | while read -r dir name version features; do
	to=/build/vendor/$dir/$name-$version
	mkdir -p "$to"
	printf '[package]\nname = "%s"\nversion = "%s"\n[lib]\npath = "lib.rs"\n[features]\n' "$name" "$version" >"$to/Cargo.toml"
	for feature in $features; do printf '"%s" = []\n' "$feature"; done >>"$to/Cargo.toml"
	echo 'compile_error!("not compiled here");' >"$to/lib.rs"
	printf '{"files":{},"package":null}' >"$to/.cargo-checksum.json"
done

# The toolchain's own binaries: rustup's proxies cost time at every call.
PATH=$(cat /probe/sysroot)/bin:$PATH
# What rustc can do is the same for all third-party units; see probe.sh.
if [ "$kind" = dependency ] && [ -f /probe/rustc_info.json ]; then
	mkdir -p /build/target
	cp /probe/rustc_info.json /build/target/.rustc_info.json
fi
age_watched /build/watched/*
mkfifo /tmp/said
tee /tmp/log </tmp/said >&2 &
status=0
cargo --config /tmp/sources.toml "$@" --offline 2>/tmp/said || status=$?
wait
if [ "$status" -ne 0 ]; then
	# Two vertices compiled a crate whose output is never the same.
	! grep -q 'possibly newer version of crate' /tmp/log || exit 76
	[ "$kind" = member ] || exit 76
	# An error with a code is about the code, unless a file was not there.
	if ! grep -q '^error\[E' /tmp/log || grep -q -e "couldn't read" -e 'No such file' -e 'build command' /tmp/log; then
		exit 77
	fi
	exit "$status"
fi

# Everything new but what is the stubs': all their names begin alike.
cd /build
find target -name '*rustfile[-_]stub[-_]*' -prune -o \( ! -type d -o -empty \) -cnewer /tmp/begun \
	! -name .rustc_info.json ! -name .cargo-lock ! -name CACHEDIR.TAG -print >/tmp/new
tar -cf - -T /tmp/new | tar -xf - -C /out
# Later than every source, and the same for all: cargo takes an output for
# stale when a source, or an output it was made from, is newer.
[ ! -d /out/target ] || find /out/target -exec touch -h -d @1230768000 {} +

# Copies of a crate what cargo looks at when it finds it fresh.
manifest_only() {
	mkdir -p "$2"
	cp -a "$1/Cargo.toml" "$2/Cargo.toml.in"
	cp -a "$1/.cargo-checksum.json" "$2/"
	awk -f /rustfile/library-only.awk "$2/Cargo.toml.in"
	rm "$2/Cargo.toml.in"
	# Cargo looks for the library and the script that a manifest does not spell out.
	for file in src/lib.rs build.rs; do
		if [ -f "$1/$file" ]; then
			mkdir -p "$(dirname "$2/$file")"
			echo 'compile_error!("not compiled here");' >"$2/$file"
		fi
	done
}
# What build scripts say about their crates' files.
grep '/output$' /tmp/new | while read -r file; do cat "$file"; done >/tmp/outputs || true
watched_files /tmp/outputs >/tmp/elsewhere
if [ -s /tmp/elsewhere ]; then
	mkdir -p /out/watched
	cp /tmp/elsewhere "/out/watched/$vertex"
fi
grep -v '^cargo::\{0,1\}rerun-if-' /tmp/outputs >/tmp/printed || true
printf '%s' "$crates" | while read -r mount dir sum; do
	from=/build/vendor/$dir to=/out/vendor/$dir
	mkdir -p "${to%/*}"
	# Some tell their dependents where their headers are, or read their own
	# directory when a macro of theirs runs.
	if grep -q '^links *=' "$from/Cargo.toml" || grep -q -F "$from" /tmp/printed ||
		{ grep -q '^proc-macro *= *true' "$from/Cargo.toml" && grep -rqF CARGO_MANIFEST_DIR "$from/src" 2>/dev/null; }; then
		cp -a "$from" "$to"
	else
		manifest_only "$from" "$to"
	fi
	# The files that the crate's own script watches. One that does not exist
	# would make cargo run the script in every build; here it can never appear.
	name=$(sed -n 's/^name *= *"\(.*\)"$/\1/p' "$from/Cargo.toml" | head -n 1)
	{ grep "/build/$name-[0-9a-f]*/output\$" /tmp/new || true; } | while read -r file; do
		sed -n 's/^cargo::\{0,1\}rerun-if-changed=//p' "$file"
	done | sort -u >/tmp/watched
	while read -r watched; do
		case $watched in
		"$from"/*) watched=${watched#"$from"/} ;;
		/*) continue ;;
		esac
		case /$watched/ in */../*) continue ;; esac
		if [ -d "$from/$watched" ]; then
			mkdir -p "$to/$watched"
		elif [ ! -e "$to/$watched" ] && mkdir -p "$(dirname "$to/$watched")"; then
			: >"$to/$watched"
		fi
	done </tmp/watched
done
[ ! -d /out/vendor ] || find /out/vendor -exec touch -h -d @1153704088 {} +
mkdir -p /out/times
printf '%s %s\n' "$started" "$(date +%s%3N)" >"/out/times/$vertex"
