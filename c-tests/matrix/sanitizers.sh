#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Sanitizers and valgrind over the C tests: false alarms that the library or its header cause, and real ones.
#
#     c-tests/matrix/sanitizers.sh            everything
#     c-tests/matrix/sanitizers.sh --quick    a selection, for CI
#
# A row passes when every case of c-tests/ passes without a report. Beside them stand rows that must bring a report: a tool that sees
# nothing raises no false alarms either. STAGE, MATRIX_DIR, MATRIX_JOBS as in compilers.sh.
set -u
. "$(dirname "$0")/lib.sh"

quick=no
case ${1:-} in
--quick) quick=yes ;;
'') ;;
*) die "usage: sanitizers.sh [--quick]" ;;
esac
begin
# The cases run on each of these; the rows that need a report do not depend on it.
backends=${MATRIX_BACKENDS:-kernel}

# LeakSanitizer has its say when a program ends by exit(), which a case of the C tests does not.
ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1
UBSAN_OPTIONS=print_stacktrace=1
TSAN_OPTIONS=halt_on_error=1:die_after_fork=0:second_deadlock_stack=1:suppressions=$here/tests.tsan-supp
export ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS

wrap_census=-Wl,--wrap=census_same
wrap_syscall=-Wl,--wrap=syscall

# instrumented DIRECTORY COMPILER FLAGS...: objects of the C tests and of what stands in front of them under a tool.
instrumented() {
	objects=$1
	shift
	compile "$objects" "$@" -w &&
		"$@" -w -g -pthread $cflags -c "$here/under_tool.c" -o "$objects/under_tool.c.o"
}

# clean_suite "WHERE..." OBJECTS LINK...: links the tests with the command that is given, and runs them without a report.
clean_suite() {
	without= objects=$2
	for where in $1; do
		without="$without$(leave_out "$where")"
	done
	shift 2
	"$@" $wrap_register $wrap_census -pthread -o "$objects/suite" || return 1
	URING_TOOL_LEAVE_OUT=$without suite "$objects/suite"
}

# reports TEXT COMMAND...: the command has to fail, and to say this.
reports() {
	text=$1
	shift
	if "$@" >"$work/report" 2>&1; then
		echo "no report"
		return 1
	fi
	grep -m 1 -e "$text" "$work/report" && return 0
	cat "$work/report"
	return 1
}

# ------------------------------------------------------------------------------------- AddressSanitizer, UndefinedBehaviorSanitizer

