package cargotest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// metadata is the part of `cargo metadata` that is compared.
type metadata struct {
	Packages       []metadataPackage `json:"packages"`
	Members        []string          `json:"workspace_members"`
	DefaultMembers []string          `json:"workspace_default_members"`
	Root           string            `json:"workspace_root"`
	Resolve        *struct {
		Nodes []struct {
			ID   string `json:"id"`
			Deps []struct {
				Package string `json:"pkg"`
			} `json:"deps"`
		} `json:"nodes"`
	} `json:"resolve"`
}

type metadataPackage struct {
	ID           string               `json:"id"`
	Name         string               `json:"name"`
	Version      string               `json:"version"`
	Source       *string              `json:"source"`
	Manifest     string               `json:"manifest_path"`
	Edition      string               `json:"edition"`
	RustVersion  *string              `json:"rust_version"`
	Links        *string              `json:"links"`
	DefaultRun   *string              `json:"default_run"`
	License      *string              `json:"license"`
	LicenseFile  *string              `json:"license_file"`
	Description  *string              `json:"description"`
	Repository   *string              `json:"repository"`
	Homepage     *string              `json:"homepage"`
	Authors      []string             `json:"authors"`
	Publish      *[]string            `json:"publish"`
	Targets      []metadataTarget     `json:"targets"`
	Dependencies []metadataDependency `json:"dependencies"`
	Features     map[string][]string  `json:"features"`
	Metadata     map[string]any       `json:"metadata"`
}

type metadataTarget struct {
	Name             string   `json:"name"`
	Kind             []string `json:"kind"`
	CrateTypes       []string `json:"crate_types"`
	RequiredFeatures []string `json:"required-features"`
	Path             string   `json:"src_path"`
}

type metadataDependency struct {
	Name            string   `json:"name"`
	Rename          *string  `json:"rename"`
	Source          *string  `json:"source"`
	Kind            *string  `json:"kind"`
	Target          *string  `json:"target"`
	Requirement     string   `json:"req"`
	Optional        bool     `json:"optional"`
	DefaultFeatures bool     `json:"uses_default_features"`
	Features        []string `json:"features"`
	Registry        *string  `json:"registry"`
	Path            *string  `json:"path"`
}

// runCargo runs `cargo metadata` in a directory.
func runCargo(dir string, args ...string) (*metadata, error) {
	cmd := exec.Command("cargo", append([]string{"metadata", "--format-version", "1", "--locked"}, args...)...)
	cmd.Dir = dir
	cmd.Env = os.Environ()
	if os.Getenv("RUSTUP_TOOLCHAIN") == "" {
		// A toolchain file must not make rustup download a toolchain.
		cmd.Env = append(cmd.Env, "RUSTUP_TOOLCHAIN=stable")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cargo metadata: %w\n%s", err, stderr.Bytes())
	}
	var m metadata
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, fmt.Errorf("output of cargo metadata: %w", err)
	}
	return &m, nil
}

// needCargo skips the test when there is no cargo to compare with.
func needCargo(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("cargo"); err != nil {
		t.Skip("needs a cargo binary to compare with:", err)
	}
}
