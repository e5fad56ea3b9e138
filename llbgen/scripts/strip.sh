# Takes symbols or debug information out of programs, as the words in
# /rustfile/strip-mode say: "split" moves debug information to /out/debug, and
# "strip" removes all symbols. The programs are copies of cargo's, which finds
# its own unchanged.

# GNU's objcopy may know other machines only; Rust's own knows all, does not find
# its libraries by itself, and is not in every toolchain; a cross compiler brings
# one.
objcopy_any() {
	sysroot=$(cd / && rustc --print sysroot)
	for objcopy in objcopy rust-objcopy llvm-objcopy $(ls "$sysroot"/lib/rustlib/*/bin/rust-objcopy /usr/bin/*-objcopy 2>/dev/null); do
		! LD_LIBRARY_PATH=$sysroot/lib "$objcopy" "$@" 2>/tmp/objcopy || return 0
	done
	cat /tmp/objcopy >&2
	echo "error: the builder image has no objcopy for the program, which strip and debug need; packages.build = [\"binutils\"] installs one" >&2
	exit 1
}

# strip_program NAME changes /out/bin/NAME.
strip_program() {
	what=--strip-debug
	case " $(cat /rustfile/strip-mode) " in *" strip "*) what=--strip-all ;; esac
	link=
	case " $(cat /rustfile/strip-mode) " in *" split "*)
		mkdir -p /out/debug
		objcopy_any --only-keep-debug "/out/bin/$1" "/out/debug/$1.debug"
		link=--add-gnu-debuglink="/out/debug/$1.debug"
		;;
	esac
	objcopy_any "$what" "/out/bin/$1" /tmp/stripped
	# Debuggers look for the file by its name and check its content.
	if [ -n "$link" ]; then
		objcopy_any "$link" /tmp/stripped /tmp/linked
		mv /tmp/linked /tmp/stripped
	fi
	cat /tmp/stripped >"/out/bin/$1"
}
