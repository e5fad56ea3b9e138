#!/bin/sh
# Builds the real workspace and copies its binaries to /out/bin.
# Arguments: the directory cargo puts binaries into, how many binaries follow,
# their names, cargo's arguments.
set -eu
dir=$1
count=$2
shift 2
names=
while [ "$count" -gt 0 ]; do
	names="$names $1"
	shift
	count=$((count - 1))
done
. /rustfile/links.sh
[ ! -f /rustfile/repository.sh ] || . /rustfile/repository.sh
[ ! -f /rustfile/strip.sh ] || . /rustfile/strip.sh
. /rustfile/watched.sh
age_watched /build/watched/* /build/target/.rustfile-watched
PATH=$(cd / && rustc --print sysroot)/bin:$PATH
started=$(date +%s%3N)
# What cargo says is shown, and searched for units that it could not find fresh.
mkfifo /tmp/said
tee /tmp/log </tmp/said >&2 &
status=0
cargo --config /rustfile/sources.toml "$@" --locked --offline --message-format json-render-diagnostics >/tmp/messages 2>/tmp/said || status=$?
wait
if [ "$status" -ne 0 ]; then
	# Crates are here as manifests alone when their units are compiled already.
	if grep -q -e 'not compiled here' -e "couldn't read .*/build/vendor/" /tmp/log; then
		exit 75
	fi
	# Two vertices compiled a crate whose output is never the same.
	! grep -q 'possibly newer version of crate' /tmp/log || exit 76
	exit "$status"
fi
again=$(grep '"reason":"compiler-artifact"' /tmp/messages | grep -v '"package_id":"path+' | grep -c '"fresh":false' || true)
if [ "$again" -gt 0 ]; then
	echo "warning: $again third-party units were compiled again; the dependency vertex did not match" >&2
fi
mkdir -p /out/bin
# For the report: when what was compiled, and from which sources.
if [ -f /rustfile/members ]; then
	for file in /build/times/*; do
		[ ! -f "$file" ] || printf 'time %s %s\n' "$(cat "$file")" "${file##*/}"
	done >/out/record
	while read -r member; do
		digest=$(cd "/src/$member" && find . -type f -exec sha256sum {} + | sort -k 2 | sha256sum)
		printf 'source %s %s\n' "${digest%% *}" "$member"
	done </rustfile/members >>/out/record
	printf 'time %s %s binaries\n' "$started" "$(date +%s%3N)" >>/out/record
fi
# Adds to a program the list of its packages. No byte that is loaded into memory
# changes, and strip keeps the section. GNU's objcopy may know other machines
# only; Rust's own knows all, does not find its libraries by itself, and is not in
# every toolchain; a cross compiler brings one.
add_packages() {
	sysroot=$(cd / && rustc --print sysroot)
	for objcopy in objcopy rust-objcopy llvm-objcopy $(ls "$sysroot"/lib/rustlib/*/bin/rust-objcopy /usr/bin/*-objcopy 2>/dev/null); do
		if LD_LIBRARY_PATH=$sysroot/lib "$objcopy" --add-section ".dep-v0=/rustfile/packages-$1" "/out/bin/$1" /tmp/audited 2>/dev/null; then
			cat /tmp/audited >"/out/bin/$1"
			return
		fi
	done
	echo "the builder image has no objcopy for the program $1, so the program has no list of its packages" | tee -a /out/warnings >&2
}
# Linkers write the time, and a sum that it is a part of, into programs for
# Windows; zeros stand for none of either. The header's place is at byte 60.
without_time() {
	header=$(od -An -tu4 -j60 -N4 "$1" | tr -d ' ')
	for field in 8 88; do
		printf '\0\0\0\0' | dd of="$1" bs=1 seek=$((header + field)) conv=notrunc 2>/dev/null
	done
}
for name in $names; do
	program=$dir/$name
	for suffix in .wasm .exe .efi; do
		[ -f "$program" ] || program=$dir/$name$suffix
	done
	# An empty or missing program must never become a cached result.
	case $(head -c 4 "$program" | od -An -tx1 | tr -d ' ') in
	7f454c46 | 0061736d | 4d5a*) ;;
	*)
		echo "error: cargo reported success, but $dir/$name is not a program" >&2
		exit 1
		;;
	esac
	cp "$program" "/out/bin/$name"
	[ ! -f /rustfile/strip.sh ] || strip_program "$name"
	[ ! -f "/rustfile/packages-$name" ] || add_packages "$name"
	case $program in *.exe | *.efi) without_time "/out/bin/$name" ;; esac
done
# For the SBOM; SPDX wants both.
(cd /out/bin && sha1sum $names && sha256sum $names) >/out/sums
