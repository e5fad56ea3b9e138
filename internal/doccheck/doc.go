// Package doccheck holds the rules of what the documentation may claim, as a
// test: a link leads to a file and a heading that exist, and a row of
// docs/features.md names tests that exist and explains itself in
// docs/reference.md.
//
// A table of features is believed as long as nothing in it can be checked. Here
// the proof of a row is the name of a test, and a test that is renamed or
// removed takes the row with it.
//
// The package has no code. Its test imports the standard library only.
package doccheck
