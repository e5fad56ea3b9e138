#!/bin/sh
# Has cargo write the lock file of the workspace in the working directory, and
# puts it into /out. The arguments are cargo's. Nothing is compiled.
set -eu
PATH=$(cd / && rustc --print sysroot)/bin:$PATH
if [ -e /rustfile/ssh.toml ]; then
	set -- "$@" --config /rustfile/ssh.toml
fi
if [ -e /rustfile/git-token.sh ]; then
	# Cargo's git reads git's configuration.
	export XDG_CONFIG_HOME=/tmp/rustfile-git
	mkdir -p "$XDG_CONFIG_HOME/git"
	printf '[credential]\n\thelper = /rustfile/git-token.sh\n' >"$XDG_CONFIG_HOME/git/config"
fi
# A wrapper of the project's configuration is not there, and neither is a
# program that keeps tokens.
RUSTC_WRAPPER='' RUSTC_WORKSPACE_WRAPPER='' CARGO_NET_OFFLINE=false \
	CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS=cargo:token cargo "$@"
mkdir -p /out
cp Cargo.lock /out/Cargo.lock
touch -d @1153704088 /out/Cargo.lock
