package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// MetadataKey is the key of the result's metadata that holds the report. A
// build for several platforms has one per platform, with "/" and the platform
// behind the key.
const MetadataKey = "frontend.rustfile.report"

// ErrNoReport is the error of [FromMetadata] and [FromResult] for metadata
// without a report.
var ErrNoReport = errors.New("no freshness report")

// FromMetadata returns the reports in a file that --metadata-file wrote, by
// platform. What [JSON] wrote is taken as well.
func FromMetadata(file []byte) (map[string]*Report, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(file, &object); err != nil {
		return nil, fmt.Errorf("line %d: not a metadata file: %w", faultLine(file, err), err)
	}
	meta := map[string][]byte{}
	for key, raw := range object {
		if !isReport(key) {
			continue
		}
		value, err := unfold(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		meta[key] = value
	}
	if len(meta) == 0 && object["version"] != nil && object["units"] != nil {
		meta[MetadataKey] = file
	}
	return FromResult(meta)
}

// faultLine is the line that an error of [json.Unmarshal] is about.
func faultLine(file []byte, err error) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	offset := 0
	switch {
	case errors.As(err, &syntax):
		offset = int(syntax.Offset)
	case errors.As(err, &kind):
		offset = int(kind.Offset)
	}
	return 1 + bytes.Count(file[:min(max(offset, 0), len(file))], []byte("\n"))
}

// FromResult returns the reports in the metadata of a build's result, by
// platform.
func FromResult(meta map[string][]byte) (map[string]*Report, error) {
	reports := map[string]*Report{}
	for key, value := range meta {
		if !isReport(key) {
			continue
		}
		r, err := Parse(decode(value))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		platform := strings.TrimPrefix(strings.TrimPrefix(key, MetadataKey), "/")
		if platform == "" {
			platform = r.Platform
		}
		reports[platform] = r
	}
	if len(reports) == 0 {
		return nil, ErrNoReport
	}
	return reports, nil
}

// Targets returns the parts of a metadata file of "docker buildx bake" that
// hold a report, by target: each is what --metadata-file would hold after a
// build of this target alone.
func Targets(file []byte) map[string][]byte {
	var object map[string]json.RawMessage
	if json.Unmarshal(file, &object) != nil {
		return nil
	}
	targets := map[string][]byte{}
	for name, part := range object {
		var inner map[string]json.RawMessage
		if isReport(name) || json.Unmarshal(part, &inner) != nil {
			continue
		}
		for key := range inner {
			if isReport(key) {
				targets[name] = part
			}
		}
	}
	return targets
}

func isReport(key string) bool {
	return key == MetadataKey || strings.HasPrefix(key, MetadataKey+"/")
}

// unfold returns the bytes of a value of a metadata file. BuildKit's answer is
// a string; a client that finds JSON in base64 in it writes the object.
func unfold(raw json.RawMessage) ([]byte, error) {
	if len(raw) == 0 || raw[0] != '"' {
		return raw, nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return []byte(s), err
}

// decode undoes base64, which no JSON object looks like.
func decode(value []byte) []byte {
	if plain, err := base64.StdEncoding.DecodeString(string(value)); err == nil {
		return plain
	}
	return value
}
