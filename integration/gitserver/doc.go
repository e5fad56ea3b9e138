// Package gitserver serves git repositories on loopback, so that a test can
// build a git dependency without a network: that of the git-dep example by git's
// own protocol, and any over ssh to whoever has the right key.
//
// It imports the standard library and x/crypto/ssh, and runs git. The hard idea: a Cargo.lock
// pins a URL and a commit, and both are in a file of this repository, so the
// served repository must be the same on every machine. Hence the fixed port, and
// commits made with git's plumbing from contents, names, dates and messages
// alone: neither the user's configuration nor the mode or time of a file reaches
// them.
package gitserver
