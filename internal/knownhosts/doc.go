// Package knownhosts reads the public keys by which ssh knows a server, in the
// form of OpenSSH's known_hosts file, and has those of the large git hosts.
//
// BuildKit hands the lines to the daemon's ssh, which compares keys itself. What
// is left to decide here is whether any line is about a server: without lines
// BuildKit accepts whatever key a server shows, so a build must not begin then.
// The hard idea is the names, which may be lists, patterns, exceptions from
// patterns, and hashes.
//
// The package is pure and imports the standard library and x/crypto/ssh, for
// the form of keys.
package knownhosts
