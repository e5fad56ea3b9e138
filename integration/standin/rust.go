package standin

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// debianRust are the packages that bring Debian's own Rust where the host has none. In bookworm the packages
// named -web are the ones that follow current releases; plain rustc there is too old for most crates.
var debianRust = []string{"rustc-web", "cargo-web"}

// hostRust is the Rust toolchain of this machine.
type hostRust struct {
	sysroot string // where rustc finds its libraries; everything in it is the toolchain
	release string // 1.95.0
	host    string // x86_64-unknown-linux-gnu
	rustup  string // path of the rustup program, empty when the toolchain does not come from it
}

// findHostRust returns nil when the host has no toolchain that can be copied: no rustc, or one that is spread
// over /usr.
func findHostRust(ctx context.Context) (*hostRust, error) {
	if os.Getenv("RUSTFILE_STANDIN_RUST") == "debian" {
		return nil, nil
	}
	if _, err := exec.LookPath("cargo"); err != nil {
		return nil, nil
	}
	sysroot, err := output(ctx, "rustc", "--print", "sysroot")
	if err != nil {
		return nil, nil // a rustup proxy without a toolchain, for one
	}
	if sysroot == "/usr" || sysroot == "/usr/local" {
		return nil, nil
	}
	if _, err := os.Stat(filepath.Join(sysroot, "bin", "cargo")); err != nil {
		return nil, nil
	}
	version, err := output(ctx, "rustc", "-vV")
	if err != nil {
		return nil, err
	}
	h := &hostRust{sysroot: sysroot}
	for line := range strings.Lines(version) {
		if v, ok := strings.CutPrefix(line, "release: "); ok {
			h.release = strings.TrimSpace(v)
		}
		if v, ok := strings.CutPrefix(line, "host: "); ok {
			h.host = strings.TrimSpace(v)
		}
	}
	if h.release == "" || h.host == "" {
		return nil, fmt.Errorf("rustc -vV names no release or no host:\n%s", version)
	}
	if p, err := exec.LookPath("rustup"); err == nil {
		if h.rustup, err = filepath.EvalSymlinks(p); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// rustRecipe is the look-alike of the official Rust image.
func rustRecipe(ctx context.Context) (recipe, error) {
	host, err := findHostRust(ctx)
	if err != nil {
		return recipe{}, err
	}
	ca, err := hostCA()
	if err != nil {
		return recipe{}, err
	}
	tags := []string{RustChannel + "-" + Suite, "1-" + Suite, Suite}
	r := recipe{name: "rust"}
	packages := buildPackages
	if host != nil {
		r.key = host.release + " " + host.host + " rustup=" + host.rustup
		tags = append(tags, host.release+"-"+Suite)
		if minor, _, ok := cutLast(host.release, "."); ok && minor != RustChannel {
			tags = append(tags, minor+"-"+Suite)
		}
	} else {
		packages = append(append([]string{}, packages...), debianRust...)
		r.key = "debian"
	}
	for _, tag := range tags {
		r.refs = append(r.refs, "library/rust:"+tag)
	}
	r.key += fmt.Sprintf("\n%s %s\n%v\n%x", Suite, runtime.GOARCH, packages, sha256.Sum256(ca))
	r.build = func(ctx context.Context, b *builder) (v1.Image, error) { return buildRust(ctx, b, host, packages, ca) }
	return r, nil
}

// buildRust stacks the Debian packages, the toolchain and the host's certificates.
func buildRust(ctx context.Context, b *builder, host *hostRust, packages []string, ca []byte) (v1.Image, error) {
	var args []string
	versionFile := filepath.Join(b.work, "rustc-version")
	if host == nil {
		args = append(args, `--customize-hook=chroot "$1" rustc --version >`+versionFile)
	}
	base, err := mmdebstrap(ctx, b, "build", packages, args...)
	if err != nil {
		return nil, err
	}
	var t tree
	release, madeOf := "", ""
	if host != nil {
		release, madeOf = host.release, "the host's Rust "+host.release
		if err := addToolchain(&t, host); err != nil {
			return nil, err
		}
	} else {
		if release, err = debianRelease(versionFile); err != nil {
			return nil, err
		}
		madeOf = "Debian's Rust " + release
		addDebianProxies(&t)
	}
	if len(ca) > 0 {
		t.file(caFile, 0o644, ca)
	}
	img, err := newImage(madeOf, []string{
		"PATH=/usr/local/cargo/bin:" + systemPath,
		"RUSTUP_HOME=/usr/local/rustup",
		"CARGO_HOME=/usr/local/cargo",
		"RUST_VERSION=" + release,
	})
	if err != nil {
		return nil, err
	}
	if img, err = addTarFile(img, base, gzip.BestSpeed, "mmdebstrap "+Suite+": "+strings.Join(packages, " ")); err != nil {
		return nil, err
	}
	return addTar(img, t.stream(), madeOf)
}

// addToolchain puts the host's toolchain where the official image has it: under the name that rustup would give
// it, with rustup's proxies in CARGO_HOME, or links to the toolchain's programs when rustup is not there.
func addToolchain(t *tree, h *hostRust) error {
	name := h.release + "-" + h.host
	home := "usr/local/rustup/toolchains/" + name
	t.dir("usr/local/rustup", 0o777)
	t.dir("usr/local/rustup/toolchains", 0o777)
	if err := t.copyDir(h.sysroot, home, "share"); err != nil {
		return err
	}
	t.dir("usr/local/cargo", 0o777)
	t.dir("usr/local/cargo/bin", 0o777)
	programs := []string{"cargo", "cargo-clippy", "cargo-fmt", "clippy-driver", "rustc", "rustdoc", "rustfmt", "rust-gdb", "rust-lldb"}
	if h.rustup == "" {
		for _, p := range programs {
			if _, err := os.Stat(filepath.Join(h.sysroot, "bin", p)); err == nil {
				t.symlink("usr/local/cargo/bin/"+p, "/"+home+"/bin/"+p)
			}
		}
		return nil
	}
	rustup, err := os.ReadFile(h.rustup)
	if err != nil {
		return err
	}
	t.file("usr/local/cargo/bin/rustup", 0o755, rustup)
	for _, p := range programs {
		t.symlink("usr/local/cargo/bin/"+p, "rustup")
	}
	t.file("usr/local/rustup/settings.toml", 0o644,
		fmt.Appendf(nil, "default_toolchain = %q\nprofile = \"minimal\"\nversion = \"12\"\n\n[overrides]\n", name))
	return nil
}

// addDebianProxies makes Debian's programs reachable where the official image has rustup's.
func addDebianProxies(t *tree) {
	t.dir("usr/local/rustup", 0o777)
	t.dir("usr/local/cargo", 0o777)
	t.dir("usr/local/cargo/bin", 0o777)
	for _, p := range []string{"cargo", "rustc", "rustdoc"} {
		t.symlink("usr/local/cargo/bin/"+p, "/usr/bin/"+p)
	}
}

// debianRelease reads "rustc 1.96.0 (...)".
func debianRelease(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	words := strings.Fields(string(text))
	if len(words) < 2 || words[0] != "rustc" {
		return "", fmt.Errorf("Debian's rustc --version printed %q", text)
	}
	return words[1], nil
}

// caFile is where Debian keeps the certificates that everything trusts.
const caFile = "etc/ssl/certs/ca-certificates.crt"

// hostCA returns the certificates this host trusts, so that a build with network access trusts them too.
func hostCA() ([]byte, error) {
	for _, file := range []string{os.Getenv("SSL_CERT_FILE"), "/" + caFile, "/etc/pki/tls/certs/ca-bundle.crt"} {
		if file == "" {
			continue
		}
		pem, err := os.ReadFile(file)
		if err == nil {
			return pem, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return nil, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
