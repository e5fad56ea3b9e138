#!/bin/sh
# Gives out what the image's package manager notes about what is installed.
# Arguments: pairs of a file and the name that it gets in /out.
set -eu
while [ "$#" -gt 0 ]; do
	[ ! -f "$1" ] || cp "$1" "/out/$2"
	shift 2
done
