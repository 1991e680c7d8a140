#!/bin/bash
# bench/run.sh: knarr beside the floor program, crun and runc, in one run, interleaved.
#
#   -n ROUNDS   rounds of each measurement (default 100)
#   -o FOLDER   where to put results.tsv, table.md and plot.svg (default build/bench)
#   -c CASES    of: run lifecycle exec seccomp seccomp-cold mounts-1 mounts-10 mounts-100 mounts-1000
#               (default: all)
#   -q          rebuild nothing, plot nothing: the table only
#
# KNARR, CRUN, RUNC name the programs; else build/knarr or ./knarr, and what is in PATH, is taken,
# and what is not there is left out. Needs root, a C compiler, jq. On a hybrid host the runs are
# made in a private mount namespace that sees cgroup2 only, as all of them work on v2.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
top=$(dirname "$here")
rounds=100 out=$top/build/bench plot=yes
cases="run lifecycle exec seccomp seccomp-cold mounts-1 mounts-10 mounts-100 mounts-1000"
while getopts n:o:c:q o; do
	case $o in
	n) rounds=$OPTARG ;;
	o) out=$OPTARG ;;
	c) cases=$OPTARG ;;
	q) plot=no ;;
	*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
	esac
done
die() {
	echo "bench: $*" >&2
	exit 1
}
[ "$(id -u)" = 0 ] || die "needs root"
command -v jq >/dev/null || die "jq is missing"

if [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ] && [ -z "${BENCH_PRIVATE:-}" ]; then
	# shellcheck disable=SC2016 # for the inner shell
	BENCH_PRIVATE=1 exec unshare -m --propagation private sh -c '
		umount -R /sys/fs/cgroup 2>/dev/null
		mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh "$0" "$@"
fi

find_program() { # name, places...
	local name=$1 p
	shift
	for p; do
		[ -z "$p" ] || [ ! -x "$p" ] || { readlink -f "$p"; return; }
	done
	command -v "$name" || true
}
knarr=$(find_program knarr "${KNARR:-}" "$top/build/knarr" "$top/knarr")
crun=$(find_program crun "${CRUN:-}")
runc=$(find_program runc "${RUNC:-}")
names=""
for n in knarr crun runc; do [ -z "${!n}" ] || names="$names $n"; done
[ -n "$names" ] || die "neither knarr nor crun nor runc is here"

mkdir -p "$out"
out=$(readlink -f "$out")
work=$(mktemp -d "${TMPDIR:-/tmp}/knarr-bench.XXXXXX")
chmod 755 "$work"
# The records lie where callers have them, on a tmpfs like /run.
mkdir "$work/state"
mount -t tmpfs -o mode=755 tmpfs "$work/state"
cleanup() {
	local n
	for n in $names; do "${!n}" --root "$work/state/$n" delete --force "stays-$n" >/dev/null 2>&1 || true; done
	umount "$work/state"
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

# ---- the programs --------------------------------------------------------------------------

cc=${CC:-cc}
include=""
if command -v musl-gcc >/dev/null; then
	cc=musl-gcc
	include="-idirafter /usr/include -idirafter /usr/include/$(gcc -print-multiarch)"
fi
for p in floor timer true; do
	# shellcheck disable=SC2086 # words
	$cc -std=gnu11 -O2 -Wall -static -o "$work/$p" "$here/$p.c" $include
	strip "$work/$p"
done

# ---- the bundles ---------------------------------------------------------------------------

bundle() { # folder, jq filter on the default config
	mkdir -p "$1"/rootfs/{proc,dev,sys}
	cp "$work/true" "$1/rootfs/true"
	(cd "$1" && "${spec_by:-$runc}" spec)
	jq ".process.terminal = false | .process.args = [\"/true\"] | .hostname = \"bench\" |
		del(.process.rlimits, .linux.seccomp) | $2" \
		"$1/config.json" >"$1/config.new"
	mv "$1/config.new" "$1/config.json"
}
# The default bundle is the one that "spec" writes; runc's, where it is there, as all three take it.
spec_by=$runc
[ -n "$spec_by" ] || spec_by=${knarr:-$crun}
# Resource limits are left out: raising one may be forbidden where this runs.
bundle "$work/plain" .
bundle "$work/stays" '.process.args = ["/true", "stay"]'
# As many rules as the kernel's table has names: what an engine's default profile looks like.
echo '#include <sys/syscall.h>' | gcc -E -dM - | awk '$2 ~ /^__NR_[a-z]/ {print substr($2, 6)}' | sort >"$work/names"
case $(uname -m) in
x86_64) arch=SCMP_ARCH_X86_64 ;;
aarch64) arch=SCMP_ARCH_AARCH64 ;;
*) arch=SCMP_ARCH_RISCV64 ;;
esac
calls=$(jq -Rnc '[inputs | {names: [.], action: "SCMP_ACT_ALLOW"}]' <"$work/names")
bundle "$work/seccomp" ".linux.seccomp = {defaultAction: \"SCMP_ACT_ERRNO\", architectures: [\"$arch\"], syscalls: $calls}"

