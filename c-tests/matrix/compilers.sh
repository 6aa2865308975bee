#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Compilers, linkers and C libraries: the C tests and the example programs, built in many ways and run.
#
#     c-tests/matrix/compilers.sh            everything
#     c-tests/matrix/compilers.sh --quick    a selection, for CI
#
# A row is one way to build; it passes when every case of c-tests/ passes in a program built so. STAGE names an install tree other than
# target/stage, MATRIX_DIR another working directory, MATRIX_JOBS how many compilers run at a time.
set -u
. "$(dirname "$0")/lib.sh"

quick=no
case ${1:-} in
--quick) quick=yes ;;
'') ;;
*) die "usage: compilers.sh [--quick]" ;;
esac
begin

# ------------------------------------------------------------------------------------------------------- compilers and linkers

# Does this compiler drive this linker at all?
links_with() {
	echo 'int main(void) { return 0; }' >"$work/empty.c"
	"$1" "-fuse-ld=$2" "$work/empty.c" -o "$work/empty" >/dev/null 2>&1 && "$work/empty"
}

# Does it for link-time optimisation? Each linker needs a plugin for each compiler, and lld reads clang's code only.
lto_links_with() {
	echo 'int main(void) { return 0; }' >"$work/empty.c"
	"$1" -O2 -flto "-fuse-ld=$2" "$work/empty.c" -o "$work/empty" >/dev/null 2>&1 && "$work/empty"
}

# The library is where the way of linking says it is.
check_linkage() {
	case $2 in
	shared) readelf -d "$1" | grep -q 'NEEDED.*liburing_rs\.so\.2' || { echo "$1 does not need liburing_rs.so.2"; return 1; } ;;
	archive)
		if readelf -d "$1" | grep -q 'NEEDED.*uring'; then echo "$1 needs the shared library"; return 1; fi
		readelf -d "$1" | grep -q NEEDED || { echo "$1 is not dynamic"; return 1; }
		;;
	static) if readelf -d "$1" | grep -q NEEDED; then echo "$1 is not static"; return 1; fi ;;
	esac
}

