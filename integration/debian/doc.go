// Package debian installs the few Debian packages that tests and the demo need and that Go cannot bring:
// mmdebstrap for the look-alike images and containerd for the containerd worker, chromium for the report's page. Standard library only.
package debian
