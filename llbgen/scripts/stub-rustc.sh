#!/bin/sh
# Cargo runs this in place of rustc for the packages of the stub workspace
# (RUSTC_WORKSPACE_WRAPPER). Questions about the compiler are passed on; a
# compilation writes files that look like its output to cargo and hold nothing.
# A program among them exits at once, because cargo runs build scripts.
out= name= types= extra= previous=
for arg in "$@"; do
	case $previous in
	--out-dir) out=$arg ;;
	--crate-name) name=$arg ;;
	--crate-type) types="$types $arg" ;;
	-C) case $arg in extra-filename=*) extra=${arg#extra-filename=} ;; esac ;;
	esac
	previous=$arg
done
[ -n "$out" ] || exec "$@"
for type in $types; do
	case $type in
	bin)
		printf '#!/bin/sh\nexit 0\n' >"$out/$name$extra"
		chmod 755 "$out/$name$extra"
		;;
	proc-macro | dylib | cdylib) : >"$out/lib$name$extra.so" ;;
	staticlib) : >"$out/lib$name$extra.a" ;;
	*) : >"$out/lib$name$extra.rlib" ;;
	esac
	: >"$out/lib$name$extra.rmeta"
done
printf '%s:\n' "$out/$name$extra.d" >"$out/$name$extra.d"
