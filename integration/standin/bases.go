package standin

import (
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// OldSuite is the Debian release of the base whose C library is older than the one of Suite.
const OldSuite = "bullseye"

// The bases that projects choose beside Debian's. They are made of the files of a few packages, without their scripts
// and without a package manager.
const (
	// Distroless is gcr.io/distroless/cc-debian12: the GNU C library, libgcc, OpenSSL, certificates, time zones.
	Distroless Image = "distroless"
	// DistrolessStatic is gcr.io/distroless/static-debian12: certificates and time zones.
	DistrolessStatic Image = "distroless-static"
	// Alpine is library/alpine: the musl C library. It has no shell, which the real one has.
	Alpine Image = "alpine"
	// DebianOld is library/debian:<OldSuite>-slim: the C library and libgcc alone.
	DebianOld Image = "debian-old"
)

// smallBase says what a base is made of.
type smallBase struct {
	refs     []string
	suite    string
	packages []string
	// files are added to those of the packages; certificates are true when it has a CA bundle.
	files        map[string]string
	certificates bool
	env          []string
}

const (
	distrolessUsers  = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
	distrolessGroups = "root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n"
)

var smallBases = map[Image]smallBase{
	Distroless: {
		refs: []string{"distroless/cc-debian12:latest"}, suite: Suite, certificates: true, env: []string{"SSL_CERT_FILE=/" + caFile},
		packages: []string{"base-files", "libc6", "libgcc-s1", "libssl3", "netbase", "tzdata"},
		files:    map[string]string{"etc/passwd": distrolessUsers, "etc/group": distrolessGroups},
	},
	DistrolessStatic: {
		refs: []string{"distroless/static-debian12:latest"}, suite: Suite, certificates: true, env: []string{"SSL_CERT_FILE=/" + caFile},
		packages: []string{"base-files", "netbase", "tzdata"},
		files:    map[string]string{"etc/passwd": distrolessUsers, "etc/group": distrolessGroups},
	},
	Alpine: {
		refs: []string{"library/alpine:latest", "library/alpine:3"}, suite: Suite, certificates: true, packages: []string{"musl"},
		files: map[string]string{
			"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n", "etc/group": "root:x:0:root\n",
			"etc/os-release": "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.22.0\n",
		},
	},
	DebianOld: {refs: []string{"library/debian:" + OldSuite + "-slim"}, suite: OldSuite, packages: []string{"base-files", "libc6", "libgcc-s1"},
		files: map[string]string{"etc/passwd": "root:x:0:0:root:/root:/bin/bash\n", "etc/group": "root:x:0:\n"}},
}

// extract downloads packages with the root's own apt and unpacks them elsewhere: DIR stands for where, PACKAGES for
// their names. Slim images have no documentation.
const extract = `cd DIR && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -q download PACKAGES && ` +
	`for p in *.deb; do dpkg-deb -x "$p" files && rm "$p" || exit 1; done && rm -rf files/usr/share/doc files/usr/share/man files/usr/share/lintian`

// smallRecipe makes a base of the files of packages.
func smallRecipe(im Image, s smallBase) (recipe, error) {
	ca, err := hostCA()
	if err != nil {
		return recipe{}, err
	}
	madeOf := "the files of Debian packages " + strings.Join(s.packages, ", ")
	build := func(ctx context.Context, b *builder) (v1.Image, error) {
		archive, err := s.archive(ctx, b)
		if err != nil {
			return nil, err
		}
		img, err := newImage(madeOf, append([]string{"PATH=" + systemPath}, s.env...))
		if err != nil {
			return nil, err
		}
		cfg, err := img.ConfigFile()
		if err != nil {
			return nil, err
		}
		cfg = cfg.DeepCopy()
		cfg.Config.Cmd = nil
		if img, err = mutate.ConfigFile(img, cfg); err != nil {
			return nil, err
		}
		if img, err = addTarFile(img, archive, gzip.DefaultCompression, madeOf); err != nil {
			return nil, err
		}
		var t tree
		for name, text := range s.files {
			t.file(name, 0o644, []byte(text))
		}
		if s.certificates && len(ca) > 0 {
			t.file(caFile, 0o644, ca)
		}
		return addTar(img, t.stream(), "users and certificates")
	}
	key := s.suite + " " + runtime.GOARCH + " " + strings.Join(s.packages, " ")
	return recipe{name: string(im), key: key, refs: s.refs, build: build}, nil
}

// archive is a tar archive of the packages' files.
func (s smallBase) archive(ctx context.Context, b *builder) (string, error) {
	program, err := needMmdebstrap(ctx, b)
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(filepath.Join(b.work, "files"), 0o755); err != nil {
		return "", err
	}
	hook := "--customize-hook=" + strings.NewReplacer("DIR", b.work, "PACKAGES", strings.Join(s.packages, " ")).Replace(extract)
	if err := runQuiet(ctx, b.work, program, "--quiet", "--variant=custom", "--format=null", hook, s.suite, "/dev/null"); err != nil {
		return "", err
	}
	out := filepath.Join(b.work, "base.tar")
	return out, runQuiet(ctx, b.work, "tar", "--create", "--file", out, "--directory", filepath.Join(b.work, "files"), "--sort=name", ".")
}
