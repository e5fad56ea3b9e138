package options

import (
	"slices"
	"testing"
)

func TestLocked(t *testing.T) {
	for _, tc := range []struct {
		name, file string
		args       map[string]string
		unlocked   bool
		flags      []string
	}{
		{"nothing", "", nil, false, nil},
		{"the file", "locked = false", nil, true, nil},
		{"an argument", "", map[string]string{"LOCKED": "0"}, true, nil},
		{"an argument wins over the file", "locked = false", map[string]string{"locked": ""}, false, []string{"locked"}},
		{"another flag stays", "locked = false\nfrozen = true", nil, true, []string{"frozen"}},
	} {
		o, err := Parse("Rustfile", []byte(tc.file), tc.args)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if o.Unlocked != tc.unlocked || !slices.Equal(o.LockedFlags, tc.flags) {
			t.Errorf("%s: unlocked is %v and the flags are %q", tc.name, o.Unlocked, o.LockedFlags)
		}
	}
}
