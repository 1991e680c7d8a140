#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every C file is as clang-format 14 would write it; `format.sh --fix` makes it so. Other versions format otherwise.
set -eu
fix=
if [ "${1:-}" = --fix ]; then
	fix=yes
	shift
fi
cd "${1:-${srcdir:-$(dirname "$0")/../..}}"
tool=${CLANG_FORMAT:-clang-format-14}
version=$($tool --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p')
if [ "$version" != 14 ]; then
	echo "clang-format 14 is needed, found ${version:-none}"
	exit 77
fi
folders=
for folder in include src tests/unit tests/fuzz tests/helpers bench; do
	[ ! -d "$folder" ] || folders="$folders $folder"
done
# shellcheck disable=SC2086
files=$(find $folders -name '*.[ch]' | LC_ALL=C sort)
if [ -n "$fix" ]; then
	# shellcheck disable=SC2086
	exec $tool -i $files
fi
# shellcheck disable=SC2086
bad=$($tool --dry-run -Werror $files 2>&1 |
	sed -n 's/^\([^:]*:[0-9]*\):[0-9]*: error:.*/\1: not as make format leaves it/p' | uniq)
[ -z "$bad" ] || { echo "$bad"; exit 1; }
