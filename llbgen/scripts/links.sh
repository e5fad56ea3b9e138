#!/bin/sh
# A link out of the build context would lead to some file of this container.
find /src -type l -exec sh -c 'for link do
	case $(readlink -f "$link") in
	/src | /src/*) ;;
	*)
		echo "warning: $link is a symbolic link that leaves the build context, to $(readlink "$link"), and is left out" >&2
		rm "$link"
		;;
	esac
done' sh {} +
