// Package testenv runs tests against real BuildKit daemons: it starts buildkitd with runc or with containerd,
// builds through the ways a user can reach the frontend (in-process, as a gateway image, with stock
// `docker buildx`), and hands back what was built and what had to run for it.
//
// A test binary calls [Main] from TestMain. [SharedDaemon] is one daemon per worker, started when first asked for and
// used by all tests, so that what one test compiled the next one finds cached; [FreshDaemon] is a daemon of the test's
// own, for cold caches and for killing. Base images come from docker.io or from package standin's look-alikes.
//
// The hard idea is to leave nothing behind. buildkitd keeps hundreds of mounts, and a killed daemon leaves its
// containers alive. Each daemon therefore has a mount namespace of its own, which takes the mounts with it; a
// parent-death signal, so that it dies with the test binary even if that one is killed; and after it ended, the
// processes whose root file system lies in its directory are killed.
//
// It imports BuildKit's client and gateway client, go-containerregistry, and the packages around it; nothing but
// tests and the demo may import it.
package testenv