# Bind mounts of one folder to places that exist.
for n in 1 10 100 1000; do
	case " $cases " in *" mounts-$n "*) ;; *) continue ;; esac
	bundle "$work/mounts-$n" ".mounts += [range($n) | {destination: \"/m/\\(.)\", type: \"bind\", source: \"$work/source\", options: [\"rbind\", \"ro\"]}]"
	mkdir "$work/mounts-$n/rootfs/m"
	(cd "$work/mounts-$n/rootfs/m" && seq 0 $((n - 1)) | xargs mkdir)
done
mkdir "$work/source"

# ---- the measurements ----------------------------------------------------------------------

: >"$out/results.tsv"
measure() { # case, then the timer's arguments
	local case=$1
	shift
	local times=$rounds
	[ "$case" != mounts-1000 ] || times=$(((rounds + 4) / 5))
	echo "bench: $case, $times rounds" >&2
	"$work/timer" -n "$times" -w 3 "$@" | sed "s/^/$case\t/" >>"$out/results.tsv" || die "$case failed"
}
rt() { # name, further arguments: sets cmd
	local n=$1
	shift
	cmd=("${!n}" --root "$work/state/$n" "$@")
}
join() { # adds cmd to args as a candidate
	[ ${#args[@]} = 0 ] || args+=(--)
	args+=("$1" "${cmd[@]}")
}

for case in $cases; do
	args=()
	case $case in
	run)
		cmd=("$work/floor" "$work/plain/rootfs" /true)
		join floor
		for n in $names; do
			rt "$n" run --bundle "$work/plain" "b-$n"
			join "$n"
		done
		;;
	lifecycle)
		for n in $names; do
			rt "$n" create --bundle "$work/plain" "b-$n"
			all=("${cmd[@]}")
			rt "$n" start "b-$n"
			all+=(+ "${cmd[@]}")
			rt "$n" delete --force "b-$n"
			cmd=("${all[@]}" + "${cmd[@]}")
			join "$n"
		done
		;;
	exec)
		for n in $names; do
			rt "$n" run --detach --bundle "$work/stays" "stays-$n"
			"${cmd[@]}" </dev/null >/dev/null
			rt "$n" exec "stays-$n" /true
			join "$n"
		done
		;;
	seccomp)
		for n in $names; do
			rt "$n" run --bundle "$work/seccomp" "b-$n"
			join "$n"
		done
		;;
	seccomp-cold)
		# Without what an earlier run may have kept of the profile.
		for n in $names; do
			rt "$n" run --bundle "$work/seccomp" "b-$n"
			cmd=(rm -rf "$work/state/$n/.cache" "=" "${cmd[@]}")
			join "$n"
		done
		;;
	mounts-*)
		for n in $names; do
			rt "$n" run --bundle "$work/$case" "b-$n"
			join "$n"
		done
		;;
	*) die "no case '$case'" ;;
	esac
	measure "$case" "${args[@]}"
	[ "$case" != exec ] || for n in $names; do
		rt "$n" delete --force "stays-$n"
		"${cmd[@]}" >/dev/null
	done
done

# ---- the table and the plot ----------------------------------------------------------------

for n in $names; do
	cp "${!n}" "$work/stripped"
	strip "$work/stripped" 2>/dev/null || true
	printf 'size\t%s\t1\t%s\n' "$n" "$(stat -c %s "$work/stripped")"
done >>"$out/results.tsv"
awk -F'\t' -v kernel="$(uname -r)" -f "$here/table.awk" "$out/results.tsv" | tee "$out/table.md"
[ $plot = no ] || awk -F'\t' -f "$here/plot.awk" "$out/results.tsv" >"$out/plot.svg"
