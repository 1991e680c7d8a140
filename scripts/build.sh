#!/bin/bash
# build.sh [FOLDER [CONFIGURE ARGUMENT...]]: builds knarr in a folder of its own (default: build), as
# the owner of the tree. Repeats no step that has nothing to do.
. "$(dirname "$(readlink -f "$0")")/common.sh"
dir=${1:-$BUILD}
[ $# = 0 ] || shift

# A tree that was configured in place cannot be built from elsewhere: then a copy of it is.
src=$TOP
if [ -e "$TOP/config.status" ]; then
	src=$BUILD/source
	as_owner mkdir -p "$src"
	cd "$TOP"
	as_owner git ls-files -co --exclude-standard -z | as_owner tar --null -T - --ignore-failed-read -cf - |
		as_owner tar -C "$src" -xf -
fi

# A folder is newer than configure when a file was added to it.
cd "$src"
if [ ! -x configure ] || [ -n "$(find configure.ac Makefile.am src include tests man completions build-aux/*.am \
	\( -type d -o -name '*.am' -o -name configure.ac \) -newer configure -print -quit)" ]; then
	as_owner ./autogen.sh
fi

as_owner mkdir -p "$dir"
cd "$dir"
if [ ! -e Makefile ] || [ "$src/configure" -nt config.status ] || [ "$(cat .arguments 2>/dev/null)" != "$src $*" ]; then
	as_owner "$src/configure" -q "$@"
	echo "$src $*" | as_owner tee .arguments >/dev/null
fi
as_owner make -s -j"$(nproc)"
