// Package schedule decides what a benchmark run does, step by step, before anything runs: which builds are measured,
// what state a project is in for each of them, and where the daemon is emptied. It is plain data made by one pure
// function, [Plan]; it imports the standard library alone.
//
// The hard idea is that every measured build must find exactly what its row says, and that contenders that are compared
// run side by side, because machines drift. The steps of a round therefore go row by row, and within a row contender
// by contender, beginning with another one in each round. Variants of rustfile would serve each other from the
// daemon's cache, so each of them has a lane of its own: a lane begins with an empty daemon and holds one variant. What
// a bump adds to the daemon is removed after it was measured, so that every bump starts from the same cache.
package schedule
