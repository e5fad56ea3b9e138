#!/bin/sh
# Stands for a C compiler, which rustc also links with, and calls zig. The name
# that it is called by says what it is; the file settings, in the directory above
# the commands', has the path of zig, its target, rustc's triple, whether that is
# of the machine that builds, and the directory of the architecture's libraries.
set -eu
tools=${0%/*} name=${0##*/}
. "$tools/../settings"
# zig calls no other program, so nothing needs to find these commands from here on.
case :$PATH: in
*":$tools:"*)
	rest=:$PATH:
	PATH=${rest%%":$tools:"*}:${rest#*":$tools:"}
	PATH=${PATH#:} PATH=${PATH%:}
	;;
esac
export ZIG_GLOBAL_CACHE_DIR=/zig-cache ZIG_LOCAL_CACHE_DIR=/tmp/zig-cache

if [ -n "$native" ]; then
	# Build scripts and procedural macros have the same compiler. What belongs to
	# the target lies in its directory: the output of rustc, and OUT_DIR, below
	# which a build script works.
	place= last=
	for arg; do
		[ "$last" != -o ] || place=$arg
		last=$arg
	done
	case $place in
	/build/target/*) ;;
	*) place=${OUT_DIR-}/ ;;
	esac
	case $place in
	"/build/target/$triple/"*) ;;
	*) exec "$name" "$@" ;;
	esac
fi

case $name in
*ar) exec "$command" ar "$@" ;;
*++) driver=c++ ;;
*) driver=cc ;;
esac

# zig takes what clang does, but for these.
compiles= crypto=
count=$#
while [ "$count" -gt 0 ]; do
	arg=$1
	shift
	count=$((count - 1))
	case $arg in
	-c | -E | -S) compiles=1 ;;
	# The unwinder is linked into the program.
	-lgcc_s) arg=-lunwind ;;
	# zig brings this library by itself.
	-lgcc | -lgcc_eh) continue ;;
	# The target is given below, and zig has its own linker.
	--target=* | -fuse-ld=* | -B/* | -m32 | -m64 | -mabi=*) continue ;;
	# Options of linkers that zig does not know and that change nothing here.
	-Wl,--no-undefined-version | -Wl,-znostart-stop-gc | -Wl,-z,nostart-stop-gc | -Wl,-O[0-9] | -Wl,--fix-cortex-a53-843419 | -Wl,-plugin-opt*) continue ;;
	-Wl,--undefined=*) arg=-Wl,-u,${arg#-Wl,--undefined=} ;;
	# A file, such as a static library between --whole-archive and its end.
	-Wl,/*) arg=${arg#-Wl,} ;;
	-Wp,-MD* | -Wp,-MMD* | -Wp,-MT*) ;;
	-Wp,*) continue ;;
	# The symbols of this one are in zig's own on ARM.
	*/libcompiler_builtins-*.rlib) case $zig in arm-*) continue ;; esac ;;
	# zig names processors its own way.
	-march=*)
		value=${arg#-march=}
		case $zig in
		aarch64-*)
			case $value in *+crypto*) crypto=$arg ;; esac
			arg=-mcpu=generic$(printf %s "$value" | sed -e 's/^[^+]*//' -e 's/+fp16/+fullfp16/g' -e 's/+simd/+neon/g' -e 's/+fp\(+\|$\)/+fp_armv8\1/g' -e 's/+no/-/g' -e 's/-$//')
			;;
		x86_64-*) arg=-march=$(printf %s "$value" | tr - _) ;;
		*) continue ;;
		esac
		;;
	-mcpu=* | -mtune=*)
		value=${arg#*=}
		arg=${arg%%=*}=$(printf %s "$value" | tr - _)
		;;
	esac
	set -- "$@" "$arg"
done
[ -z "$crypto" ] || set -- "$@" -Xassembler "$crypto"

# The builder's libraries and their headers, after zig's own; the headers of its
# C library are found in zig first.
if [ -z "$compiles" ]; then
	[ ! -d "/usr/lib/$multiarch" ] || set -- "$@" "-L/usr/lib/$multiarch"
fi
set -- "$@" -idirafter "/usr/include/$multiarch" -idirafter /usr/include
# In code that is not optimised zig looks for undefined behaviour, with a library
# that programs of other compilers do not have.
exec "$command" "$driver" -target "$zig" -fno-sanitize=all -Wno-unused-command-line-argument "$@"
