package integration

import (
	"bytes"
	"debug/pe"
	"os"
	"path/filepath"
	"testing"

	"github.com/rustfile/rustfile/integration/testenv"
	"github.com/rustfile/rustfile/internal/auditable"
)

// TestWindows builds a program for Windows, as a file and as an image, twice with the same bytes.
func TestWindows(t *testing.T) {
	b := inProcess(testenv.SharedDaemon(t, testenv.OCI))
	o := testenv.BuildOptions{Context: unitProject(t, "native").Dir, Platforms: []string{"windows/amd64"}, Output: testenv.OutputDir, Attrs: everyUnitAgain}
	r := buildUnits(t, b, o)
	checkFresh(t, r)
	files, err := os.ReadDir(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name() != "native.exe" {
		t.Errorf("the export holds %v, want native.exe alone", files)
	}
	program, err := os.ReadFile(filepath.Join(r.Dir, "native.exe"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := pe.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	if f.Machine != pe.IMAGE_FILE_MACHINE_AMD64 || f.Characteristics&pe.IMAGE_FILE_EXECUTABLE_IMAGE == 0 {
		t.Errorf("the program is for machine %#x, with %#x", f.Machine, f.Characteristics)
	}
	// rustc's own linker arguments make the C compiler's libraries static: what is left belongs to Windows.
	if libraries, err := f.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Logf("the program loads %v, %v", libraries, err)
	}
	if section := f.Section(auditable.Section); section == nil {
		t.Error("the program has no list of its packages")
	} else if data, err := section.Data(); err != nil {
		t.Error(err)
	} else if info, err := auditable.Decode(data); err != nil || len(info.Packages) < 2 {
		t.Errorf("the program's list of packages is %+v, %v", info, err)
	}
	o.Output, o.Attrs = testenv.OutputImage, buildAgain
	r = buildUnits(t, b, o)
	if r.Image.OS != "windows" || r.Image.Architecture != "amd64" || len(r.Image.Config.Entrypoint) != 1 || r.Image.Config.Entrypoint[0] != `C:\native.exe` || r.Image.Config.User != "" || len(r.Image.Config.Env) > 0 {
		t.Errorf("the image is for %s/%s with %+v", r.Image.OS, r.Image.Architecture, r.Image.Config)
	}
	inImage, err := os.ReadFile(filepath.Join(r.Rootfs(t), "native.exe"))
	if err != nil || !bytes.Equal(inImage, program) {
		t.Errorf("the image's program differs from the file, %v", err)
	}
}
