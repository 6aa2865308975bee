#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Instructions that an operation takes in user space, counted by valgrind's callgrind: ours against the liburing that is installed
# on this machine, the same program, compiler and flags. Counts do not depend on how fast or how busy the machine is.
#
#     make bench-instructions
#     LIBURING_PREFIX=dir make bench-instructions     and against the liburing installed there; by default the 2.15 of the drop-in
#                                                     suite (target/dropin), if that has been built
#
# Prints a table in Markdown. Ends with 1 when ours takes more than either in a row; with 77 when there is nothing to count with or to compare
# with. CC, CFLAGS (-O2), STAGE, STAGE_DROPIN (what `make stage` made) are taken from the environment.
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

# build NAME INCLUDE LIBDIR LIBRARY: the programs for one library. Empty directories stand for the system's.
build() {
	for program in nop read; do
		# shellcheck disable=SC2086
		$cc $cflags -pthread ${2:+-I"$2"} "$here/c/$program.c" "$here/c/harness.c" ${3:+-L"$3" -Wl,-rpath,"$3"} "-l$4" \
			-o "$work/$1.$program" || return 1
	done
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
	ldd "$work/$name.nop" | grep -q "$stage/\|$dropin/" || die "$name does not load the library that was built"
done
other=
suite=$root/target/dropin/2.15/upstream
[ -n "${LIBURING_PREFIX:-}" ] || [ ! -f "$suite/lib/liburing.so" ] || LIBURING_PREFIX=$suite
if [ -n "${LIBURING_PREFIX:-}" ]; then
	prefix=$(cd "$LIBURING_PREFIX" && pwd)
	build other "$prefix/include" "$prefix/lib" uring
	ldd "$work/other.nop" | grep -q "$prefix/" || die "other does not load the liburing of $prefix"
	other=other
	other_version=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --modversion liburing 2>/dev/null) || other_version=$prefix
fi

"$work/dropin.nop" ops=1 2>"$work/log" || skip "$(cat "$work/log")"

# One block as the programs want it: it begins and ends with its number plus one.
{
	printf '\001\000\000\000\000\000\000\000'
	head -c 4080 /dev/zero
	printf '\001\000\000\000\000\000\000\000'
} >"$work/block"

# count NAME PROGRAM OPERATIONS PARAMETER...: instructions of the whole run.
count() {
	name=$1 program=$2 ops=$3
	shift 3
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$work/$name.$program" "$@" "ops=$ops" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		die "$name.$program $* failed under valgrind"
	}
	sed -n 's/^==[0-9]*== Collected : *//p' "$work/log"
}

# per_operation NAME OPERATIONS PROGRAM PARAMETER...: the difference of a long run and a short one has nothing of the start and the end in it.
per_operation() {
	few=$2 many=$(($2 * 6)) program=$3 library=$1
	shift 3
	short=$(count "$library" "$program" "$few" "$@")
	long=$(count "$library" "$program" "$many" "$@")
	awk "BEGIN { printf \"%.1f\", ($long - $short) / ($many - $few) }"
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

# row TITLE OPERATIONS PROGRAM PARAMETER...: into the table, and into a file for the verdict.
row() {
	title=$1
	shift
	printf '| %s |' "$title"
	for library in $libraries; do
		value=$(per_operation "$library" "$@")
		printf ' %s |' "$value"
		printf '%s\t%s\t%s\n' "$title" "$library" "$value" >>"$work/values"
	done
	printf '\n'
}
for depth in 1 8 32 128; do
	row "NOP, depth $depth: submit and wait" $((100 * depth)) nop mode=wait depth=$depth
done
row 'NOP, depth 1: submit, peek' 100 nop mode=peek depth=1
row 'NOP, depth 32: submit, peek' 3200 nop mode=peek depth=32
row 'NOP, depth 1: submit, wait for each' 100 nop mode=each depth=1
row 'NOP, depth 32: submit, wait for each' 3200 nop mode=each depth=32
row 'NOP, depth 1: submit, peek at a batch' 100 nop mode=batch depth=1
row 'NOP, depth 32: submit, peek at a batch' 3200 nop mode=batch depth=32
row 'read into a registered buffer, depth 8' 800 read how=fixed depth=8 "file=$work/block"
row 'a ring of 32 entries: init, exit' 20 nop mode=init depth=32
echo

[ -n "$installed$other" ] || skip "no liburing to compare with (Debian: liburing-dev)"
awk -F '\t' '
	$2 == "installed" || $2 == "other" { theirs[$1 FS $2] = $3 }
	$2 == "dropin" || $2 == "uring_rs" { ours[$1 FS $2] = $3 }
	END {
		for (their in theirs) {
			for (our in ours) {
				split(their, part, FS)
				split(our, own, FS)
				if (own[1] == part[1] && ours[our] > theirs[their]) {
					printf "%s: %s takes %s, the %s liburing %s\n", own[1], own[2], ours[our], part[2], theirs[their]
					above = 1
				}
			}
		}
		exit above
	}
' "$work/values" || exit 1
echo "Ours takes no more than liburing in any row."
