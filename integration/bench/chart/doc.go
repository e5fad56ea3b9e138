// Package chart draws horizontal bars as SVG, as a pure function of its data and with nothing but the standard library.
//
// The hard idea is that a drawing must be readable wherever a Markdown page shows it: it has no background of its own,
// and its colours follow the reader's light or dark scheme through a media query in the drawing itself.
package chart
