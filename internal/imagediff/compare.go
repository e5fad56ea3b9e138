package imagediff

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Report says how an image and its rebuild compare.
type Report struct {
	// Image and Rebuild are the digests of the two manifests.
	Image    string `json:"image"`
	Rebuild  string `json:"rebuild"`
	Platform string `json:"platform"`
	// Same is true when all that a container sees is the same.
	Same bool `json:"same"`
	// Encoding is true when the same contents are stored in another form, so that
	// the digests of the manifests differ.
	Encoding bool `json:"encoding,omitempty"`
	// Fields are the fields of the configuration that differ, without those that
	// follow from the layers.
	Fields []Field `json:"fields,omitempty"`
	// Layers are the layers that differ.
	Layers []Layer `json:"layers,omitempty"`
}

// Field is a field of the image's configuration. An absent value is "".
type Field struct {
	// Path is the way to the field, such as `config.Labels["team"]`.
	Path    string `json:"path"`
	Image   string `json:"image"`
	Rebuild string `json:"rebuild"`
}

// Layer is a layer that differs, or that only one of the images has.
type Layer struct {
	// Number counts from 1.
	Number int `json:"number"`
	// CreatedBy is what the image's history says of the layer.
	CreatedBy string `json:"createdBy,omitempty"`
	// Image and Rebuild are the digests of the uncompressed layers, "" where
	// there is none.
	Image   string `json:"image"`
	Rebuild string `json:"rebuild"`
	Paths   []Path `json:"paths,omitempty"`
	// More counts the paths that differ beyond those listed.
	More int `json:"more,omitempty"`
}

// Path is a path of a layer that differs.
type Path struct {
	Path string `json:"path"`
	// What is "content", "mode", "owner", "time", "type", "link", "attributes",
	// "only in the image", "only in the rebuild" or "order".
	What    string `json:"what"`
	Image   string `json:"image,omitempty"`
	Rebuild string `json:"rebuild,omitempty"`
	// Sections are those of an ELF file that differ.
	Sections []string `json:"sections,omitempty"`
}

// Compare compares an image with its rebuild.
func Compare(image, rebuild Image) (*Report, error) {
	r := &Report{Platform: image.Platform}
	digests, err := both(image, rebuild, v1.Image.Digest)
	if err != nil {
		return nil, err
	}
	r.Image, r.Rebuild = digests[0].String(), digests[1].String()
	names, err := both(image, rebuild, v1.Image.ConfigName)
	if err != nil {
		return nil, err
	}
	if r.Same = names[0] == names[1]; r.Same {
		r.Encoding = r.Image != r.Rebuild
		return r, nil
	}
	raw, err := both(image, rebuild, v1.Image.RawConfigFile)
	if err != nil {
		return nil, err
	}
	if r.Fields, err = compareConfigs(raw[0], raw[1]); err != nil {
		return nil, err
	}
	r.Layers, err = compareLayers(image, rebuild)
	return r, err
}

// both asks two images the same.
func both[T any](a, b Image, ask func(v1.Image) (T, error)) (answers [2]T, err error) {
	for i, img := range []Image{a, b} {
		if answers[i], err = ask(img.Image); err != nil {
			return answers, fmt.Errorf("cannot read the image: %w", err)
		}
	}
	return answers, nil
}

// compareConfigs compares two configurations as JSON, so that no field is
// overlooked. The digests of layers are the layers' matter.
func compareConfigs(image, rebuild []byte) ([]Field, error) {
	var trees [2]map[string]any
	for i, raw := range [][]byte{image, rebuild} {
		if err := json.Unmarshal(raw, &trees[i]); err != nil {
			return nil, fmt.Errorf("an image's configuration is no JSON: %w", err)
		}
		delete(trees[i], "rootfs")
	}
	var fields []Field
	compareValues("", trees[0], trees[1], &fields)
	return fields, nil
}

func compareValues(path string, a, b any, fields *[]Field) {
	if reflect.DeepEqual(a, b) {
		return
	}
	tableA, okA := a.(map[string]any)
	tableB, okB := b.(map[string]any)
	if okA && okB {
		keys := slices.Concat(slices.Collect(maps.Keys(tableA)), slices.Collect(maps.Keys(tableB)))
		slices.Sort(keys)
		for _, key := range slices.Compact(keys) {
			compareValues(join(path, key), tableA[key], tableB[key], fields)
		}
		return
	}
	listA, okA := a.([]any)
	listB, okB := b.([]any)
	if okA && okB && len(listA) == len(listB) {
		for i := range listA {
			compareValues(path+"["+strconv.Itoa(i)+"]", listA[i], listB[i], fields)
		}
		return
	}
	*fields = append(*fields, Field{Path: path, Image: show(a), Rebuild: show(b)})
}

func join(path, key string) string {
	switch {
	case path == "":
		return key
	case path == "config.Labels":
		return path + "[" + strconv.Quote(key) + "]"
	}
	return path + "." + key
}

func show(v any) string {
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
