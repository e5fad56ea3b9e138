package integration

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/auditable"
)

// runModule runs a WebAssembly module with the arguments and returns what it prints.
func runModule(t *testing.T, module []byte, args ...string) string {
	t.Helper()
	r := wazero.NewRuntime(t.Context())
	defer r.Close(t.Context())
	wasi_snapshot_preview1.MustInstantiate(t.Context(), r)
	var out bytes.Buffer
	config := wazero.NewModuleConfig().WithArgs(args...).WithStdout(&out)
	if _, err := r.InstantiateWithConfig(t.Context(), module, config); err != nil {
		t.Fatalf("run the module: %v\n%s", err, out.String())
	}
	return out.String()
}

// customSection is a custom section of a module as a runtime finds it. The reader of cargo-auditable's authors does not get
// to it: it takes no section size of five bytes, as wasm-ld writes them.
func customSection(t *testing.T, module []byte, name string) []byte {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfig().WithCustomSections(true))
	defer r.Close(t.Context())
	compiled, err := r.CompileModule(t.Context(), module)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range compiled.CustomSections() {
		if s.Name() == name {
			return s.Data()
		}
	}
	t.Fatalf("the module has no section %s", name)
	return nil
}

// TestWasm builds a WebAssembly module, as a file and as an image.
func TestWasm(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	e := example(t, "hello")
	o := testenv.BuildOptions{Context: e.Dir, Platforms: []string{"wasi/wasm"}, Output: testenv.OutputDir}
	r := buildUnits(t, b, o)
	files, err := os.ReadDir(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name() != "hello.wasm" {
		t.Errorf("the export holds %v, want hello.wasm alone", files)
	}
	module, err := os.ReadFile(filepath.Join(r.Dir, "hello.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := runModule(t, module, "hello", "module"), "Hello, module! 5400 seconds are 1h 30m.\n"; got != want {
		t.Errorf("the module printed %q, want %q", got, want)
	}
	// Here the list of packages is a custom section.
	if info, err := auditable.Decode(customSection(t, module, auditable.Section)); err != nil || len(info.Packages) != 3 {
		t.Errorf("the module's list of packages is %+v, %v", info, err)
	}
	o.Output = testenv.OutputImage
	r = buildUnits(t, b, o)
	if r.Image.OS != "wasi" || r.Image.Architecture != "wasm" || len(r.Image.Config.Entrypoint) != 1 || r.Image.Config.Entrypoint[0] != "/hello.wasm" {
		t.Errorf("the image is for %s/%s and runs %v", r.Image.OS, r.Image.Architecture, r.Image.Config.Entrypoint)
	}
	inImage, err := os.ReadFile(filepath.Join(r.Rootfs(t), "hello.wasm"))
	if err != nil || !bytes.Equal(inImage, module) {
		t.Errorf("the image's module differs from the file, %v", err)
	}
}
