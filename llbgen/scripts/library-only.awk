# Leaves out of manifests the targets that nobody who depends on the package
# compiles: cargo wants their files to exist. Reads files NAME.in, writes NAME.
FNR == 1 {
	if (to) close(to)
	to = FILENAME
	sub(/\.in$/, "", to)
	skip = 0
}
/^[[:space:]]*\[/ { skip = ($0 ~ /^[[:space:]]*\[\[[[:space:]]*(bin|example|test|bench)[[:space:]]*\]\]/) }
!skip { print >to }
