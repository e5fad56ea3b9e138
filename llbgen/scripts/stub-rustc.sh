#!/bin/sh
# Cargo runs this in place of rustc (RUSTC_WORKSPACE_WRAPPER, RUSTC_WRAPPER).
# Questions about the compiler and other packages than stubs are passed on; the
# compilation of a stub writes files that look like its output to cargo and hold
# nothing. A program among them exits at once, because cargo runs build scripts.
case ${CARGO_PKG_NAME:-rustfile-stub-} in
rustfile-stub-*) ;;
*) exec "$@" ;;
esac
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
