#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The completion scripts hold every command and flag of the table, parse, and (bash) complete. Run in the build directory.
set -u
src=${1:-${srcdir:-.}}
[ -x ./knarr ] || { echo "no ./knarr here"; exit 77; }
here=$(pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0
fail()
{
	echo "completions/generate.awk:1: $1"
	failed=1
}

./knarr --dump-commands > "$work/table" || exit 1
[ "$(grep -c '^command' "$work/table")" -ge 18 ] || fail "the table has too few commands"
for shell in bash zsh fish; do
	${AWK:-awk} -v shell=$shell -f "$src/completions/generate.awk" "$work/table" > "$work/$shell" || fail "$shell: no script"
done

# Every command and every flag, in the place where it belongs.
tab=$(printf '\t')
while IFS=$tab read -r kind owner name letter _; do
	case $kind in
	command)
		grep -q "'$owner:" "$work/zsh" || fail "zsh: no command $owner"
		grep -q -- "-a $owner -d" "$work/fish" || fail "fish: no command $owner"
		;;
	option)
		sed -n "/^	case \$verb in/,/^	esac/p" "$work/bash" | grep -q "^	$owner) flags='.*--${name}[ ']" || fail "bash: no $owner --$name"
		grep -q "_from $owner' -l $name " "$work/fish" || fail "fish: no $owner --$name"
		sed -n "/^	$owner)/,/;;/p" "$work/zsh" | grep -q "'--${name}[=[]" || fail "zsh: no $owner --$name"
		[ "$letter" = - ] || grep -q "_from $owner' -l $name -s $letter " "$work/fish" || fail "fish: no $owner -$letter"
		;;
	global)
		grep -q -- " --${name}[ \"]" "$work/bash" || fail "bash: no --$name"
		grep -q "^complete -c knarr -l $name " "$work/fish" || fail "fish: no --$name"
		grep -q "'--${name}[=[]" "$work/zsh" || fail "zsh: no --$name"
		;;
	esac
done < "$work/table"

for shell in bash zsh fish; do
	command -v $shell > /dev/null || continue
	$shell -n "$work/$shell" || fail "$shell: syntax"
done

# bash: words so far, the last being completed, and one of the answers.
cat > "$work/try" <<'EOF'
source "$1"; shift
wanted=$1; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
compopt() { :; }
_knarr
for reply in "${COMPREPLY[@]}"; do [[ $reply == "$wanted" ]] && exit 0; done
echo "${COMPREPLY[*]}"
exit 1
EOF
try()
{
	bash "$work/try" "$work/bash" "$@" || fail "bash: '$1' is not offered after: $*"
}
if command -v bash > /dev/null; then
	mkdir -p "$work/dir/rootfs"
	: > "$work/dir/file.json"
	cd "$work/dir" || exit 99
	cat > fake <<'EOF'
#!/bin/sh
echo box
[ "$1" = --root ] && echo "other-$2"
exit 0
EOF
	chmod +x fake
	try run ./fake ru
	try run ./fake --log-format json ru
	try --bundle ./fake run --bun
	try --log-format ./fake run --log-f
	try json ./fake --log-format js
	try json ./fake --log-format = js
	try rootfs ./fake run -b roo
	try file.json ./fake exec --process "fi"
	try box ./fake start bo
	try box ./fake run --bundle rootfs --detach bo
	try other-/r ./fake --root /r state oth
	try table ./fake --root /r list -f ta
	try SIGTERM ./fake kill box SIGT
	try add ./fake mounts a
	try box ./fake mounts add bo
	cd "$here" || exit 99
fi
exit $failed