address_and_undefined() {
	flags='-O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
	objects=$work/$1-address
	name="$1, ASan and UBSan"
	# shellcheck disable=SC2086
	step "$name, compile" instrumented "$objects" "$1" $flags || return
	for backend in $backends; do
		# shellcheck disable=SC2086
		row "$name, $backend backend, shared" clean_suite asan "$objects" "$1" $flags "$objects"/*.o $libs "-Wl,-rpath,$libdir"
		# shellcheck disable=SC2086
		[ $quick = yes ] || row "$name, $backend backend, archive" clean_suite asan "$objects" "$1" $flags "$objects"/*.o "$archive"
	done
	# shellcheck disable=SC2086
	step "$name, misuse" "$1" -w -g $flags $cflags "$here/misuse.c" $libs "-Wl,-rpath,$libdir" -o "$objects/misuse" || return
	row "$name report a freed SQE" reports heap-use-after-free "$objects/misuse" freed
	row "$name report a pointer behind an array" reports stack-buffer-overflow "$objects/misuse" overflow
	row "$name report a misaligned SQE" reports 'misaligned address' "$objects/misuse" misaligned
}

for compiler in gcc clang; do
	[ $quick = no ] || [ $compiler = gcc ] || continue
	if have $compiler; then
		address_and_undefined $compiler
	else
		skip "$compiler, ASan and UBSan: not installed"
	fi
done
say_left_out asan

# --------------------------------------------------------------------------------------------------------------- ThreadSanitizer

race=race_a_buffer_touched_before_its_completion_is_reported

# hand_over PROGRAM: every case of tsan.c but the one that has a race.
hand_over() {
	URING_TOOL_LEAVE_OUT=" $race ${2:-}" run_cases "$1"
}

# link_hand_over OBJECTS COMPILER FLAGS...: tsan.c in place of the other cases.
link_hand_over() {
	objects=$1 compiler=$2
	shift 2
	"$compiler" "$@" -w -g -pthread $cflags $wrap_register "$here/tsan.c" "$objects"/test.c.o "$objects"/scene.c.o "$objects"/leave_out.c.o \
		$libs "-Wl,-rpath,$libdir" -o "$objects/hand_over"
}

threads() {
	flags='-O1 -fno-omit-frame-pointer -fsanitize=thread'
	objects=$work/$1-thread
	name="$1, TSan"
	# shellcheck disable=SC2086
	step "$name, compile" instrumented "$objects" "$1" $flags || return
	# shellcheck disable=SC2086
	step "$name, two threads, compile" link_hand_over "$objects" "$1" $flags || return
	row "$name reports a race" reports 'data race' "$objects/hand_over" "$race"
	for backend in $backends; do
		row "$name, $backend backend: threads that share a ring" hand_over "$objects/hand_over"
		# shellcheck disable=SC2086
		row "$name, $backend backend" clean_suite tsan "$objects" "$1" $flags "$objects"/*.o $libs "-Wl,-rpath,$libdir"
	done
}

for compiler in gcc clang; do
	[ $quick = no ] || [ $compiler = clang ] || continue
	if have $compiler; then
		threads $compiler
	else
		skip "$compiler, TSan: not installed"
	fi
done
say_left_out tsan

# --------------------------------------------------------------------------------------------------- the library itself instrumented

# rust_library SANITIZER FLAGS: the static library, compiled with a sanitizer. rustc takes the flag on stable compilers only when told
# to behave as its own bootstrap does.
rust_library() {
	(cd "$root" && RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=$1 -Cforce-frame-pointers=yes $2" cargo rustc --quiet --release --lib \
		--crate-type staticlib --no-default-features --target "$host" --target-dir "$work/rust-$1")
}

rust_archive() {
	echo "$work/rust-$1/$host/release/liburing_rs.a"
}

rust_address() {
	flags='-O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
	step "Rust, ASan, library" rust_library address '' || return
	objects=$work/rust-address-objects
	# shellcheck disable=SC2086
	step "Rust, ASan, compile" instrumented "$objects" gcc $flags || return
	for backend in $backends; do
		# shellcheck disable=SC2086
		row "Rust and C, ASan, $backend backend" clean_suite asan "$objects" gcc $flags "$objects"/*.o "$(rust_archive address)"
	done
}

# The runtime comes from the Rust toolchain: the C compiler's may be older than what rustc's code calls. The parts of Rust's own library
# that are linked in are not instrumented, which rustc wants to be told is meant.
rust_thread() {
	runtime=$(rustc --print target-libdir)/librustc-stable_rt.tsan.a
	[ -f "$runtime" ] || runtime=$(rustc --print target-libdir)/librustc-nightly_rt.tsan.a
	if ! have clang || ! [ -f "$runtime" ]; then
		skip "Rust and C, TSan: needs clang, and a toolchain that has the sanitizer's runtime"
		return
	fi
	step "Rust, TSan, library" rust_library thread -Cunsafe-allow-abi-mismatch=sanitizer || return
	objects=$work/rust-thread-objects
	step "Rust, TSan, compile" instrumented "$objects" clang -O1 -fno-omit-frame-pointer -fsanitize=thread || return
	rest="$(rust_archive thread) -Wl,--whole-archive $runtime -Wl,--no-whole-archive -ldl -lm -lrt -lresolv"
	step "Rust, TSan, two threads, compile" clang -O1 -w -g -fsanitize=thread -c $cflags "$here/tsan.c" -o "$work/tsan.o" || return
	# shellcheck disable=SC2086
	step "Rust, TSan, two threads, link" clang -no-pie -pthread $wrap_register "$work/tsan.o" "$objects"/test.c.o "$objects"/scene.c.o \
		"$objects"/leave_out.c.o $rest -o "$objects/hand_over" || return
	for backend in $backends; do
		# The header can tell the sanitizer about a new mapping's past only after the library has made and used it.
		row "Rust and C, TSan, $backend backend: threads that share a ring" hand_over "$objects/hand_over" "$(leave_out rust-tsan)"
		# shellcheck disable=SC2086
		row "Rust and C, TSan, $backend backend" clean_suite "tsan rust-tsan" "$objects" clang -no-pie "$objects"/*.o $rest
	done
}

host=$(rustc -vV 2>/dev/null | sed -n 's/^host: //p')
if [ $quick = yes ]; then
	:
elif [ -z "$host" ] || ! have cargo || ! have gcc; then
	skip "Rust and C, ASan, TSan: needs cargo and gcc"
else
	rust_address
	rust_thread
	say_left_out rust-tsan
fi

# ---------------------------------------------------------------------------------------------------------------------- valgrind

memcheck() {
	valgrind -q --error-exitcode=99 --num-callers=20 --suppressions="$here/uring.supp" "$@"
}

memcheck_suite() {
	gcc $wrap_register $wrap_census $wrap_syscall -pthread "$objects"/*.o $libs "-Wl,-rpath,$libdir" -o "$objects/suite" || return 1
	URING_TOOL_LEAVE_OUT="$(leave_out memcheck)$(leave_out "memcheck-$backend")" suite "$objects/suite" memcheck
}

# Cases of their own: memory of malloc's that requests fill.
memcheck_fills() {
	gcc -O1 -w -g $cflags $wrap_register $wrap_syscall $wrap_census -pthread "$here/memcheck.c" "$objects"/test.c.o "$objects"/scene.c.o \
		"$objects"/leave_out.c.o "$objects"/under_tool.c.o "$objects"/pidfd_open.c.o "$@" -o "$objects/fills" &&
		URING_TOOL_LEAVE_OUT=$(leave_out "memcheck-$backend") run_cases "$objects/fills" memcheck
}

# The cases that valgrind freezes on the kernel's rings, on the library's own: there a wait is a system call that valgrind knows.
memcheck_waits() {
	names=$(awk -F'\t' '$1 == "memcheck" && $3 ~ /io_uring_enter may wait/ { print $2 }' "$here/left_out.tsv")
	[ -n "$names" ] || return 1
	for name in $names; do
		URING_RS_BACKEND=user memcheck "$objects/suite" "$name" || { echo "FAIL $name"; return 1; }
	done
	echo "$(echo "$names" | wc -l) cases"
}

if ! have valgrind || ! have gcc; then
	skip "memcheck: valgrind or gcc is not installed"
elif ! [ "$(uname -m)" = x86_64 ]; then
	skip "memcheck: the library knows how to speak to valgrind on x86-64 only"
else
	objects=$work/memcheck
	if step "memcheck, compile" instrumented "$objects" gcc -O1 &&
		step "memcheck, pidfd_open" gcc -O1 -g $cflags -c "$here/pidfd_open.c" -o "$objects/pidfd_open.c.o"; then
		for backend in $backends; do
			row "memcheck, $backend backend: what requests fill, shared" memcheck_fills $libs "-Wl,-rpath,$libdir"
			[ $quick = yes ] || row "memcheck, $backend backend: what requests fill, archive" memcheck_fills "$archive"
			row "memcheck, $backend backend" memcheck_suite
		done
		if step "memcheck, misuse" gcc -O1 -w -g $cflags "$here/misuse.c" $libs "-Wl,-rpath,$libdir" -o "$objects/misuse"; then
			row "memcheck reports what a read did not fill" reports 'depends on uninitialised' memcheck "$objects/misuse" unread
			row "memcheck reports what nobody filled" reports 'depends on uninitialised' memcheck "$objects/misuse" unasked
		fi
		row "memcheck, user backend: waits that others have to end" memcheck_waits
		say_left_out memcheck
		for backend in $backends; do
			say_left_out "memcheck-$backend"
		done
	fi
fi

finish
