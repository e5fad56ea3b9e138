package runtimeneeds

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Question is what [Decide] needs to know.
type Question struct {
	// Platform is the image's, for example "linux/amd64".
	Platform string
	// Programs are the image's programs; Files are what they were scanned to, in
	// the same order.
	Programs []Program
	Files    []*Object
	// Base is the root that the programs are added to, BaseName its name for
	// people.
	Base     *Root
	BaseName string
	// Builder opens the root of the image that the programs were linked in. It
	// is called only when the base lacks something.
	Builder func() (*Root, error)
	// Libraries is how missing libraries are added; Foreign is true when nothing
	// can be installed, because the platform is not that of the build machine.
	Libraries Mode
	Foreign   bool
	// CACertificates says when a base without a bundle of CA certificates gets
	// one. Others is true when the image has programs that are not asked about.
	CACertificates When
	Others         bool
	// TimeZones and Users are true when a base without them gets them.
	TimeZones, Users bool
}

// Decide finds out what the image needs. What makes a program unable to start
// is a *[Fault]; any other error is one of reading.
func Decide(q Question) (Needs, error) {
	d := &decision{Question: q, needs: Needs{Programs: slices.Clone(q.Programs)}}
	for i, o := range q.Files {
		if err := d.program(&d.needs.Programs[i], o); err != nil {
			return Needs{}, err
		}
	}
	slices.SortFunc(d.needs.Libraries, func(a, b Library) int { return strings.Compare(a.To, b.To) })
	if err := d.owners(); err != nil {
		return Needs{}, err
	}
	err := d.extras()
	return d.needs, err
}

// decision is the work on a question.
type decision struct {
	Question
	needs   Needs
	builder *Root
	// missing are the libraries that nobody has, with who needs them.
	missing []*loaded
	// all are the programs and what they load, without the C library.
	all []*Object
}

// extras finds which of the files that programs read are not there.
func (d *decision) extras() error {
	certificates, err := d.wantCertificates()
	if err != nil {
		return err
	}
	for _, e := range []struct {
		wanted bool
		paths  []string
		into   *bool
	}{
		{certificates, bundles, &d.needs.CACertificates},
		{d.TimeZones, []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo"}, &d.needs.TimeZones},
		{d.Users, []string{"/etc/passwd"}, &d.needs.Users},
		{true, []string{"/tmp"}, &d.needs.Temp},
	} {
		if !e.wanted {
			continue
		}
		*e.into = true
		for _, p := range e.paths {
			there, err := d.Base.Exists(p)
			if err != nil {
				return err
			}
			if there {
				*e.into = false
				break
			}
		}
	}
	if d.needs.TimeZones {
		return d.builderHas("/usr/share/zoneinfo", "the time zone database", "tzdata")
	}
	return nil
}

// builderHas is a fault when the builder lacks what a base is to get from it.
func (d *decision) builderHas(file, what, pkg string) error {
	if err := d.openBuilder(); err != nil {
		return err
	}
	there, err := d.builder.Exists(file)
	if err != nil || there {
		return err
	}
	return &Fault{Message: fmt.Sprintf("neither the base %s nor the builder image has %s (%s)", d.BaseName, what, file),
		Fix: fmt.Sprintf("use a base that has it, or install the package %s in the builder", pkg)}
}

// bundles are where TLS libraries look for CA certificates.
// https://docs.rs/openssl-probe and https://go.dev/src/crypto/x509/root_linux.go
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
}

// program finds what one program needs.
func (d *decision) program(p *Program, o *Object) error {
	p.Static, p.PIE, p.Interpreter, p.Needed = o.Static(), o.PIE, o.Interpreter, o.Needed
	if !o.fits(d.Platform) {
		return &Fault{Program: p.Name, Message: fmt.Sprintf("the program %s is for %s, and the image for %s", p.Name, o.processor(), d.Platform),
			Fix: "build with the --platform of the program, or with the cargo target of the platform"}
	}
	d.all = append(d.all, o)
	if p.Static {
		return nil
	}
	at := strings.TrimPrefix(p.Path, "/")
	self := &loaded{Object: o, name: p.Name, path: at, real: at}
	seen, err := d.loader(p, self)
	if err != nil {
		return err
	}
	all, err := d.closure(self, seen)
	if err != nil {
		return err
	}
	for _, l := range all[1:] {
		if !ofGlibc(l.name) && !slices.Contains(d.all, l.Object) {
			d.all = append(d.all, l.Object)
		}
	}
	if err := d.complete(p); err != nil {
		return err
	}
	if err := d.versions(p, all, seen); err != nil {
		return err
	}
	return d.copies(self, all)
}

