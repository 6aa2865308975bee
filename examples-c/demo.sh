#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The demonstration: builds the example programs against a staged install with
# nothing but pkg-config's answer, and does real work with them.
#
#     make demo            from the top of the project, or
#     sh examples-c/demo.sh
#
# STAGE names another install tree, CC another compiler, TMPDIR another place
# for the big files. Ends with a status other than 0 when anything goes wrong.

set -eu

examples=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$examples")
stage=${STAGE:-$root/target/stage}
programs=$root/target/demo
work=

if [ -t 1 ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
	bold='' plain=''
fi

clean_up() {
	if [ -n "$work" ]; then
		rm -rf "$work"
	fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

die() {
	echo "demo: $*" >&2
	exit 1
}

title() {
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

# Shows a command as one would type it, then runs it.
run() {
	echo "\$ $*"
	"$@"
}

# Free space in a directory, in KiB; 0 if that cannot be told.
free_kib() {
	df -Pk "$1" 2>/dev/null | awk 'NR == 2 { free = $4 } END { print free + 0 }'
}

identical() {
	cmp "$1" "$2" || die "$2 differs from $1"
	echo "cmp: identical, $(wc -c <"$2" | tr -d ' ') bytes"
}

# ---------------------------------------------------------------------- build

[ -f "$stage/lib/pkgconfig/uring_rs.pc" ] ||
	die "no uring_rs.pc under $stage/lib/pkgconfig; 'make stage' puts it there"

PKG_CONFIG_PATH=$stage/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
LD_LIBRARY_PATH=$stage/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PKG_CONFIG_PATH LD_LIBRARY_PATH

title "Building the examples with what pkg-config says"
cflags=$(pkg-config --cflags uring_rs) || die "pkg-config does not find uring_rs"
libs=$(pkg-config --libs uring_rs)
mkdir -p "$programs"
cd "$examples"
echo "\$ cc \$(pkg-config --cflags uring_rs) uring-cp.c \$(pkg-config --libs uring_rs) -o uring-cp"
for program in uring-cp uring-cat uring-echo uring-rand-read uring-probe; do
	# eval, because pkg-config quotes unusual characters in paths for a shell
	eval "${CC:-cc} -O2 $cflags \$program.c $libs -o \"\$programs/\$program\"" ||
		die "cannot build $program"
done
echo "and in the same way uring-cat, uring-echo, uring-rand-read, uring-probe"
PATH=$programs:$PATH

# ----------------------------------------------------------------- where we are

title "What is here"
run uring-probe --brief || die "no ring can be had here, of the kernel's or of the engine's"

# Five files or so live at once: 256 + 256 + 64 + 64 MiB.
needed_kib=700000
for place in "${TMPDIR:-/tmp}" "$root/target"; do
	if [ -w "$place" ] && [ "$(free_kib "$place")" -ge $needed_kib ]; then
		work=$(mktemp -d "$place/uring-demo.XXXXXX")
		break
	fi
done
[ -n "$work" ] || die "the demo takes 700 MB of disk for a moment; set TMPDIR to a place with room"
cd "$work"

# Numbers in sequence: no two blocks are alike, so a block in a wrong place
# shows, and the odd size leaves a last block that is not full.
seq 100000001 126843546 >original
[ "$(wc -c <original)" -eq 268435460 ] || die "could not make a file of 256 MiB"

# ------------------------------------------------------------------------- work

title "uring-cp: a copy of 256 MiB, 16 blocks in flight"
run uring-cp --progress original copy
identical original copy

title "uring-cat: the file through a pipe and back"
echo "\$ cat original | uring-cat | cmp - original"
# The status of a pipeline is that of its last command: cmp sees any loss.
# shellcheck disable=SC2002
cat original | uring-cat | cmp - original || die "uring-cat changed the bytes"
echo "cmp: identical"
rm copy

title "uring-echo: TCP round trips over the loopback, each payload checked"
run uring-echo --self-test 50000

title "uring-rand-read: 4 KiB at random places, 32 reads in flight"
run uring-rand-read --seconds 1 original

title "The same from the device: 64 MiB flushed to disk, the page cache bypassed"
head -c 67108864 original >part
run uring-cp --link --fsync part part.copy
identical part part.copy
run uring-rand-read --direct --seconds 2 part.copy

title "All of it worked. 'target/demo' has the programs, 'examples-c' their source."
