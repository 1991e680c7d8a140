#!/bin/bash
# sudo scripts/check.sh [OPTION...] [LAYER...]: installs what the tests need, builds, and runs them.
#
#   --quick       no virtual machine, no sanitizers, two seconds for each fuzz target
#   --no-vm       no virtual machine
#   --no-install  installs nothing: what is missing fails
#   LAYER         only these: lint unit fuzz integration user asan attack policy faults mutants vm engines
#
# The layers: lint; unit (make check, the golden plans with it); fuzz; integration and user (the same bats files, as
# root and as the user knarr-test, who is made if needed); asan (unit and integration tests of a
# build with sanitizers and fault points); attack (bats files that play a hostile container);
# policy (tests/policy: what a container is given, beside runc and crun of Debian; SEED= for other cases);
# faults (each system call of a command fails once, a sample by SEED); mutants (a third of tests/mutants: one
# protection is taken out, and its test must fail); vm
# (tests/vm in a machine with the unified cgroup tree, systemd, AppArmor); engines (tests/engines there).
#
# A skip is a failure unless tests/skips.allow has a reason for it. A file that fails and passes a second time is
# recorded as flaky; more than two such files are a failure. Logs: build/logs; each test's
# verdict: build/logs/results.tsv. The last line is "N passed, N failed, N skipped".
. "$(dirname "$(readlink -f "$0")")/common.sh"

vm=yes quick=no install=yes only=""
for a; do
	case $a in
	--quick) quick=yes vm=no ;;
	--no-vm) vm=no ;;
	--no-install) install=no ;;
	lint | unit | fuzz | integration | user | asan | attack | policy | faults | mutants | vm | engines) only="$only $a" ;;
	*)
		sed -n '2,/^\. /{/^#/s/^# \{0,1\}//p}' "$0"
		exit 2
		;;
	esac
done
RESULTS=$LOGS/results.tsv
END=$((SECONDS + ${CHECK_SECONDS:-5100})) # what is not done by then is a failure
TESTER=knarr-test
FUZZ_SECONDS=10
[ $quick = no ] || FUZZ_SECONDS=2

wanted() {
	[ -n "$only" ] || return 0
	[[ " $only " == *" $1 "* ]]
}
say() { printf '== %s\n' "$*"; }

# limited SECONDS CMD...: ends it then, or when the whole check's time is over.
limited() {
	local s=$1 left=$((END - SECONDS))
	shift
	[ $left -gt 1 ] || left=1
	[ "$s" -lt $left ] || s=$left
	timeout -k 10 "$s" "$@"
}

row() { # layer, verdict, file, test, words
	printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$(printf %s "${5:-}" | tr '\n\t' '| ' | cut -c1-600)" >>"$RESULTS"
}

