#!/bin/sh
# Completes the repository in /src, which has commits and nothing else, for
# programs and macros that compare the files with the commit. Only git itself can
# do that; an image without it can run none of those that call it.
# /rustfile/tracked are the files of the real index. The trees made of it are
# those of the commit, unless something is staged. What is not here, because the
# build does not need it, counts as unchanged.
# Without it, the files are those of the commit, and the commit gets their tree
# in place of its own.
if command -v git >/dev/null; then
	(
		cd /src
		if [ -f /rustfile/tracked ]; then
			git update-index -z --index-info </rustfile/tracked
			git update-index -z --skip-worktree --stdin </rustfile/replaced
			git ls-files -z --deleted >/tmp/deleted
			git update-index -z --skip-worktree --stdin </tmp/deleted
			git write-tree --missing-ok
			git update-index -q --refresh || true
		else
			git add --all --force .
			git cat-file commit HEAD | sed "1s/.*/tree $(git write-tree)/" >/tmp/commit
			git update-ref "refs/replace/$(git rev-parse HEAD)" "$(git hash-object -t commit -w /tmp/commit)"
		fi
	) >/dev/null
	# With git at hand, vergen finds these itself, in the form that the build script
	# asks for: shortened, or marked when files differ from the commit's.
	[ "${VERGEN_GIT_SHA-}" != "$(git -C /src rev-parse HEAD)" ] || unset VERGEN_GIT_SHA
	[ "${VERGEN_GIT_DESCRIBE-}" != "$(git -C /src describe --tags --always --abbrev=7)" ] || unset VERGEN_GIT_DESCRIBE
fi
