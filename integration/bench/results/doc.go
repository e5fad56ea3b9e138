// Package results holds what a benchmark run measured and turns it into a report: a table of the goals, a table per
// project, charts, and a JSON file that a later run can add to. It is pure but for reading and writing those files, and
// imports packages schedule and chart besides the standard library.
//
// The hard idea is that a figure never stands alone. Machines drift, so that times are compared within one run only,
// as ratios to cargo-chef and to plain cargo; a goal is judged by the median of such ratios over the projects, and a
// goal that was not measured is not met.
package results
