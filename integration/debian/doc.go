// Package debian installs the few Debian packages that tests and the demo need and that Go cannot bring:
// mmdebstrap for the look-alike images and containerd for the containerd worker. Standard library only.
package debian
