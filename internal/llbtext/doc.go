// Package llbtext prints an LLB definition as text that stays the same for the
// same graph, for golden tests and for reading.
//
// A definition names its vertices by digest, so one changed byte changes the
// names of everything above it, and a diff of two definitions shows the whole
// graph. Here vertices are numbered in the order in which a walk from the
// result meets them, inputs first, and every reference is a number: a diff
// shows the vertex that changed. What BuildKit's client makes up for each run
// (unique and session ids, progress group ids) is left out.
//
// The package imports BuildKit's client/llb and solver/pb, which are the
// format's definition, and nothing that talks to a daemon.
package llbtext
