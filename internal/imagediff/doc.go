// Package imagediff finds an image, in a registry, an OCI layout or an archive,
// and says in what two images differ: fields of the configuration, and paths of
// layers with what is different about each; of programs it names the sections.
//
// Two images are the same when their configurations have the same digest. The
// configuration holds the digests of the uncompressed layers, so what differs
// beside it is how layers are compressed and how media types are called, which
// whoever copies an image may change.
//
// It may import what reads images and the standard library, and nothing of
// BuildKit.
package imagediff
