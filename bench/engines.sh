#!/bin/bash
# bench/engines.sh [ROUNDS]: what engines need with knarr, crun and runc below them, interleaved (default 5 rounds).
#
# It needs the engines, root, and the image that the tests of the engines make, in Podman's store and in containerd's.
# The machine of tests/vm has them:
#     tests/vm/vm up; tests/vm/vm install DIR; tests/vm/vm bats tests/engines/containerd.bats
#     tests/vm/vm put bench/engines.sh /opt/engines.sh; tests/vm/vm run /opt/engines.sh
# An emulated CPU makes every time long, and what else runs on the host shows: read the ratios. Where there is no
# systemd, containerd is started here. PARALLEL: how many containers at once (default 50).
set -euo pipefail
rounds=${1:-5}
parallel=${PARALLEL:-50}
image=docker.io/library/knarr-test:latest
names="knarr crun runc"
declare -A program=([knarr]=/usr/local/bin/knarr [crun]=/usr/bin/crun [runc]=/usr/bin/runc)
export CONTAINERS_CONF_OVERRIDE=/var/tmp/knarr-engines-0/containers.conf
[ -e "$CONTAINERS_CONF_OVERRIDE" ] || unset CONTAINERS_CONF_OVERRIDE
work=$(mktemp -d)
containerd=""
cleanup() {
	podman rm -fa -t 0 >/dev/null 2>&1 || true
	end_of_ctr
	[ -z "$containerd" ] || kill "$containerd"
	rm -rf "$work"
}
# What is left of this run or of one that was cut short.
end_of_ctr() {
	local n
	for n in $(ctr container ls -q 2>/dev/null); do
		if ctr task kill -s KILL "$n" >/dev/null 2>&1; then sleep 2; fi
		ctr task rm "$n" >/dev/null 2>&1 || true
		ctr container rm "$n" >/dev/null 2>&1 || true
	done
}
start_containerd() {
	local i
	if [ -d /run/systemd/system ]; then
		systemctl start containerd
	else
		containerd >"$work/containerd.log" 2>&1 &
		containerd=$!
	fi
	for ((i = 0; i < 300; i++)); do
		! ctr version >/dev/null 2>&1 || return 0
		sleep 0.2
	done
	echo "engines: containerd does not answer" >&2
	exit 1
}
trap cleanup EXIT

# Each case: one call, or a handful of them, with the runtime $1.
podman_run() { podman --runtime "${program[$1]}" run --rm --network none "$image" true; }
podman_exec() { podman exec "bench-$1" true; }
ctr_run() { ctr run --rm --runc-binary "${program[$1]}" "$image" "bench-$1-$RANDOM" true; }
ctr_exec() { ctr task exec --exec-id "e$RANDOM" "bench-$1" true; }
at_once() {
	local i p pids=""
	for ((i = 0; i < parallel; i++)); do
		ctr run --rm --runc-binary "${program[$1]}" "$image" "many-$1-$i" true &
		pids="$pids $!"
	done
	for p in $pids; do wait "$p"; done
}

timed() { # case, runtime
	local t=${EPOCHREALTIME/./}
	"$1" "$2" </dev/null >"$work/log" 2>&1 || {
		echo "engines: $1 with $2 failed: $(tail -n 3 "$work/log")" >&2
		exit 1
	}
	echo "$1 $2 $((${EPOCHREALTIME/./} - t))" >>"$work/times"
}

start_containerd
end_of_ctr
podman rm -fa -t 0 >/dev/null
for n in $names; do
	podman --runtime "${program[$n]}" run -d --name "bench-$n" --network none "$image" sleep 100000 >/dev/null
	ctr run -d --runc-binary "${program[$n]}" "$image" "bench-$n" sleep 100000
done
for ((r = 0; r < rounds; r++)); do
	for c in podman_run podman_exec ctr_run ctr_exec; do
		for n in $names; do timed $c "$n"; done
	done
	# The first place goes round.
	names="${names#* } ${names%% *}"
done
end_of_ctr
for n in $names $names $names; do timed at_once "$n"; done

echo "| case | runtime | median ms | least ms | x crun (median, least) |"
echo "|---|---|---:|---:|---:|"
for c in podman_run podman_exec ctr_run ctr_exec at_once; do
	for n in knarr crun runc; do
		awk -v c=$c -v n=$n '$1 == c && $2 == n {print $3}' "$work/times" | sort -n |
			awk -v c=$c -v n=$n '{t[NR] = $1} END {print c, n, (t[int((NR + 1) / 2)] + t[int(NR / 2) + 1]) / 2000, t[1] / 1000}'
	done
done | awk '{row[NR] = $0; median[$1, $2] = $3; least[$1, $2] = $4}
	END {for (i = 1; i <= NR; i++) {split(row[i], f); c = f[1]
		printf "| %s | %s | %.0f | %.0f | %.2f, %.2f |\n", c, f[2], f[3], f[4], f[3] / median[c, "crun"], f[4] / least[c, "crun"]}}'
