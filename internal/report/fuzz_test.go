package report

import (
	"bytes"
	"testing"
)

// FuzzParse: what is read can be shown, compared and written, and what was
// written is read again.
func FuzzParse(f *testing.F) {
	// Small ones: go test spends its time shortening large inputs.
	previous, leaf := seal(chain()...), seal(chain()[2])
	leaf.Units[0].Inputs = nil
	for _, r := range []*Report{leaf, seal(chain()[1:3]...)} {
		var data bytes.Buffer
		if err := JSON(&data, r); err != nil {
			f.Fatal(err)
		}
		f.Add(data.Bytes())
	}
	f.Add([]byte(`{"version":1,"started":-5,"units":[{"id":"a","status":"compiled","start":1,"duration":1125899906842624,"dependencies":["b","a"]},{"id":"b","dependencies":["a"],"status":"reused"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		Compare(previous, r)
		Compare(r, r)
		var text, page, again bytes.Buffer
		if err := Text(&text, r); err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsRune(text.Bytes(), 0x1b) {
			t.Errorf("an escape in the text %q", text.Bytes())
		}
		if err := HTML(&page, r); err != nil {
			t.Fatal(err)
		}
		if got := bytes.Count(page.Bytes(), []byte("<script")); got != 2 {
			t.Errorf("%d scripts in the page", got)
		}
		if err := JSON(&again, r); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(again.Bytes()); err != nil {
			t.Errorf("what was written is not read: %v", err)
		}
	})
}

// FuzzFromMetadata: every report has a platform's place, and no file panics.
func FuzzFromMetadata(f *testing.F) {
	f.Add([]byte(`{"frontend.rustfile.report":{"version":1,"units":[]}}`))
	f.Add([]byte(`{"frontend.rustfile.report/linux/arm64":"{\"version\":1}","containerimage.digest":"x"}`))
	f.Add([]byte(`{"frontend.rustfile.report":"eyJ2ZXJzaW9uIjoxfQ=="}`))
	f.Add([]byte(`{"a":{"frontend.rustfile.report":"{\"version\":1}"},"b":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		reports, err := FromMetadata(data)
		if (err == nil) != (len(reports) > 0) {
			t.Errorf("%d reports, %v", len(reports), err)
		}
		for name, part := range Targets(data) {
			if _, err := FromMetadata(part); err == ErrNoReport {
				t.Errorf("target %q has no report", name)
			}
		}
	})
}
