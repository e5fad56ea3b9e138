// Package auditable writes and reads the list of packages that a program
// carries about itself, in the form of cargo-auditable: zlib-compressed JSON in
// an ELF section. Scanners such as trivy, grype, syft and osv-scanner read it.
//
// The hard idea is that the list is a fact of the plan and not of the
// compilation. cargo-auditable wraps rustc and links an object with the list
// into the program; here the section is added to the linked program, so that no
// compile vertex knows of it and no byte that is loaded into memory moves.
//
// The package imports internal/plan and nothing of BuildKit. It is pure.
package auditable
