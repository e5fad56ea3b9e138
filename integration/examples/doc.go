// Package examples reads the expectation files of the example projects, so that
// every test that builds one (golden plan, image, rebuild) works from the same
// list of cases. It also reads the projects that a build must refuse, and
// computes the source hash that the selfhash fixture prints.
//
// It imports the standard library only; its tests also import gitserver. The
// hard idea is small: an expectation that is misspelt must fail the test that
// reads it, so decoding refuses unknown fields and [Example] is validated as a
// whole before a case is handed out.
package examples
