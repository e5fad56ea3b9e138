// Package standin decides where the base images of a build come from. When docker.io answers, they are simply
// pulled. When it does not, a registry on the loopback interface serves look-alikes under the same names:
//
//   - library/debian:<suite>-slim, made with mmdebstrap from Debian's own packages;
//   - library/rust:<channel>-<suite>, the packages of the official image that Rust builds need, plus the
//     host's Rust toolchain (or Debian's rustc and cargo where the host has none);
//   - on demand library/golang:<version>-<suite> with the host's Go, and lukemathwalker/cargo-chef with a
//     cargo-chef installed from crates.io.
//
// The hard idea is that a look-alike must not be more helpful than the real image: the same paths, the same
// environment, the same packages missing (debian:<suite>-slim has no CA certificates, for one), and the version
// that rustc itself reports in the name of the toolchain's directory. What it cannot be is the same bytes, so
// every look-alike carries a label that says what it is made of and [Standin.Describe] says it on screen.
//
// Images are made once, kept as OCI layouts keyed by what they are made of, and served from there without a
// copy. RUSTFILE_STANDIN=always uses look-alikes even where docker.io can be reached, RUSTFILE_STANDIN_RUST=debian
// uses Debian's Rust even where the host has one.
//
// The package imports go-containerregistry and the standard library, and nothing of BuildKit.
package standin
