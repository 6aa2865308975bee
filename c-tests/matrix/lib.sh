# SPDX-License-Identifier: MIT
# Shared by the scripts of this directory; sourced, never run.

here=$(cd "$(dirname "$0")" && pwd)
tests=$(dirname "$here")
root=$(dirname "$tests")
stage=${STAGE:-$root/target/stage}
work=${MATRIX_DIR:-$root/target/matrix}
jobs=${MATRIX_JOBS:-2}
backend=kernel

PKG_CONFIG_PATH=$stage/lib/pkgconfig LC_ALL=C
export PKG_CONFIG_PATH LC_ALL
# What the tests run on is named here, not by the caller's environment.
unset LD_LIBRARY_PATH

passed=0 failed=0 skipped=0

die() {
	echo "$(basename "$0"): $*" >&2
	exit 2
}

have() {
	command -v "$1" >/dev/null 2>&1
}

skip() {
	skipped=$((skipped + 1))
	echo "SKIP $*"
}

now_s() {
	date +%s
}

# row NAME COMMAND...: one check. What the command says goes to a log; its last line is shown when it passes, the log's end when it fails.
row() {
	row_name=$1
	shift
	row_log=$work/log/$(echo "$row_name" | tr -c 'A-Za-z0-9\n' '-').log
	row_began=$(now_s)
	if "$@" >"$row_log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		echo "ok   $row_name ($(($(now_s) - row_began)) s): $(tail -n 1 "$row_log")"
	else
		failed=$((failed + 1))
		echo "FAIL $row_name ($(($(now_s) - row_began)) s), see $row_log"
		grep -v '^ok ' "$row_log" | tail -n "${MATRIX_TAIL:-25}" | sed 's/^/     | /'
	fi
}

# step NAME COMMAND...: what rows need first: counts, and is heard of, only if it fails.
step() {
	row_name=$1
	shift
	row_log=$work/log/$(echo "$row_name" | tr -c 'A-Za-z0-9\n' '-').log
	"$@" >"$row_log" 2>&1 </dev/null && return 0
	failed=$((failed + 1))
	echo "FAIL $row_name, see $row_log"
	tail -n "${MATRIX_TAIL:-25}" "$row_log" | sed 's/^/     | /'
	return 1
}

# The last line, and the exit code of the script.
finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
	exit
}

begin() {
	[ -f "$stage/lib/pkgconfig/uring_rs.pc" ] || die "no library in $stage: make stage builds one"
	mkdir -p "$work/log"
	cflags=$(pkg-config --cflags uring_rs) libs=$(pkg-config --libs uring_rs) static_libs=$(pkg-config --static --libs uring_rs)
	libdir=$(pkg-config --variable=libdir uring_rs)
	archive=$libdir/liburing_rs.a
}

# The files that hold cases; test.c and scene.c are the frame around them.
case_files() {
	(cd "$tests" && grep -l '^TEST(' -- *.c)
}

# compile DIRECTORY COMPILER FLAGS...: an object of each test file. All of them go into one program: a case is a case wherever it
# stands, and every program so holds the header in more than twenty translation units.
compile() {
	out=$1
	shift
	rm -rf "$out"
	mkdir -p "$out"
	case_files >"$out/files"
	printf '%s\n' test.c scene.c matrix/leave_out.c >>"$out/files"
	(cd "$tests" && while read -r file; do cat "$file"; done <"$out/files") | grep -c '^TEST(' >"$out/cases"
	(cd "$tests" && xargs -P "$jobs" -I{} sh -c 'file=$1 object=$2/$(basename "$1").o; shift 2; "$@" -c "$file" -o "$object"' \
		sh {} "$out" "$@" -g -pthread -I"$tests" $cflags <"$out/files")
}

# The linker's part of leaving cases out.
wrap_register=-Wl,--wrap=test_register

# leave_out WHERE: the cases that left_out.tsv names for it, as leave_out.c wants them.
leave_out() {
	awk -F'\t' -v where="$1" 'BEGIN { printf " " } !/^#/ && $1 == where { printf "%s ", $2 }' "$here/left_out.tsv"
}

# say_left_out WHERE: each of them, with its reason, among what is skipped.
say_left_out() {
	while IFS='	' read -r where name reason; do
		[ "$where" != "$1" ] || skip "$1: $name: $reason"
	done <"$here/left_out.tsv"
}

# run_cases PROGRAM [COMMAND...]: runs the cases, under a command where one is named, on the backend that $backend names. On another than
# the kernel's those are left out that say of themselves that they ask for what it does not serve.
run_cases() {
	program=$1
	shift
	without=${URING_TOOL_LEAVE_OUT:- }
	[ "$backend" = kernel ] ||
		without="$without$("$program" --list | awk -F'\t' '/\t(part2|kernel_only=)/ { printf "%s ", $1 }')"
	URING_TOOL_LEAVE_OUT=$without URING_RS_BACKEND=$backend "$@" "$program"
}

# suite PROGRAM [COMMAND...]: the same for a program of all the cases. One that had lost its cases would pass.
suite() {
	[ "$(URING_TOOL_LEAVE_OUT='' "$1" --list | wc -l)" -ge "$(cat "$(dirname "$1")/cases")" ] ||
		{ echo "$1 has fewer cases than its files"; return 1; }
	run_cases "$@"
}
