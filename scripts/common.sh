# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is read by the scripts of this folder, which source it
set -eu
export HOME="${HOME:-/root}" LC_ALL=C.UTF-8
TOP=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
BUILD=$TOP/build
LOGS=$TOP/build/logs

BUILD_PACKAGES="autoconf automake libtool pkg-config make gcc libc6-dev binutils musl-tools git
	libseccomp-dev libjansson-dev libmnl-dev libyajl-dev libsystemd-dev"
RUN_PACKAGES="busybox-static"
TEST_PACKAGES="libcmocka-dev bats jq shellcheck clang clang-format libclang-rt-dev libasan8 libubsan1
	uidmap procps util-linux iproute2 strace python3 file mmdebstrap debian-archive-keyring umoci buildah
	patchelf"
VM_PACKAGES="qemu-system-x86 qemu-utils mmdebstrap debian-archive-keyring e2fsprogs openssh-client xz-utils zstd python3"

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# apt_install PACKAGE...: installs those that are missing; asks the network only when some are.
apt_install() {
	local p missing=""
	command -v apt-get >/dev/null || die "this script installs packages with apt-get, which is not here: see README.md for what is needed"
	for p; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
	done
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || die "these packages are missing, and installing them needs root:$missing"
	echo "installing:$missing"
	as_owner mkdir -p "$LOGS" # root's, it would keep the owner from building in there
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # a list of words
	{
		apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update &&
			apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 --no-install-recommends install $missing
	} </dev/null >"$LOGS/apt.log" 2>&1 || {
		tail -n 20 "$LOGS/apt.log" >&2
		die "apt-get failed, see $LOGS/apt.log"
	}
}

# Runs a command as the owner of the tree, so that a build under sudo leaves nothing of root's behind.
as_owner() {
	local uid gid
	uid=$(stat -c %u "$TOP") gid=$(stat -c %g "$TOP")
	if [ "$(id -u)" = 0 ] && [ "$uid" != 0 ] &&
		setpriv --reuid "$uid" --regid "$gid" --clear-groups test -w "$TOP" 2>/dev/null; then
		setpriv --reuid "$uid" --regid "$gid" --clear-groups "$@"
	else
		"$@"
	fi
}

# What root wrote under build/ goes to the owner of the tree.
give_back() {
	[ "$(id -u)" != 0 ] || chown -R "$(stat -c %u:%g "$TOP")" "$TOP/build" 2>/dev/null || true
}
