// Package report says what a build compiled and why: the freshness report that
// the frontend hands to the client with the image, that "rustfile build" prints
// at its end, and that "rustfile explain" shows as text, JSON or a page.
//
// The hard part is [Compare]. A build knows which of its units came from the
// cache and which did not, and nothing of the build before it; the reason for a
// compile is only in the difference of two reports. Package ids do not help to
// find the same unit in both, since the version is part of them and is just
// what changes. So units are paired by name and side (host or target), the
// closest first, and a unit whose own inputs are equal is explained by the
// units at the far end of its changed dependencies, not by the hundred in
// between.
//
// Every name in a report is from a lock file or a registry, and so from
// strangers: text is written without control characters, the page through
// html/template and under a content security policy that runs its own script
// alone and loads nothing.
//
// The package reads no clock, file or network, and imports the standard library
// and docker/go-units, which writes sizes.
package report
