#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What was promised about the three programs: sizes, libraries, hardening. Run in the build directory.
# STATIC_HOST: the host half has musl. PLAIN_BUILD: no sanitizer or coverage in the host half, archives linked. SMALL_INIT: the container half has musl.
set -u
readelf=${READELF:-readelf}
command -v "$readelf" >/dev/null || exit 77
failed=0
fail()
{
	echo "$1:1: $2"
	failed=1
}

half=src/init/knarr-init
size=$(wc -c < "$half")
echo "$half: $size bytes"
if [ "${SMALL_INIT:-no}" = yes ] && [ "$size" -ge $((100 * 1024)) ]; then
	fail "$half" "$size bytes, must stay below 100 KiB"
fi
LC_ALL=C $readelf -lW "$half" | grep -q INTERP && fail "$half" "has an interpreter, must be static"
LC_ALL=C $readelf -dW "$half" | grep -q NEEDED && fail "$half" "needs libraries, must be static"

if [ "${STATIC_HOST:-no}" = yes ]; then
	LC_ALL=C $readelf -lW knarr | grep -q INTERP && fail knarr "has an interpreter, must be static"
	LC_ALL=C $readelf -rW knarr | grep 'R_' | grep -qv RELATIVE && fail knarr "has relocations that need a loader"
fi
for program in knarr "$half" src/loader/knarr-loader; do
	LC_ALL=C $readelf -lW "$program" | grep GNU_STACK | grep -q E && fail "$program" "executable stack"
done
LC_ALL=C $readelf -hW knarr | grep -q 'Type:.*DYN' || fail knarr "not position independent"
LC_ALL=C $readelf -dW knarr | grep -q 'BIND_NOW\|Flags:.*NOW' || fail knarr "not linked with -z now"
LC_ALL=C $readelf -lW knarr | grep -q GNU_RELRO || fail knarr "no read-only relocations"

if [ "${PLAIN_BUILD:-no}" = yes ]; then
	for library in $(LC_ALL=C $readelf -dW knarr | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'); do
		case $library in
		libc.so.* | libc.musl-* | ld-linux*) ;;
		*) fail knarr "needs $library, must need libc alone" ;;
		esac
	done
	${STRIP:-strip} -o knarr.stripped.$$ knarr || exit 99
	size=$(wc -c < knarr.stripped.$$)
	rm -f knarr.stripped.$$
	# A goal and not a limit: told, not failed.
	echo "knarr: $size bytes stripped, goal $((400 * 1024))"
fi
exit $failed
