package options

import (
	"strings"
	"testing"
)

func TestGlibc(t *testing.T) {
	for _, good := range []string{"2.17", "2.28", "2.30", "2.9"} {
		o, err := Parse("Rustfile", []byte("glibc = \""+good+"\"\n"), nil)
		if err != nil || o.Glibc != good {
			t.Errorf("%s is %q, %v", good, o.Glibc, err)
		}
		if o, err = Parse("Rustfile", nil, map[string]string{"GLIBC": good}); err != nil || o.Glibc != good {
			t.Errorf("the build argument %s is %q, %v", good, o.Glibc, err)
		}
	}
	for _, bad := range []string{`2.30`, `"2"`, `"2."`, `"2.170"`, `"2.28.1"`, `"3.1"`, `"2.02"`, `"2.28\ncommand=evil"`, `true`, `""`} {
		_, err := Parse("Rustfile", []byte("libc = \"gnu\"\nglibc = "+bad+"\n"), nil)
		if err == nil || !strings.Contains(err.Error(), "Rustfile:2:1: key `glibc`") {
			t.Errorf("glibc = %s gives %v", bad, err)
		}
	}
}

func TestTarget(t *testing.T) {
	o, err := Parse("Rustfile", nil, map[string]string{"target": "thumbv8m.main-none-eabihf"})
	if err != nil || o.Triple != "thumbv8m.main-none-eabihf" {
		t.Errorf("the target is %q, %v", o.Triple, err)
	}
	for _, bad := range []string{`"arm"`, `"target.json"`, `"Thumb-none"`, `"a-b; evil"`, `"--help"`, `["thumbv7em-none-eabihf"]`, `""`} {
		if _, err := Parse("Rustfile", []byte("target = "+bad+"\n"), nil); err == nil || !strings.Contains(err.Error(), "Rustfile:1:1: key `target`") {
			t.Errorf("target = %s gives %v", bad, err)
		}
	}
}
