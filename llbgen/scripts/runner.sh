#!/bin/sh
# Puts the shell of the image into /out, with the libraries that it is linked
# with, its loader and the script that it is to run, so that it can be started
# in any other image of the machine: ld.so --library-path lib sh test.sh.
set -eu
shell=/bin/sh
mkdir /out/lib /out/out
cp -L "$shell" /out/sh
cp /rustfile/test.sh /out/test.sh
# Lines are "NAME => PATH (ADDRESS)", and for the loader "PATH (ADDRESS)".
if ! list=$(ldd "$shell"); then
	echo "error: the shell of the builder image is not linked dynamically, and tests cannot be run with it" >&2
	exit 79
fi
printf '%s\n' "$list" | while read -r name arrow path _; do
	case $arrow in
	"=>") [ ! -f "$path" ] || cp -L "$path" "/out/lib/$name" ;;
	*) case $name in /*) cp -L "$name" /out/ld.so ;; esac ;;
	esac
done
[ -f /out/ld.so ]
