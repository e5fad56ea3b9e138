package runtimeneeds

// Passwd and Group are the users and groups of a base that has none: root, and
// the user that images run as, which distroless images call nonroot. There is
// no shell, and no home directory.
const (
	Passwd = "root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"
	Group  = "root:x:0:\nnogroup:x:65534:\nnonroot:x:65532:\n"
)
