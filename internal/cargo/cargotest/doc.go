// Package cargotest compares the model of package cargo with what the real
// cargo says of the same project. It is imported by tests only, and imports
// package cargo and the standard library.
//
// `cargo metadata` is the referee. Without dependencies it needs neither
// network nor sources, so the manifests are always compared; the locked graph
// is compared when cargo can resolve it, which needs the index and the crates
// in its cache or a network.
package cargotest
