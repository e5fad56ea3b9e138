# Runs a command of an image for a test and notes what it did, in files that
# are read when it has ended. No program is there but the image's own, so only
# what is built into the shell is used.
# Arguments: how many variables follow, those as NAME=VALUE, the command.
out=/.rustfile/out/w
count=$1
shift
(
	while [ "$count" -gt 0 ]; do
		export "$1"
		shift
		count=$((count - 1))
	done
	unset PWD OLDPWD SHLVL # the shell's own
	exec "$@"
) </dev/null >"$out/stdout" 2>"$out/stderr"
status=$?
echo "$status" >"$out/status"

# Shows the begin of what was written.
show() {
	lines=0
	while IFS= read -r line || [ -n "$line" ]; do
		printf '%s\n' "$line"
		lines=$((lines + 1))
		[ "$lines" -lt 200 ] || break
	done <"$1"
}
show "$out/stdout"
show "$out/stderr" >&2
echo "status $status"
