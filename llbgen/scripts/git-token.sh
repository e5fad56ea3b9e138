#!/bin/sh
# A credential helper of git's: answers with the token for a host, as BuildKit
# does when it fetches. https://git-scm.com/docs/gitcredentials
[ "$1" = get ] || exit 0
while IFS='=' read -r key value && [ -n "$key" ]; do
	[ "$key" = host ] && host=$value
done
for token in "/run/secrets/GIT_AUTH_TOKEN.$host" /run/secrets/GIT_AUTH_TOKEN; do
	[ -f "$token" ] || continue
	printf 'username=x-access-token\npassword=%s\n' "$(cat "$token")"
	exit 0
done
