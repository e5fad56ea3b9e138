// Package depcheck holds the rules of how this module is built, as a test: who
// may import what, where no clock may be read, that everything exported is
// documented, and how long files and functions may be.
//
// The direction of imports is the design: what decides (cargo, options, plan)
// knows nothing of BuildKit, what emits (llbgen) knows no daemon, and the
// gateway is spoken to in one place. Such a rule lasts as long as something
// fails when it is broken.
//
// The package has no code. Its test imports the standard library only.
package depcheck