# one LAYER SECONDS NAME CMD...: a command that is one test.
one() {
	local layer=$1 seconds=$2 name=$3 log rc=0
	shift 3
	log=$LOGS/$layer-${name//[^A-Za-z0-9_.-]/_}.log
	limited "$seconds" "$@" >"$log" 2>&1 </dev/null || rc=$?
	if [ $rc = 0 ]; then
		row "$layer" pass - "$name"
	else
		row "$layer" fail - "$name" "exit status $rc, see ${log#"$TOP/"}: $(tail -n 12 "$log")"
	fi
	return $rc
}

# tap LAYER SECONDS FILE CMD...: a command that writes TAP.
tap() {
	local layer=$1 seconds=$2 file=$3 log rc=0
	shift 3
	log=$LOGS/$layer-$(basename "$file").tap
	limited "$seconds" "$@" >"$log" 2>"$log.err" </dev/null || rc=$?
	# A shared or emulated machine may stall for longer than any wait. A second run tells a stall from a fault, and the
	# file is recorded as flaky; more than two of them fail the whole (summary()).
	if [ $rc != 0 ]; then
		mv "$log" "$log.first"
		rc=0
		limited "$seconds" "$@" >"$log" 2>"$log.err" </dev/null || rc=$?
		[ $rc != 0 ] || row "$layer" flaky "$file" "$(grep -m 3 '^not ok' "$log.first" | tr '\n' ';')"
	fi
	[ $rc -le 1 ] || printf '# %s\n' "$(tail -n 3 "$log.err" | tr '\n' ' ')" >>"$log"
	awk -v layer="$layer" -v file="$file" -v status=$rc -f "$TOP/scripts/tap.awk" "$log" >>"$RESULTS"
}

tally() { # layer: one line about it
	awk -F'\t' -v l="$1" '$1 == l {c[$2]++} END {printf "   %s: %d passed, %d failed, %d skipped\n", l, c["pass"], c["fail"], c["skip"]}' "$RESULTS"
}

# ---- what the layers share -------------------------------------------------------------------

# A copy of the tests and the programs where an ordinary user may read them: a checkout may lie in
# a folder that is closed to others.
stage() {
	[ -z "${STAGE:-}" ] || return 0
	STAGE=$(mktemp -d /tmp/knarr-check.XXXXXX)
	chmod 755 "$STAGE"
	(cd "$TOP" && tar --exclude=tests/fuzz --exclude=tests/unit -cf - tests scripts) |
		tar -C "$STAGE" --no-same-owner -xf -
	mkdir -p "$STAGE/bin" "$STAGE/tmp" "$STAGE/helpers"
	chmod 1777 "$STAGE/tmp"
	cp "$BUILD/knarr" "$STAGE/bin/knarr"
	helpers "$STAGE/helpers" || row build fail - helpers "tests/helpers do not compile, see build/logs/helpers.log"
	chmod -R a+rX "$STAGE"
}

# Each tests/helpers/X.c is a static program X that runs inside of containers without any library.
helpers() { # folder
	local f
	: >"$LOGS/helpers.log"
	for f in "$TOP"/tests/helpers/*.c; do
		[ -e "$f" ] || continue
		gcc -std=gnu11 -O2 -Wall -static -I"$TOP/include" -o "$1/$(basename "$f" .c)" "$f" >>"$LOGS/helpers.log" 2>&1 || return 1
	done
}

unstage() {
	[ -n "${STAGE:-}" ] || return 0
	# tests leave mounts behind when they fail: nothing is removed through one
	awk -v w="$STAGE/" 'index($2, w) == 1 {print $2}' /proc/self/mounts | sort -r | while read -r m; do
		umount -l "$(printf %b "$m")" || true
	done
	rm -rf --one-file-system "$STAGE" 2>/dev/null || true
}

# bats_files LAYER SECONDS FOLDER RUNTIME [AS...]: each bats file of a folder, by itself.
bats_files() {
	local layer=$1 seconds=$2 folder=$3 rt=$4 f n=0
	shift 4
	stage
	for f in "$TOP/tests/$folder"/*.bats; do
		[ -e "$f" ] || continue
		[ -z "${BATS_ONLY:-}" ] || [[ " $BATS_ONLY " == *" $(basename "$f" .bats) "* ]] || continue
		n=$((n + 1))
		tap "$layer" "$seconds" "$folder/$(basename "$f")" "$@" env RT="$rt" KNARR="$rt" \
			HELPERS="$STAGE/helpers" PROBE="$STAGE/helpers/probe" BATS_TEST_TIMEOUT="${BATS_TEST_TIMEOUT:-120}" TMPDIR="$STAGE/tmp" \
			bats --formatter tap --timing "$STAGE/tests/$folder/$(basename "$f")"
	done
	[ $n != 0 ] || echo "   no files in tests/$folder"
	tally "$layer"
}

make_tester() {
	local f first
	id $TESTER >/dev/null 2>&1 || useradd --create-home --shell /bin/bash $TESTER
	for f in /etc/subuid /etc/subgid; do
		[ -e $f ] || touch $f
		grep -q "^$TESTER:" $f && continue
		first=$(awk -F: 'BEGIN {top = 100000} $2 + $3 > top {top = $2 + $3} END {print top}' $f)
		echo "$TESTER:$first:65536" >>$f
	done
	mkdir -p "$STAGE/run-user"
	chown $TESTER: "$STAGE/run-user"
	chmod 700 "$STAGE/run-user"
}

# make check in a build folder, and what its logs say, test by test.
make_check() { # layer, build folder
	local layer=$1 dir=$2 trs log name rc=0
	find "$dir" -name '*.trs' -delete
	limited 900 make -C "$dir" -k check CMOCKA_MESSAGE_OUTPUT=TAP >"$LOGS/$layer.log" 2>&1 </dev/null || rc=$?
	while read -r trs; do
		log=${trs%.trs}.log name=$(basename "${trs%.trs}")
		if grep -qE '^(not )?ok ' "$log"; then
			awk -v layer="$layer" -v file="$name" -v status="$(grep -q ':test-result: FAIL' "$trs" && echo 1 || echo 0)" \
				-f "$TOP/scripts/tap.awk" "$log" >>"$RESULTS"
			# a program that failed after its last test, say in a sanitizer's report
			if grep -q ':test-result: FAIL' "$trs" && ! grep -q '^not ok' "$log"; then
				row "$layer" fail "$name" "(whole program)" "$(tail -n 12 "$log")"
			fi
		elif grep -qE ':test-result: (PASS|XFAIL)' "$trs"; then
			row "$layer" pass "$name" "$name"
		elif grep -q ':test-result: SKIP' "$trs"; then
			row "$layer" skip "$name" "$name" "$(tail -n 1 "$log")"
		else
			row "$layer" fail "$name" "$name" "$(tail -n 12 "$log")"
		fi
	done < <(find "$dir" -name '*.trs' ! -path "$dir/asan/*" ! -path "$dir/source/*" | sort)
	if [ $rc != 0 ] && ! awk -F'\t' -v l="$layer" '$1 == l && $2 == "fail" {f = 1} END {exit !f}' "$RESULTS"; then
		row "$layer" fail - "make check" "exit status $rc: $(tail -n 12 "$LOGS/$layer.log")"
	fi
	tally "$layer"
}

# ---- the layers ------------------------------------------------------------------------------

layer_lint() {
	local f
	# shellcheck disable=SC2046 # file names of this project have no blanks
	one lint 120 shellcheck shellcheck -x -P SCRIPTDIR $(cd "$TOP" && grep -rlE '^#!(/bin/(ba)?sh|/usr/bin/env (ba)?sh)' \
		scripts tests bench .ci build-aux/*.sh autogen.sh 2>/dev/null | grep -v '\.bats$' | sed "s|^|$TOP/|") || true
	if grep -q '^lint:' "$BUILD/Makefile"; then
		one lint 600 "make lint" make -C "$BUILD" lint || true
	else
		for f in "$TOP"/tests/lint/*; do
			if [ -x "$f" ] && [ -f "$f" ]; then one lint 300 "$(basename "$f")" "$f" || true; fi
		done
	fi
	tally lint
}

layer_unit() {
	make_check unit "$BUILD"
}

layer_fuzz() {
	local f name
	for f in "$TOP"/tests/fuzz/fuzz_*.c; do
		[ -e "$f" ] || continue
		name=$(basename "$f" .c)
		one fuzz $((FUZZ_SECONDS + 300)) "$name" make -C "$BUILD" fuzz FUZZ="$name" FUZZ_TIME=$FUZZ_SECONDS || true
	done
	tally fuzz
}

layer_integration() {
	stage
	bats_files integration 1200 integration "$STAGE/bin/knarr"
}

layer_user() {
	stage
	make_tester
	local home
	home=$(getent passwd $TESTER | cut -d: -f6)
	# The files that say something about an ordinary user.
	(cd / && BATS_ONLY="check cli contract errors features hooks inputs lifecycle mounts namespaces notify plan process properties_devices properties_misc properties_mounts properties_namespaces properties_process properties_seccomp rootless run scripts spec terminal" bats_files user 1200 integration "$STAGE/bin/knarr" setpriv --reuid $TESTER --regid $TESTER --init-groups \
		env -i PATH="$PATH" HOME="$home" USER=$TESTER LC_ALL=C.UTF-8 XDG_RUNTIME_DIR="$STAGE/run-user")
}

layer_asan() {
	stage
	one asan 900 build "$TOP/scripts/build.sh" "$BUILD/asan" --enable-sanitizers --enable-test-hooks || {
		tally asan
		return 0
	}
	rm -f "$LOGS"/asan.report*
	export ASAN_OPTIONS="log_path=$LOGS/asan.report:detect_leaks=1" UBSAN_OPTIONS="log_path=$LOGS/asan.report:print_stacktrace=1:halt_on_error=1"
	make_check asan "$BUILD/asan" >/dev/null
	cp "$BUILD/asan/knarr" "$STAGE/bin/knarr-asan"
	# Of the bats files those that reach most code, and the one that needs fault points.
	BATS_ONLY="crash errors hooks lifecycle mounts_shared notify run" bats_files asan 1800 integration "$STAGE/bin/knarr-asan" >/dev/null
	unset ASAN_OPTIONS UBSAN_OPTIONS
	if compgen -G "$LOGS/asan.report*" >/dev/null; then
		row asan fail - "no report of a sanitizer" "$(cat "$LOGS"/asan.report* | head -n 20)"
	else
		row asan pass - "no report of a sanitizer"
	fi
	tally asan
}

layer_attack() {
	local BATS_TEST_TIMEOUT=300 # races of 300 rounds
	stage
	bats_files attack 1200 attack "$STAGE/bin/knarr"
}

layer_policy() {
	stage
	tap policy 240 policy/run env KNARR="$STAGE/bin/knarr" LOOK="$STAGE/helpers/look" "$TOP/tests/policy/run"
	sed -n '/^# topic/,$s/^# /   /p' "$LOGS/policy-run.tap"
	tally policy
}

# Each run of knarr has one system call fail: a sample, in the order of the seed. tests/faults/faults.py has the rules.
layer_faults() {
	stage
	local seconds=140
	[ $quick = no ] || seconds=40
	tap faults $((seconds + 100)) faults.py "$TOP/tests/isolated" -2 -w "$STAGE" "$TOP/tests/faults/faults.py" --seconds $seconds \
		--seed "${SEED:-1}" "$STAGE/bin/knarr" "$STAGE/helpers"
	tally faults
}

# A third of the mutants, which the commit chooses: `make mutants` has all of them.
layer_mutants() {
	local seconds=300
	[ $quick = no ] || seconds=100
	tap mutants $((seconds + 360)) mutants.py python3 -B "$TOP/tests/mutants/mutants.py" --third --seconds $seconds
	grep '^# ' "$LOGS/mutants-mutants.py.tap" | sed 's/^# /   /' || true
	tally mutants
}

stop_machine() {
	[ -n "${MACHINE:-}" ] || return 0
	"$MACHINE" log >"$LOGS/vm-console.log" 2>/dev/null || true
	"$MACHINE" down || true
	MACHINE=""
}

# machine_files FOLDER...: the bats files of tests/FOLDER in one machine; each folder is a layer. What is named
# *_rootless.bats runs as an ordinary user.
machine_files() {
	local v=$TOP/tests/vm/vm k
	stage
	export NAME=check-$$
	MACHINE=$v
	rm -rf "$BUILD/stage"
	one "$1" 120 install make -C "$BUILD" -s install DESTDIR="$BUILD/stage" || return 0
	one "$1" 1500 "start the machine" "$v" up || return 0
	if one "$1" 120 "install in the machine" "$v" install "$BUILD/stage" &&
		one "$1" 120 "copy the helpers" "$v" put "$STAGE/helpers" /opt/knarr/helpers &&
		one "$1" 120 "copy contrib" "$v" put "$TOP/contrib" /opt/knarr/contrib; then
		for k; do machine_folder "$v" "$k"; done
		machine_skipped "$v"
	fi
	stop_machine
}
machine_folder() { # the machine, folder
	local f t=$SECONDS BATS_USER BATS_TEST_TIMEOUT=600
	export BATS_USER BATS_TEST_TIMEOUT
	for f in "$TOP/tests/$2"/*.bats; do
		[ -e "$f" ] || continue
		BATS_USER=root
		[[ $f != *_rootless.bats ]] || BATS_USER=rootless
		tap "$2" 1800 "$2/$(basename "$f")" "$1" bats "$f"
		grep -q '^# runs as: root rootless$' "$f" || continue
		BATS_USER=rootless
		tap "$2-user" 1800 "$2/$(basename "$f")" "$1" bats "$f"
	done
	tally "$2"
	! grep -q "^$2-user" "$RESULTS" || tally "$2-user"
	echo "   $2: $((SECONDS - t)) s"
}
# Both folders are run in one machine where both are wanted.
# What the host could not show for want of something that the machine has (tests/skips.allow says so).
machine_skipped() { # the machine
	local file name t=$SECONDS BATS_FILTER BATS_TEST_TIMEOUT=600 \
		had='^(no cgroup v2 controller|needs (systemd|AppArmor|CAP_SYS_RESOURCE|root of the host))'
	export BATS_FILTER BATS_TEST_TIMEOUT
	while IFS=$'\t' read -r file name; do
		# shellcheck disable=SC2001,SC2016 # an expression
		BATS_FILTER="^$(sed 's/[][\.*^$(){}?+|]/\\&/g' <<<"$name")\$"
		tap skipped 900 "$file" "$1" bats "$TOP/tests/$file" </dev/null
	done < <(awk -F'\t' -v had="$had" '$2 == "skip" && $1 ~ /^(integration|attack)$/ && $5 ~ had {print $3 "\t" $4}' "$RESULTS" | sort -u)
	tally skipped
	echo "   skipped: $((SECONDS - t)) s"
}
layer_vm() {
	local also=""
	! wanted engines || also=engines
	machine_files vm $also
}
layer_engines() { wanted vm || machine_files engines; }

# ---- what it comes to ------------------------------------------------------------------------

# A skip needs a line of tests/skips.allow: a glob for the layer, an expression for its reason.
judge() {
	local layer verdict file name words glob pattern ok
	while IFS=$'\t' read -r layer verdict file name words; do
		if [ "$verdict" = skip ]; then
			ok=no
			while read -r glob pattern; do
				case $glob in '' | '#'*) continue ;; esac
				# shellcheck disable=SC2053 # a pattern on purpose
				[[ $layer == $glob ]] && [[ $words =~ $pattern ]] && ok=yes && break
			done <"$TOP/tests/skips.allow"
			[ $ok = yes ] || verdict="fail" words="skipped without leave: ${words:-no reason}"
		fi
		printf '%s\t%s\t%s\t%s\t%s\n' "$layer" "$verdict" "$file" "$name" "$words"
	done <"$RESULTS" >"$RESULTS.judged"
	mv "$RESULTS.judged" "$RESULTS"
}

MAX_FLAKY=2
summary() {
	local flaky
	judge
	flaky=$(awk -F'\t' '$2 == "flaky"' "$RESULTS" | wc -l)
	[ "$flaky" -le $MAX_FLAKY ] || row all fail - "at most $MAX_FLAKY flaky files" "there are $flaky"
	echo
	awk -F'\t' '$2 == "flaky" {printf "FLAKY  %s: %s: failed first: %s\n", $1, $3, $4}' "$RESULTS"
	awk -F'\t' '$2 == "skip" {n[$1 ": " $5]++} END {for (k in n) printf "skipped  %s (%d)\n", k, n[k]}' "$RESULTS" | sort
	awk -F'\t' '$2 == "fail" {printf "FAILED  %s: %s: %s\n        %s\n", $1, $3, $4, $5}' "$RESULTS"
	echo
	awk -F'\t' '{c[$2]++} END {printf "%d passed, %d failed, %d skipped\n", c["pass"], c["fail"], c["skip"]; exit c["fail"] > 0 || c["pass"] == 0}' "$RESULTS"
}

[ "$(id -u)" = 0 ] || die "needs root: sudo scripts/check.sh"
as_owner mkdir -p "$BUILD" "$LOGS"
: >"$RESULTS"
trap 'stop_machine; unstage; give_back' EXIT
# shellcheck disable=SC2086 # lists of words
if [ $install = yes ]; then
	say "packages"
	packages="$BUILD_PACKAGES $RUN_PACKAGES $TEST_PACKAGES"
	[ $vm = no ] || packages="$packages $VM_PACKAGES"
	apt_install $packages
fi

say "build"
if limited 900 "$TOP/scripts/build.sh" >"$LOGS/build.log" 2>&1 </dev/null; then
	for l in lint unit fuzz integration user attack policy faults mutants vm engines asan; do
		wanted $l || continue
		[[ $l != vm && $l != engines ]] || [ $vm = yes ] || continue
		[ $l != asan ] || [ $quick = no ] || continue
		t=$SECONDS
		say "$l"
		"layer_$l"
		echo "   $((SECONDS - t)) s"
	done
else
	row build fail - build "see build/logs/build.log: $(tail -n 12 "$LOGS/build.log")"
fi
summary
