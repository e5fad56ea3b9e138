package cargo

import "testing"

func TestLowestVersion(t *testing.T) {
	for req, want := range map[string]string{
		"1": "1.0.0", "^1.2": "1.2.0", "0.52": "0.52.0", "=1.2.3": "1.2.3", "~1.2.3": "1.2.3", "*": "0.0.0",
		"1.*": "1.0.0", "1.2.*": "1.2.0", ">1.2.3": "1.2.4", ">1.2": "1.3.0", ">1": "2.0.0", "<2": "0.0.0",
		">=0.48, <0.60": "0.48.0", ">=0.3, !": "", "=1.0.0-rc.1": "1.0.0-rc.1", ">=2, <1": "", "0": "0.0.0",
		">0.9, <0.9.5": "", "<=0.2.1": "0.0.0", "=0.3": "0.3.0",
	} {
		got, err := LowestVersion(req)
		if (err != nil) != (want == "") || got != want {
			t.Errorf("LowestVersion(%q) = %q, %v; want %q", req, got, err, want)
		}
		if err == nil && !Matches(req, got) {
			t.Errorf("%s does not satisfy %s", got, req)
		}
	}
}
