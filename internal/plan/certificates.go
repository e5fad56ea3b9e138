package plan

import (
	"slices"

	"github.com/rustfile/rustfile/internal/options"
)

// When an image gets CA certificates: the constants of type When of
// internal/runtimeneeds, which decides by what the programs hold.
const (
	certificatesNever  = ""
	certificatesAsked  = "asked"
	certificatesAlways = "always"
)

// whenCertificates says when the image gets CA certificates.
func whenCertificates(o *options.Options) string {
	switch {
	case o.CACertificates == nil:
		return certificatesAsked
	case *o.CACertificates:
		return certificatesAlways
	}
	return certificatesNever
}

// readers are crates that look for the system's CA certificates, each of them
// for many others: reqwest, hyper-tls, ureq, sqlx and git2 have one of them where
// they use the system's certificates.
var readers = []string{"boring-sys", "curl-sys", "gnutls-sys", "native-tls", "openssl-probe", "openssl-sys", "rustls-native-certs", "s2n-tls-sys"}

// ShipsMore reports whether the image has files beside the programs and its
// base, among which there could be any program.
func (p *Plan) ShipsMore() bool {
	return len(p.Image.Packages) > 0 || len(p.Image.Steps) > 0 || len(p.Image.Assets) > 0
}

// LikelyCertificates guesses, before there is a program to look into, whether
// the image gets CA certificates where its base has none.
func (p *Plan) LikelyCertificates() bool {
	switch {
	case p.Image.CACertificates != certificatesAsked:
		return p.Image.CACertificates == certificatesAlways
	case p.ShipsMore():
		return true
	}
	return slices.ContainsFunc(p.Sources.Crates, func(c Crate) bool { return c.InClosure && slices.Contains(readers, c.Name) })
}