// loader checks that the base has the program's dynamic linker, and returns
// the libraries that come with that.
func (d *decision) loader(p *Program, self *loaded) (map[string]*loaded, error) {
	seen := map[string]*loaded{}
	if self.Interpreter == "" {
		return seen, nil
	}
	o, real, err := d.Base.object(self.Interpreter)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, d.noLoader(p, self)
	}
	if !o.sameMachine(self.Object) {
		return nil, &Fault{Program: p.Name,
			Message: fmt.Sprintf("the base %s is for %s, and the program %s for %s", d.BaseName, o.processor(), p.Name, self.processor()),
			Fix:     "use a base of the image's platform, " + d.Platform}
	}
	l := &loaded{Object: o, name: path.Base(self.Interpreter), path: strings.TrimPrefix(self.Interpreter, "/"), real: real, by: self}
	seen[l.name] = l
	if o.Soname != "" {
		seen[o.Soname] = l
	}
	return seen, nil
}

// noLoader says what is wrong with a base without the program's loader.
func (d *decision) noLoader(p *Program, self *loaded) error {
	library := "the GNU C library"
	if self.musl() != "" {
		library = "the musl C library"
	}
	fault := &Fault{Program: p.Name}
	libraries := slices.DeleteFunc(slices.Clone(self.Needed), func(name string) bool { return name == path.Base(self.Interpreter) })
	needs := fmt.Sprintf("the program %s is linked dynamically: it needs the loader %s and %s", p.Name, self.Interpreter, strings.Join(libraries, ", "))
	other, err := d.otherLibc(self)
	switch {
	case err != nil:
		return err
	case d.Base.Empty():
		fault.Message = needs + ", and scratch has nothing"
		fault.Fix = `make it static with libc = "musl", or use a base with a C library, such as runtime = "distroless" in [images]`
	case other != "":
		fault.Message = fmt.Sprintf("the program %s is linked with %s, and the base %s has %s: there is no loader %s", p.Name, library, d.BaseName, other, self.Interpreter)
		fault.Fix = "use a base with " + library + ", or compile for the other one with the key libc"
	default:
		fault.Message = fmt.Sprintf("%s, and the base %s has no C library", needs, d.BaseName)
		fault.Fix = fmt.Sprintf("use a base with %s, or make the program static with libc = \"musl\"", library)
	}
	return fault
}

// otherLibc names the C library that the base has instead of the program's, ""
// when it has none.
func (d *decision) otherLibc(self *loaded) (string, error) {
	if self.musl() != "" {
		there, err := d.Base.find("libc.so.6", &loaded{Object: &Object{Machine: self.Machine, Class: self.Class, Data: self.Data}})
		if err != nil || there == nil {
			return "", err
		}
		return "the GNU C library", nil
	}
	if d.Base.Empty() {
		return "", nil
	}
	lib, err := d.Base.resolve("/lib")
	if err != nil {
		return "", ignoreMissing(err)
	}
	entries, err := fs.ReadDir(d.Base.fsys, lib)
	if err != nil {
		return "", ignoreMissing(err)
	}
	for _, e := range entries {
		if muslLoader(e.Name()) != "" {
			return "the musl C library", nil
		}
	}
	return "", nil
}

