// Package scratch makes temporary directories that do not pile up: a process that is killed (by a test timeout, for
// one) cannot remove its own, so the next process that asks for one of the same kind removes it. A directory is
// alive as long as its process holds the lock in it. Standard library and a file lock only.
package scratch
