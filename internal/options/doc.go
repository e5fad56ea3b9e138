// Package options reads what the user asked for from the places where it can
// be written, which mean the same: the TOML body of the Rustfile, the tables
// package.metadata.rustfile and workspace.metadata.rustfile of Cargo manifests,
// and the build arguments.
//
// Every key is one row of the tables in keys.go and imagekeys.go and one parse
// function, which serves all places; docs/reference.md and the JSON schema have
// the same rows, and tests keep them equal. A value is checked with cargo's own
// rules the moment it is read, so that what reaches a command line later can
// neither be taken for a flag nor name a file outside the project. Nothing
// unknown is ignored: a misspelt option that silently changes nothing costs
// more than an error.
//
// The places are layers: the Rustfile and the arguments say which manifest is
// read, and only then are the tables of the manifests known, which give way to
// them. So Parse keeps the layers it has read, and With sets all of them again,
// from the one that gives way to the one that wins. Tables with keys of the
// user's own, such as env, are put together key by key; of any other option one
// layer wins.
//
// The package is pure: bytes and strings in, a struct or an error out. It
// imports internal/cargo for TOML with places and for errors, a TOML parser,
// the image reference grammar and BuildKit's util/suggest, which has no
// dependency on the rest of BuildKit.
package options