// closure loads what self needs, breadth first as the dynamic linker does, and
// returns everything that is loaded.
func (d *decision) closure(self *loaded, seen map[string]*loaded) ([]*loaded, error) {
	all := []*loaded{self}
	d.missing = nil
	for at := 0; at < len(all); at++ {
		by := all[at]
		for _, name := range by.Needed {
			if seen[name] != nil || by.musl() != "" && ofMusl(name) {
				continue
			}
			l, err := d.find(name, by)
			if err != nil {
				return nil, err
			}
			if l == nil {
				l = &loaded{Object: &Object{}, name: name, by: by}
				d.missing = append(d.missing, l)
			} else {
				all = append(all, l)
			}
			seen[name] = l
			if l.Soname != "" && seen[l.Soname] == nil {
				seen[l.Soname] = l
			}
		}
	}
	return all, nil
}

// ofMusl reports whether musl's loader takes a library for itself.
func ofMusl(name string) bool {
	stem, _, _ := strings.Cut(strings.TrimPrefix(name, "lib"), ".")
	return strings.HasPrefix(name, "lib") && slices.Contains([]string{"c", "pthread", "rt", "m", "dl", "util", "xnet"}, stem)
}

// find looks in the base and then in the builder.
func (d *decision) find(name string, by *loaded) (*loaded, error) {
	if !by.copied {
		if l, err := d.Base.find(name, by); l != nil || err != nil {
			return l, err
		}
	} else if l, err := d.Base.find(name, by.program()); l != nil || err != nil {
		// It will lie where the base's own libraries do, not where the builder has it.
		return l, err
	}
	if d.Libraries == None || ofGlibc(name) {
		return nil, nil
	}
	if err := d.openBuilder(); err != nil {
		return nil, err
	}
	l, err := d.builder.find(name, by)
	if l != nil {
		l.copied = true
	}
	return l, err
}

func (d *decision) openBuilder() (err error) {
	if d.builder == nil {
		d.builder, err = d.Builder()
	}
	return err
}

// complete is a fault when a library is nowhere.
func (d *decision) complete(p *Program) error {
	if len(d.missing) == 0 {
		return nil
	}
	var list []string
	glibc := false
	for _, l := range d.missing {
		who := l.name
		if l.by.by != nil {
			who += " (of " + l.by.name + ")"
		}
		list = append(list, who)
		glibc = glibc || ofGlibc(l.name)
	}
	what := "the library " + list[0]
	if len(list) > 1 {
		what = "the libraries " + strings.Join(list, ", ")
	}
	fault := &Fault{Program: p.Name, Message: fmt.Sprintf("the program %s needs %s, and the base %s has no such file", p.Name, what, d.BaseName)}
	switch {
	case glibc:
		fault.Fix = "use a base with the whole GNU C library, such as a Debian image or runtime = \"distroless\" in [images]"
	case d.Libraries == None:
		fault.Fix = "use a base that has it, or let rustfile add it with libraries = \"auto\""
	default:
		fault.Message += ", nor has the image that it was compiled in"
		fault.Fix = "use a base that has it, install its package in the builder, or link it statically"
	}
	return fault
}

// copies notes the libraries that the builder gives.
func (d *decision) copies(self *loaded, all []*loaded) error {
	for _, l := range all {
		if !l.copied {
			continue
		}
		dir, err := d.libraryDir(self)
		if err != nil {
			return err
		}
		to := path.Join("/", dir, path.Base(l.name))
		if slices.ContainsFunc(d.needs.Libraries, func(have Library) bool { return have.To == to }) {
			continue
		}
		info, err := d.builder.fsys.Lstat(l.real)
		if err != nil {
			return err
		}
		d.needs.Libraries = append(d.needs.Libraries, Library{
			Name: l.name, From: path.Join("/", l.real), To: to, By: l.by.name, Size: info.Size(),
		})
	}
	return nil
}

// libraryDir is the real directory of the base's C library. Its loader searches
// there by itself, without an entry in ld.so.cache.
func (d *decision) libraryDir(self *loaded) (string, error) {
	if self.musl() != "" {
		_, real, err := d.Base.object(self.Interpreter)
		return path.Dir(real), err
	}
	libc, err := d.Base.find("libc.so.6", self)
	if err != nil {
		return "", err
	}
	if libc == nil {
		return "", &Fault{Program: self.name, Message: fmt.Sprintf("the base %s has a loader, and no libc.so.6", d.BaseName), Fix: "use a base with the whole GNU C library"}
	}
	return path.Dir(libc.real), nil
}
