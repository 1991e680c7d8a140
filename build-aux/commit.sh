#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints commit.h for the source tree $1: the commit of its checkout, "unknown" where it is none.
src=$(cd "$1" && pwd -P) || exit 1
commit=unknown
if [ "$(git -C "$src" rev-parse --show-toplevel 2>/dev/null)" = "$src" ]; then
	commit=$(GIT_OPTIONAL_LOCKS=0 git -C "$src" describe --always --abbrev=40 --exclude='*' --dirty 2>/dev/null) || commit=unknown
fi
printf '#define KNARR_COMMIT "%s"\n' "${commit:-unknown}"
