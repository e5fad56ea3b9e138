package testenv

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rustfile/rustfile/integration/standin"
)

// baseFacts is what the frontend and the docs take for granted of the two base images. It runs on the official
// images where docker.io can be reached and on the look-alikes where it cannot, so that the two do not part.
const baseFacts = `FROM rust:` + standin.RustChannel + `-` + standin.Suite + ` AS rust
RUN set -eux; \
    release=$(rustc -vV | sed -n 's/^release: //p'); host=$(rustc -vV | sed -n 's/^host: //p'); \
    test "$RUST_VERSION" = "$release"; test "$CARGO_HOME" = /usr/local/cargo; test "$RUSTUP_HOME" = /usr/local/rustup; \
    test "$(command -v cargo)" = /usr/local/cargo/bin/cargo; cargo --version; \
    sysroot=$(rustc --print sysroot); \
    test "$sysroot" = /usr || test "$sysroot" = "/usr/local/rustup/toolchains/$release-$host"; \
    . /etc/os-release; test "$VERSION_CODENAME" = ` + standin.Suite + `; \
    cc --version; c++ --version; git --version; pkg-config --modversion openssl; test -s /etc/ssl/certs/ca-certificates.crt; \
    printf 'fn main() { println!("{}", 6 * 7); }' > /tmp/x.rs; rustc -o /tmp/x /tmp/x.rs; test "$(/tmp/x)" = 42
FROM debian:` + standin.Suite + `-slim
COPY --from=rust /tmp/x /x
RUN set -eux; test "$(id -u)" = 0; test "$(/x)" = 42; \
    . /etc/os-release; test "$VERSION_CODENAME" = ` + standin.Suite + `; \
    test ! -e /etc/ssl/certs/ca-certificates.crt; ! dpkg-query -W perl; test -L /bin; apt-get --version; \
    test "$PATH" = /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENTRYPOINT ["/x"]
`

func TestBaseImages(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "Dockerfile")
	if err := os.WriteFile(file, []byte(baseFacts), 0o644); err != nil {
		t.Fatal(err)
	}
	b := &Builder{Daemon: SharedDaemon(t, OCI), Route: Buildx}
	res := b.MustBuild(t, BuildOptions{Context: dir, File: file, NoFrontendContext: true})
	if got := res.Run(t); got != "42\n" {
		t.Errorf("the image printed %q", got)
	}
}
