#!/bin/sh
# SPDX-License-Identifier: MIT
# Configures a liburing tree, builds its own libraries (the baseline) and its test programs.
#   build.sh upstream TREE DEST        the library, into DEST/upstream; the programs, linked to it, into DEST/bin/upstream
#   build.sh library TREE DEST         the library alone
#   build.sh ours DEST                 the programs, built with our header and linked to our library, into DEST/bin/ours
#   build.sh ours-static DEST          the same linked to our liburing.a, into DEST/bin/ours-static
# TREE itself is left alone: DEST/tree is a copy. DROPIN_JOBS compilers run at a time.
set -eu
. "$(dirname "$0")/lib.sh"

jobs=${DROPIN_JOBS:-2}

build_library() {
	src=$1 dest=$2
	if [ ! -e "$dest/tree/config-host.mak" ] || [ "$src/configure" -nt "$dest/tree/config-host.mak" ]; then
		rm -rf "$dest/tree" "$dest/upstream"
		mkdir -p "$dest"
		cp -R "$src" "$dest/tree"
		# A tree that somebody has built in carries its own configuration: this copy gets a fresh one.
		rm -f "$dest/tree/config-host.mak" "$dest/tree/config-host.h"
		find "$dest/tree/src" \( -name '*.o[ls]' -o -name '*.a' -o -name '*.so*' -o -name '*.d' \) -exec rm -f {} +
		# With libc, as Debian builds it; before 2.4 that was no option but the way it is.
		libc=
		grep -q -e --use-libc "$dest/tree/configure" && libc=--use-libc
		(cd "$dest/tree" && ./configure $libc --prefix="$dest/upstream") > "$dest/configure.log" 2>&1 ||
			die "configure failed, see $dest/configure.log"
	fi
	if [ ! -e "$dest/upstream/lib/pkgconfig/liburing.pc" ]; then
		# -g serves abidiff and changes nothing in the code.
		(cd "$dest/tree" && gently make -s -C src -j"$jobs" CFLAGS='-g -O3 -Wall -Wextra -fno-stack-protector' &&
			make -s install) > "$dest/library.log" 2>&1 || die "upstream's library did not build, see $dest/library.log"
	fi
}

# The names come from the tree's own Makefile, so they follow its configuration: programs that exist to be caught by a sanitizer
# build of the library (xfail_*) are in only when the tree asks for one, as upstream has it. Programs that need a BPF toolchain
# (suffix .tt there) stay out.
test_names() {
	printf 'include Makefile\n_names:\n\t@echo $(test_targets) $(asan_test_targets)\n' |
		make -s --no-print-directory -C "$1/test" -f - _names | tr ' ' '\n' | sed -n 's/\.t$//p' | LC_ALL=C sort -u
}

# DEST NAME INCDIR LIBDIR [ARCHIVE]: the programs against one library.
build_tests() {
	dest=$1 way=$2 inc=$3 lib=$4 archive=${5:-}
	out=$dest/bin/$way
	mkdir -p "$out"
	gently make -k -s -j"$jobs" -f "$here/tests.mk" HERE="$here" TREE="$dest/tree" INC="$inc" LIB="$lib" ARCHIVE="$archive" OUT="$out" \
		TESTS="$(tr '\n' ' ' < "$dest/tests")" > "$dest/build-$way.log" 2>&1 || true

	# The column is only worth something if the program saw the header and the library it names.
	for d in "$out"/*.d; do
		strange=$(tr ' \\' '\n\n' < "$d" | grep -E '/liburing(/[a-z_]+)?\.h:?$' | sed 's/:$//' | grep -v -F "$inc/" | sort -u | head -n 1)
		[ -z "$strange" ] || die "$d: built with $strange, not with $inc"
	done
	for t in "$out"/*.t; do
		[ -x "$t" ] || continue
		if readelf -d "$t" | grep -q 'NEEDED.*\[liburing\.so\.2\]'; then
			[ -z "$archive" ] || die "$t is linked to liburing.so.2, not to $archive"
			continue
		fi
		# Without a call to the library there is nothing to need: nolibc, exec-target.
		nm -u "$t" | grep -q ' _*io_uring' && die "$t is not linked to liburing.so.2"
	done
	return 0
}

case ${1:-} in
library)
	build_library "$2" "$3"
	;;
upstream)
	build_library "$2" "$3"
	test_names "$3/tree" > "$3/tests"
	[ -s "$3/tests" ] || die "no test programs found in $2"
	build_tests "$3" upstream "$3/upstream/include" "$3/upstream/lib"
	;;
ours)
	need_ours
	build_tests "$2" ours "$ours_incdir" "$ours_libdir"
	;;
ours-static)
	need_ours
	build_tests "$2" ours-static "$ours_incdir" "$ours_libdir" "$ours_libdir/liburing.a"
	;;
*)
	die "usage: build.sh upstream TREE DEST | library TREE DEST | ours DEST | ours-static DEST"
	;;
esac
