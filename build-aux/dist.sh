#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copies tests, benchmarks and documents of the source tree $1 to the distribution $2, without build products.
set -eu
src=$(cd "$1" && pwd -P)
dist=$(cd "$2" && pwd -P)
cd "$src"
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$src" ]; then
	git ls-files -co --exclude-standard -- tests bench docs contrib .github '*.md'
else
	find . -path './half' -prune -o -path './fuzz-build' -prune -o -type f \
		\( -path './tests/*' -o -path './bench/*' -o -path './docs/*' -o -path './contrib/*' -o -path './.github/*' -o -name '*.md' \) \
		! -name '*.o' ! -name '*.log' ! -name '*.trs' ! -path '*/.deps/*' -print
fi | while IFS= read -r file; do
	if [ -f "$file" ] && [ ! -e "$dist/$file" ]; then
		mkdir -p "$dist/$(dirname "$file")"
		cp -p "$file" "$dist/$file"
	fi
done
