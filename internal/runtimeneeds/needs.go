package runtimeneeds

import "slices"

// Mode says how an image gets the libraries that its base lacks.
type Mode string

// The modes.
const (
	// Auto is Copy.
	Auto Mode = "auto"
	// Copy copies them from the image that the programs were compiled in.
	Copy Mode = "copy"
	// Packages installs the packages that they belong to.
	Packages Mode = "packages"
	// None makes it an error that one is missing.
	None Mode = "none"
)

// Modes are all modes, the default first.
var Modes = []Mode{Auto, Copy, Packages, None}

// Needs is what a base lacks and an image gets. Its zero value is an image of
// the programs alone.
type Needs struct {
	// Programs are what was found out about the programs, in their order.
	Programs []Program `json:"programs,omitempty"`
	// Libraries are copied from the builder, sorted by their place in the image.
	Libraries []Library `json:"libraries,omitempty"`
	// Packages are installed with apt, sorted.
	Packages []string `json:"packages,omitempty"`
	// Records are the builder's dpkg records of the packages that copied
	// libraries belong to, sorted by name. Scanners find them in
	// /var/lib/dpkg/status.d; there are none for another distribution's base.
	Records []Record `json:"records,omitempty"`
	// CACertificates, TimeZones and Users are true when the base has no CA
	// bundle, time zone database or /etc/passwd and is to have it, Temp when it
	// has no /tmp.
	CACertificates bool `json:"caCertificates,omitempty"`
	TimeZones      bool `json:"timeZones,omitempty"`
	Users          bool `json:"users,omitempty"`
	Temp           bool `json:"temp,omitempty"`
}

// Program is a program of the image.
type Program struct {
	// Name is its file name, Path its absolute path in the image.
	Name string `json:"name"`
	Path string `json:"path"`
	// Size is in bytes.
	Size   int64 `json:"size"`
	Static bool  `json:"static,omitempty"`
	PIE    bool  `json:"pie,omitempty"`
	// Interpreter is the loader, "" for a static program.
	Interpreter string `json:"interpreter,omitempty"`
	// Needed are the libraries that it names itself.
	Needed []string `json:"needed,omitempty"`
	// Glibc is the oldest release of the GNU C library that it starts with, such
	// as "2.34", "" for a program without it.
	Glibc string `json:"glibc,omitempty"`
}

// Library is a shared library that is copied.
type Library struct {
	// Name is what programs need it as, such as "libz.so.1".
	Name string `json:"name"`
	// From is its real path in the builder, To its path in the image, both
	// absolute.
	From string `json:"from"`
	To   string `json:"to"`
	// By is the program or library that needs it.
	By string `json:"by"`
	// Package is the dpkg package that it belongs to, "" when that is not known.
	Package string `json:"package,omitempty"`
	// Size is in bytes.
	Size int64 `json:"size"`
}

// Record is the dpkg record of an installed package.
type Record struct {
	Package string `json:"package"`
	Version string `json:"version"`
	// Text is the record as dpkg keeps it, without configuration files.
	Text string `json:"text"`
}

// Fault is the reason why an image could not start.
type Fault struct {
	// Program is the name of the program that could not.
	Program string
	Message string
	// Fix says what the user can do.
	Fix string
}

// Error implements error.
func (f *Fault) Error() string {
	if f.Fix == "" {
		return f.Message
	}
	return f.Message + "\n" + f.Fix
}

// baseModules are the parts of the GNU C library: all of one release.
var baseModules = []string{
	"ld-linux.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld-linux-armhf.so.3", "ld-linux-riscv64-lp64d.so.1", "ld64.so.1", "ld64.so.2",
	"libBrokenLocale.so.1", "libanl.so.1", "libc.so.6", "libdl.so.2", "libm.so.6", "libmvec.so.1", "libnsl.so.1", "libnss_compat.so.2",
	"libnss_dns.so.2", "libnss_files.so.2", "libpthread.so.0", "libresolv.so.2", "librt.so.1", "libthread_db.so.1", "libutil.so.1",
}

// ofGlibc reports whether a library is a part of the GNU C library.
func ofGlibc(name string) bool { return slices.Contains(baseModules, name) }
