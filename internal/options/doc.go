// Package options reads what the user asked for from the two places where it
// can be written, which mean the same: the TOML body of the Rustfile and the
// build arguments. A build argument wins over the Rustfile.
//
// Every key is one row of the table in keys.go and one parse function, which
// serves both places; docs/reference.md has the same table and a test keeps
// the two equal. A value is checked with cargo's own rules the moment it is
// read, so that what reaches a command line later can neither be taken for a
// flag nor name a file outside the project. Nothing unknown is ignored: a
// misspelt option that silently changes nothing costs more than an error.
//
// The package is pure: bytes and strings in, a struct or an error out. It
// imports internal/cargo for spans and errors, a TOML parser, the image
// reference grammar and BuildKit's util/suggest, which has no dependency on the
// rest of BuildKit.
package options
