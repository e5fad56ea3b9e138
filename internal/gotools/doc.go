// Package gotools builds the programs that BuildKit needs (buildkitd, buildctl, runc, docker-buildx)
// from the tool directives in go.mod, so that a Go toolchain and a C compiler are all a machine has to bring.
//
// The hard idea is seccomp. BuildKit gives every container a seccomp profile as soon as the kernel knows
// seccomp, but a runc that was compiled without libseccomp refuses any profile. Where libseccomp's headers
// are installed runc is built with them; where they are not, package runcshim is built as well: it takes the
// profile out of the container's configuration and then becomes runc. [Set.Seccomp] tells which happened.
//
// It imports the standard library and a file lock only.
package gotools
