// Package imagelock reads and writes the file that pins base images: which
// digest each reference stood for when `rustfile update` last asked the
// registry. Builds then use the same images until somebody updates the file, as
// they use the same crates until somebody updates Cargo.lock.
//
// The digests are those of the index where an image has one, so that one line
// is for all platforms.
//
// The package imports internal/cargo for errors with a place, a TOML parser and
// the grammars of references and digests. It is pure.
package imagelock
