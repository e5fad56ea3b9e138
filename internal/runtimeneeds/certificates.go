package runtimeneeds

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
)

// When says when a base without a bundle of CA certificates gets one.
type When string

// The answers.
const (
	// Never leaves the base as it is.
	Never When = ""
	// Asked is when something of the image looks for a bundle.
	Asked When = "asked"
	// Always does not look.
	Always When = "always"
)

// places are parts of the texts by which programs and libraries look for CA
// certificates: paths, and the variables that replace them. OpenSSL, BoringSSL,
// GnuTLS, curl and the crates openssl-probe and rustls-native-certs each have
// several, and one is enough.
// https://docs.openssl.org/3.0/man3/X509_get_default_cert_file/ and https://docs.rs/openssl-probe
var places = [][]byte{[]byte("SSL_CERT_FILE"), []byte("SSL_CERT_DIR"), []byte("/etc/ssl/"), []byte("/ssl/cert.pem"), []byte("ca-certificates"), []byte("ca-bundle")}

// longestPlace is the length of the longest of them.
const longestPlace = len("ca-certificates")

// wantCertificates reports whether the image is to have CA certificates. What
// is no program of the question can be anything.
func (d *decision) wantCertificates() (bool, error) {
	if d.CACertificates != Asked {
		return d.CACertificates == Always, nil
	}
	if d.Others {
		return true, nil
	}
	for _, o := range d.all {
		names, err := o.namesPlace()
		if err != nil {
			return false, fmt.Errorf("%s: %w", o.name, err)
		}
		if names {
			return true, nil
		}
	}
	return false, nil
}

// namesPlace reports whether the file has a text of places among its constants.
// It reads no more than those: a program's code is most of it. A file without
// section headers does not tell them apart, and is taken for one that has.
func (o *Object) namesPlace() (bool, error) {
	if o.of == nil {
		return true, nil
	}
	file, err := o.of.Open(o.name)
	if err != nil {
		return false, err
	}
	defer file.Close()
	at, ok := file.(io.ReaderAt)
	if !ok {
		return false, fmt.Errorf("it cannot be read at an offset")
	}
	parsed, err := elf.NewFile(at)
	if err != nil {
		return false, err
	}
	constants := 0
	for _, s := range parsed.Sections {
		if s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_ALLOC == 0 || s.Flags&(elf.SHF_WRITE|elf.SHF_EXECINSTR) != 0 || s.Name == ".eh_frame" {
			continue
		}
		constants++
		if found, err := contains(s.Open(), places); found || err != nil {
			return found, err
		}
	}
	return constants == 0, nil
}

// contains reports whether what is read has one of the texts.
func contains(r io.Reader, texts [][]byte) (bool, error) {
	buffer := make([]byte, 1<<20)
	kept := 0
	for {
		n, err := io.ReadFull(r, buffer[kept:])
		data := buffer[:kept+n]
		for _, text := range texts {
			if bytes.Contains(data, text) {
				return true, nil
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		// A text may lie across the end of what was read.
		kept = copy(buffer, data[len(data)-(longestPlace-1):])
	}
}
