#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Instructions that an operation takes in user space, counted by valgrind's callgrind: ours against the liburing that is installed
# on this machine, the same program, compiler and flags. Counts do not depend on how fast or how busy the machine is.
#
#     make bench-instructions
#     LIBURING_PREFIX=dir make bench-instructions     and against the liburing installed there
#
# Prints a table in Markdown. Ends with 1 when ours takes more than the installed liburing in a row of NOPs, with 77 when there is nothing to
# count with or to compare with. CC, CFLAGS (-O2), STAGE, STAGE_DROPIN (what `make stage` made) are taken from the environment.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
stage=${STAGE:-$root/target/stage}
dropin=${STAGE_DROPIN:-$root/target/stage-dropin}
cc=${CC:-cc}
cflags=${CFLAGS:--O2}

skip() {
	echo "SKIP: $*"
	exit 77
}
die() {
	echo "instructions.sh: $*" >&2
	exit 2
}

command -v valgrind >/dev/null 2>&1 || skip "valgrind is not installed"
[ -f "$dropin/lib/liburing.so.2" ] && [ -f "$stage/lib/liburing_rs.so.2" ] || die "no libraries: make stage builds them"

work=$(mktemp -d "${TMPDIR:-/tmp}/uring-instructions.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# build NAME INCLUDE LIBDIR LIBRARY: one program per library. Empty directories stand for the system's.
build() {
	# shellcheck disable=SC2086
	$cc $cflags ${2:+-I"$2"} "$here/nop.c" ${3:+-L"$3" -Wl,-rpath,"$3"} "-l$4" -o "$work/$1"
}

# The installed liburing, told by the compiler itself: its header and library may lie anywhere that it looks.
installed=
if build installed '' '' uring 2>"$work/log"; then
	installed=installed
	version=$(pkg-config --modversion liburing 2>/dev/null) || version='?'
fi
build dropin "$dropin/include" "$dropin/lib" uring
build uring_rs "$stage/include/uring_rs" "$stage/lib" uring_rs
# A program that found the installed library after all would compare it with itself.
for name in dropin uring_rs; do
	ldd "$work/$name" | grep -q "$root/target\|$stage\|$dropin" || die "$name does not load the library that was built"
done
other=
if [ -n "${LIBURING_PREFIX:-}" ]; then
	prefix=$(cd "$LIBURING_PREFIX" && pwd)
	build other "$prefix/include" "$prefix/lib" uring
	other=other
	other_version=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --modversion liburing 2>/dev/null) || other_version=$prefix
fi

"$work/dropin" wait 1 1 2>"$work/log" || skip "$(cat "$work/log")"

# count NAME MODE DEPTH ROUNDS: instructions of the whole run.
count() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$work/$1" "$2" "$3" "$4" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		die "$1 $2 $3 failed under valgrind"
	}
	sed -n 's/^==[0-9]*== Collected : *//p' "$work/log"
}

# per_operation NAME MODE DEPTH: the difference of a long run and a short one has nothing of the start and the end in it.
per_operation() {
	case $2 in
	init) few=10 many=60 each=1 ;;
	*) few=100 many=600 each=$3 ;;
	esac
	short=$(count "$1" "$2" "$3" $few)
	long=$(count "$1" "$2" "$3" $many)
	awk "BEGIN { printf \"%.1f\", ($long - $short) / ($many - $few) / $each }"
}

libraries="dropin uring_rs ${installed:-} ${other:-}"
echo "Instructions per operation in user space ($(uname -m), $($cc --version | head -n 1), $cflags):"
echo
printf '| operation | liburing.so.2, ours | liburing_rs.so.2 |'
[ -z "$installed" ] || printf ' liburing %s, installed |' "$version"
[ -z "$other" ] || printf ' liburing %s |' "$other_version"
printf '\n|---|--:|--:|'
[ -z "$installed" ] || printf -- '--:|'
[ -z "$other" ] || printf -- '--:|'
printf '\n'

# Into the table, and as NAME=VALUE into a file for the verdict.
row() {
	printf '| %s |' "$3"
	for name in $libraries; do
		value=$(per_operation "$name" "$1" "$2")
		printf ' %s |' "$value"
		echo "$1 $2 $name $value" >>"$work/values"
	done
	printf '\n'
}
row wait 1 'NOP, depth 1: submit and wait'
row wait 32 'NOP, depth 32: submit and wait'
row peek 1 'NOP, depth 1: submit, peek'
row peek 32 'NOP, depth 32: submit, peek'
row each 1 'NOP, depth 1: submit, wait for each'
row each 32 'NOP, depth 32: submit, wait for each'
row batch 1 'NOP, depth 1: submit, peek at a batch'
row batch 32 'NOP, depth 32: submit, peek at a batch'
row init 32 'a ring of 32 entries: init, exit'
echo

[ -n "$installed" ] || skip "no liburing is installed to compare with (Debian: liburing-dev)"
awk '
	$1 == "init" { next }
	$3 == "installed" { theirs[$1, $2] = $4 }
	$3 == "dropin" || $3 == "uring_rs" { ours[$1, $2, $3] = $4 }
	END {
		for (key in ours) {
			split(key, part, SUBSEP)
			limit = theirs[part[1], part[2]]
			if (ours[key] > limit) {
				printf "%s at depth %s: %s takes %s, the installed liburing %s\n", part[1], part[2], part[3], ours[key], limit
				above = 1
			}
		}
		exit above
	}
' "$work/values" || exit 1
echo "Ours takes no more than the installed liburing in every row of NOPs."
