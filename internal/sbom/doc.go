// Package sbom writes the bill of materials of an image: the crates that its
// binaries are made of, the binaries themselves, the packages of the operating
// system and the images that it was made from and with. [SPDX] and [CycloneDX]
// write the same [Document] in two forms.
//
// The hard idea is that the document is part of what a build reproduces. It
// holds no time of its own and no random name: its namespace is a digest of its
// contents. And it must not say more than is known: a license is repeated only
// when it is an SPDX expression, a local package has no package URL, because one
// would name whatever crates.io has under the same name.
//
// The package imports internal/plan and internal/rootfs, the libraries of the two formats and
// BuildKit's util/purl, and nothing that talks to a daemon. It is pure;
// [SystemPackages] reads what it is given.
package sbom