# link_and_run OBJECTS COMPILER LINKER MODE FLAGS...
link_and_run() {
	objects=$1 compiler=$2 linker=$3 mode=$4
	shift 4
	case $mode in
	shared) set -- "$@" "$objects"/*.o $libs "-Wl,-rpath,$libdir" ;;
	archive) set -- "$@" "$objects"/*.o -Wl,-Bstatic $libs -Wl,-Bdynamic ;;
	static) set -- "$@" -static "$objects"/*.o $static_libs ;;
	esac
	"$compiler" "-fuse-ld=$linker" $wrap_register -pthread "$@" -o "$objects/suite" || return 1
	check_linkage "$objects/suite" "$mode" && suite "$objects/suite"
}

# build_and_run COMPILER FLAGS LINKERS MODES
build_and_run() {
	compiler=$1 flags=$2 linkers=$3 modes=$4
	if ! have "$compiler"; then
		skip "$compiler $flags: not installed"
		return
	fi
	objects="$work/$compiler$(echo "$flags" | tr -d ' ')"
	# shellcheck disable=SC2086
	step "$compiler $flags, compile" compile "$objects" "$compiler" $flags -Wall -Wextra || return
	for linker in $linkers; do
		if ! have "ld.$linker"; then
			skip "$compiler $flags, $linker: ld.$linker is not installed"
		elif ! links_with "$compiler" "$linker"; then
			skip "$compiler $flags, $linker: $compiler does not work with this linker"
		elif echo "$flags" | grep -q -e -flto && ! lto_links_with "$compiler" "$linker"; then
			skip "$compiler $flags, $linker: this linker has no plugin for $compiler's link-time optimisation"
		else
			for mode in $modes; do
				# shellcheck disable=SC2086
				row "$compiler $flags, $linker, $mode" link_and_run "$objects" "$compiler" "$linker" "$mode" $flags
			done
		fi
	done
}

# What distributions build their packages with.
hardened='-O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE -pie'

if [ $quick = yes ]; then
	build_and_run gcc -O2 bfd 'shared archive static'
	build_and_run gcc -O0 gold shared
	build_and_run clang '-O2 -flto' lld 'shared static'
else
	for flags in -O0 -O2 -O3 '-O2 -flto'; do
		build_and_run gcc "$flags" 'bfd gold lld' 'shared archive static'
		build_and_run clang "$flags" 'bfd gold lld' 'shared archive static'
	done
	for compiler in gcc clang; do
		build_and_run $compiler "$hardened" bfd 'shared archive'
	done
fi

# -------------------------------------------------------------------------------------------------------------------- examples

# examples COMPILER MODE: the example programs and their own checks.
examples() {
	flags=
	[ "$2" = shared ] || flags=-static
	dir=$work/examples-$1-$2
	rm -rf "$dir"
	make -s -C "$root/examples-c" BUILD="$dir" CC="$1" LDFLAGS="$flags -Wl,-rpath,$libdir" PKG_CONFIG="pkg-config${flags:+ --static}" &&
		sh "$root/examples-c/check.sh" "$dir"
}

for compiler in gcc clang; do
	for mode in shared static; do
		[ $quick = no ] || [ "$compiler $mode" = 'clang static' ] || continue
		if have $compiler; then
			row "examples, $compiler, $mode" examples $compiler $mode
		else
			skip "examples, $compiler, $mode: not installed"
		fi
	done
done

# ------------------------------------------------------------------------------------------------------------------------- C++

# One program of C and C++20: the header in both languages, its functions from all of its translation units.
with_cxx() {
	objects=$work/cxx-$1
	compile "$objects" "$2" -O2 &&
		"$1" -std=c++20 -O2 -g -I"$tests" $cflags -c "$tests/cpp.cc" -o "$objects/cpp.cc.o" &&
		"$1" -std=c++20 -O2 -g -Wall -Wextra -pedantic $cflags -c "$here/two_units.cc" -o "$objects/two_units.cc.o" &&
		"$1" -std=c++20 -O2 -g -DOTHER_UNIT -I"$tests" $cflags -c "$here/two_units.cc" -o "$objects/other_unit.cc.o" &&
		"$1" $wrap_register -pthread "$objects"/*.o $libs "-Wl,-rpath,$libdir" -o "$objects/suite" &&
		suite "$objects/suite"
}

for pair in g++:gcc clang++:clang; do
	[ $quick = no ] || [ $pair = g++:gcc ] || continue
	if have ${pair%:*}; then
		row "${pair%:*} -std=c++20 with ${pair#*:}, shared" with_cxx ${pair%:*} ${pair#*:}
	else
		skip "${pair%:*} -std=c++20: not installed"
	fi
done

# ------------------------------------------------------------------------------------------------------------------------ musl

# A bare musl tree: no kernel headers, no glibc. The strict standards have no POSIX names.
musl_header() {
	cat >"$work/musl.c" <<'TEXT'
#include <uring.h>
#include <uring_rs.h>
int use(struct io_uring *ring, siginfo_t *info, sigset_t *mask, struct __kernel_timespec *ts);
int use(struct io_uring *ring, siginfo_t *info, sigset_t *mask, struct __kernel_timespec *ts)
{
	struct io_uring_cqe *cqe;

	io_uring_prep_waitid(io_uring_get_sqe(ring), P_ALL, 0, info, 0, 0);
	return io_uring_wait_cqes(ring, &cqe, 1, ts, mask);
}
TEXT
	for standard in c99 c11 c17 c2x gnu99 gnu17; do
		musl-gcc -std=$standard -Wall -Wextra -pedantic -Werror $cflags -c "$work/musl.c" -o "$work/musl.o" || return 1
	done
	echo "clean in c99, c11, c17, c2x, gnu99, gnu17"
}

# The C tests include kernel headers themselves, which musl leaves to the system, and struct statx is in none of its own before 1.2.5.
musl_objects() {
	mkdir -p "$work/kernel-headers"
	ln -sfn /usr/include/linux "$work/kernel-headers/linux"
	ln -sfn /usr/include/asm-generic "$work/kernel-headers/asm-generic"
	ln -sfn "/usr/include/$(gcc -print-multiarch)/asm" "$work/kernel-headers/asm"
	compile "$work/musl" musl-gcc -O2 -w -idirafter "$work/kernel-headers" -include linux/stat.h
}

musl_static() {
	musl-gcc -static $wrap_register "$work/musl"/*.o "$archive" -o "$work/musl/suite" && check_linkage "$work/musl/suite" static || return 1
	if grep -q -a 'GNU C Library' "$work/musl/suite"; then echo "glibc is in the program"; return 1; fi
	URING_TOOL_LEAVE_OUT=$(leave_out musl) suite "$work/musl/suite"
}

# The archive holds everything that the shared library is made of; musl's linker flags make one for musl of it.
musl_shared() {
	so=$work/musl/liburing_rs.so.2
	musl-gcc -shared -Wl,-soname,liburing_rs.so.2 -Wl,--version-script="$root/uring_rs.map" -Wl,--no-undefined-version -Wl,-z,defs \
		-Wl,-z,nodelete -Wl,--whole-archive "$archive" -Wl,--no-whole-archive -o "$so" &&
		musl-gcc $wrap_register "$work/musl"/*.o "$so" "-Wl,-rpath,$work/musl" -o "$work/musl/suite" || return 1
	if readelf -d "$work/musl/suite" "$so" | grep 'NEEDED.*libc\.so\.6'; then return 1; fi
	URING_TOOL_LEAVE_OUT=$(leave_out musl) suite "$work/musl/suite"
}

if ! have musl-gcc; then
	skip "musl: musl-gcc is not installed (Debian's musl-tools)"
else
	row "musl: the header, strict and GNU C" musl_header
	if [ "$(uname -m)" != x86_64 ]; then
		skip "musl: C tests: only tried where the two C libraries share a calling convention and structures, x86-64"
	elif step "musl: compile" musl_objects; then
		# Built for the gnu target: the library calls a handful of functions that are the same in both C libraries.
		row "musl: C tests with the gnu target's archive, static" musl_static
		[ $quick = yes ] || row "musl: C tests with a shared library linked from it" musl_shared
		say_left_out musl
	fi
	if rustc --print target-libdir --target x86_64-unknown-linux-musl 2>/dev/null | xargs -I{} test -d {}; then
		skip "musl: a library of the musl target: the target is there, yet not a part of this matrix"
	else
		skip "musl: a library of the Rust target x86_64-unknown-linux-musl: the target is not installed"
	fi
fi

finish
