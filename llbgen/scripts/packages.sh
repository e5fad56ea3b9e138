#!/bin/sh
# Adds packages of its own distribution to the builder image.
# Arguments: how many foreign architectures follow, those, the packages.
# Exit codes: 78 when the image has no package manager that this script knows,
# 150 and up when package 0 and up is not known to it.
set -eu
count=$1
shift
cache=/var/cache/rustfile-packages
log=/tmp/rustfile-packages.log
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

# Runs a command, shows what it says and keeps it.
said() {
	mkfifo "$log.pipe"
	tee -a "$log" <"$log.pipe" >&2 &
	status=0
	"$@" >"$log.pipe" 2>&1 || status=$?
	wait
	rm "$log.pipe"
	return "$status"
}

# Ends with the number of the first package that the manager did not find.
# Arguments: the words before and after a package's name, the packages.
unknown() {
	before=$1 after=$2 number=0
	shift 2
	for package; do
		if grep -q -x -F -e "$before$package$after" "$log" && [ "$number" -lt 100 ]; then
			exit $((150 + number))
		fi
		number=$((number + 1))
	done
}

# The image's own settings would delete what was downloaded, and the lists of
# other suites that share the cache. Apt's index of the lists is of use to the
# next apt only, and 80 MB.
apt() {
	apt-get -q -o "Dir::Cache::archives=$cache/archives" -o "Dir::State::lists=$cache/lists" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o APT::Get::List-Cleanup=false -o APT::Keep-Downloaded-Packages=true -o Dpkg::Use-Pty=false "$@"
}

with_apt() {
	while [ "$count" -gt 0 ]; do
		dpkg --add-architecture "$1"
		shift
		count=$((count - 1))
	done
	mkdir -p "$cache/archives/partial" "$cache/lists/partial"
	# Apt downloads as a user of its own, whose number differs between images.
	chown _apt "$cache/archives/partial" "$cache/lists/partial" 2>/dev/null || true
	said apt update
	if ! said apt install --yes --no-install-recommends -- "$@"; then
		unknown "E: Unable to locate package " "" "$@"
		unknown "E: Package '" "' has no installation candidate" "$@"
		exit 100
	fi
	# What differs from one run to the next, and nothing reads.
	rm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache \
		/var/cache/debconf/*-old /var/lib/dpkg/*-old
}

with_apk() {
	while [ "$count" -gt 0 ]; do
		shift
		count=$((count - 1))
	done
	if ! said apk add --no-cache --no-progress "$@"; then
		unknown "  " " (no such package):" "$@"
		exit 100
	fi
}

machine_id=absent
[ ! -e /etc/machine-id ] || machine_id=present
if command -v apt-get >/dev/null; then
	with_apt "$@"
elif command -v apk >/dev/null; then
	with_apk "$@"
else
	echo "error: the builder image has no apt-get and no apk to install packages with" >&2
	exit 78
fi
[ "$machine_id" = present ] || rm -f /etc/machine-id /var/lib/dbus/machine-id
rm -f "$log"
