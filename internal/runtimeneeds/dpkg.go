package runtimeneeds

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/rustfile/rustfile/internal/rootfs"
)

// dpkgInfo holds the lists of the files of packages.
const dpkgInfo = "/var/lib/dpkg/info"

// owners finds the packages of the libraries that are to be added, and turns
// the libraries into packages when that is asked for.
func (d *decision) owners() error {
	if len(d.needs.Libraries) == 0 {
		return nil
	}
	db, err := openDpkg(d.builder)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for i := range d.needs.Libraries {
		l := &d.needs.Libraries[i]
		if l.Package, err = db.owner(l.From); err != nil {
			return err
		}
		if l.Package == "" && d.Libraries == Packages {
			return &Fault{Program: l.By, Message: fmt.Sprintf("%s needs the library %s, and no package of the builder has the file %s", l.By, l.Name, l.From),
				Fix: `use libraries = "copy"`}
		}
		if l.Package != "" {
			names[l.Package] = true
		}
	}
	same, err := d.sameRelease()
	if err != nil {
		return err
	}
	packages := make([]string, 0, len(names))
	for name := range names {
		packages = append(packages, name)
	}
	slices.Sort(packages)
	if d.Libraries == Packages {
		return d.install(packages, same)
	}
	if !same {
		return nil // a scanner would compare versions of different distributions
	}
	for _, name := range packages {
		if r, ok := db.records[name]; ok {
			d.needs.Records = append(d.needs.Records, r)
		}
	}
	return nil
}

// install adds packages instead of files.
func (d *decision) install(packages []string, same bool) error {
	apt, err := d.Base.Exists("/usr/bin/apt-get")
	if err != nil {
		return err
	}
	if !apt || !same || d.Foreign {
		why := "has no apt"
		switch {
		case d.Foreign:
			why = "is of another platform than the machine that builds"
		case apt:
			why = "is of another release than the builder"
		}
		l := d.needs.Libraries[0]
		return &Fault{Program: l.By, Message: fmt.Sprintf("%s needs the library %s of package %s, and the base %s %s", l.By, l.Name, l.Package, d.BaseName, why),
			Fix: `use libraries = "copy", or a Debian base of the builder's release`}
	}
	d.needs.Libraries, d.needs.Packages = nil, packages
	return nil
}

// sameRelease reports whether base and builder are of the same release of the
// same distribution.
func (d *decision) sameRelease() (bool, error) {
	base, err := rootfs.ReadRelease(d.Base.read)
	if err != nil {
		return false, err
	}
	builder, err := rootfs.ReadRelease(d.builder.read)
	return base.ID != "" && base.Version != "" && base == builder, err
}

// dpkg is the database of an image's packages.
// https://man7.org/linux/man-pages/man5/deb.5.html and dpkg(1), FILES
type dpkg struct {
	root    *Root
	dir     string
	records map[string]Record // by name, and by name:architecture
	// lists are the packages' lists of files, those of shared libraries first.
	lists []string
	files map[string][]byte
}

// openDpkg opens the database of a root; without one it has no packages.
func openDpkg(root *Root) (*dpkg, error) {
	db := &dpkg{root: root, records: map[string]Record{}, files: map[string][]byte{}}
	status, err := root.read(rootfs.DpkgStatus)
	if err != nil || status == nil {
		return db, err
	}
	db.parse(status)
	if db.dir, err = root.resolve(dpkgInfo); err != nil {
		return db, ignoreMissing(err)
	}
	entries, err := fs.ReadDir(root.fsys, db.dir)
	if err != nil {
		return db, ignoreMissing(err)
	}
	libraries := map[string]bool{}
	for _, e := range entries {
		if pkg, ok := strings.CutSuffix(e.Name(), ".shlibs"); ok {
			libraries[pkg] = true
		}
	}
	var others []string
	for _, e := range entries {
		pkg, ok := strings.CutSuffix(e.Name(), ".list")
		switch {
		case ok && libraries[pkg]:
			db.lists = append(db.lists, pkg)
		case ok:
			others = append(others, pkg)
		}
	}
	db.lists = append(db.lists, others...)
	return db, nil
}

// parse reads the records of installed packages.
func (db *dpkg) parse(status []byte) {
	for p := range rootfs.Paragraphs(status) {
		r := Record{Package: p.Get("Package"), Version: p.Get("Version")}
		if r.Package == "" || !strings.HasSuffix(p.Get("Status"), " installed") {
			continue
		}
		for _, f := range p {
			if f.Name != "Conffiles" {
				r.Text += f.Text
			}
		}
		r.Text = strings.TrimSuffix(r.Text, "\n") + "\n"
		db.records[r.Package+":"+p.Get("Architecture")] = r
		if _, ok := db.records[r.Package]; !ok {
			db.records[r.Package] = r
		}
	}
}

// owner is the package that a file belongs to, "" when there is none. Packages
// of foreign architectures are named with theirs.
func (db *dpkg) owner(file string) (string, error) {
	// Of a directory that is a link now, lists have the old name.
	names := []string{file}
	if short, ok := strings.CutPrefix(file, "/usr"); ok {
		names = append(names, short)
	}
	for _, pkg := range db.likely(path.Base(file)) {
		list, ok := db.files[pkg]
		if !ok {
			var err error
			if list, err = fs.ReadFile(db.root.fsys, path.Join(db.dir, pkg+".list")); err != nil {
				return "", err
			}
			db.files[pkg] = list
		}
		for _, name := range names {
			if strings.Contains("\n"+string(list), "\n"+name+"\n") {
				return strings.TrimSuffix(pkg, ":"+db.native()), nil
			}
		}
	}
	return "", nil
}

// likely are the lists to search: those first whose name begins as the file's.
func (db *dpkg) likely(file string) []string {
	stem := strings.ToLower(file[:strings.IndexAny(file+".", ".-_0123456789")])
	out := slices.Clone(db.lists)
	slices.SortStableFunc(out, func(a, b string) int {
		x, y := strings.HasPrefix(a, stem), strings.HasPrefix(b, stem)
		switch {
		case x && !y:
			return -1
		case y && !x:
			return 1
		}
		return 0
	})
	return out
}

// native is the architecture of dpkg itself.
func (db *dpkg) native() string {
	for line := range strings.Lines(db.records["dpkg"].Text) {
		if arch, ok := strings.CutPrefix(line, "Architecture: "); ok {
			return strings.TrimSpace(arch)
		}
	}
	return ""
}
