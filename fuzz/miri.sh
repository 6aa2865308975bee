#!/bin/sh
# SPDX-License-Identifier: MIT
# The unit tests under Miri, one by one; where Miri is not installed, under valgrind and AddressSanitizer. See docs/fuzzing.md.
set -u

usage() {
	cat <<'TEXT'
usage: fuzz/miri.sh [--quick] [--without-miri] [filter]
  --quick           leaves out what takes minutes (all golden vectors)
  --without-miri    valgrind and AddressSanitizer, as if there were no Miri
  filter            only tests whose name has this in it
Miri comes with: rustup component add miri rust-src --toolchain nightly
A test that makes a system call cannot run under Miri and counts as skipped.
Closing line: N passed, N failed, N skipped. Exit code: 0 none failed, 1 some did, 2 could not run.
TEXT
}

root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/target/fuzz
quick=no miri=yes filter=
while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=yes ;;
	--without-miri) miri=no ;;
	-h | --help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*) filter=$1 ;;
	esac
	shift
done
cargo=${CARGO:-cargo}
passed=0 failed=0 skipped=0
mkdir -p "$work/log" || exit 2
cd "$root" || exit 2

finish() {
	if [ $passed -eq 0 ] && [ $failed -eq 0 ]; then
		echo 'nothing could be shown'
		failed=1
	fi
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
	exit
}

# whole NAME WHAT command...: one run of all the tests.
whole() {
	name=$1 what=$2
	shift 2
	echo "== $what"
	if "$@" >"$work/log/$name" 2>&1; then
		grep '^test result' "$work/log/$name"
		passed=$((passed + 1))
	else
		tail -40 "$work/log/$name"
		failed=$((failed + 1))
	fi
}

if [ $miri = yes ] && ! "$cargo" +nightly miri --version >/dev/null 2>&1; then
	echo 'no Miri here'
	miri=no
fi
if [ $miri = no ]; then
	CARGO_TARGET_DIR=$work/valgrind "$cargo" test --quiet --lib --no-run || exit 2
	tests=$(CARGO_TARGET_DIR=$work/valgrind "$cargo" test --lib --no-run 2>&1 | sed -n 's/.*(\(.*\))$/\1/p')
	if command -v valgrind >/dev/null 2>&1; then
		# shellcheck disable=SC2086
		whole valgrind 'unit tests under valgrind memcheck' valgrind -q --error-exitcode=9 "$tests" $filter
	else
		echo 'no valgrind here'
		skipped=$((skipped + 1))
	fi
	host=$(rustc -vV | sed -n 's/^host: //p')
	# Rust brings the run-time library of the sanitizer, and calls the flag unstable.
	export RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR="$work/asan"
	# shellcheck disable=SC2086
	whole asan 'unit tests under AddressSanitizer' "$cargo" test --lib --target "$host" -- $filter
	finish
fi

export CARGO_TARGET_DIR="$work/miri"
# The library takes addresses from SQEs, as numbers: their provenance is what C says it is.
export MIRIFLAGS="${MIRIFLAGS:--Zmiri-permissive-provenance}"
# The list comes from a build without Miri, since some of what runs before the tests may be beyond it.
tests=$(CARGO_TARGET_DIR=$work/valgrind "$cargo" test --quiet --lib -- --list 2>"$work/log/list" | sed -n 's/: test$//p')
[ -n "$tests" ] || { cat "$work/log/list"; exit 2; }
for test in $tests; do
	case $test in *"$filter"*) ;; *) continue ;; esac
	if [ $quick = yes ] && [ "$test" = ffi::prep::vectors::every_vector_is_met_to_the_byte ]; then
		echo "left out: $test"
		skipped=$((skipped + 1))
		continue
	fi
	log=$work/log/miri
	if "$cargo" +nightly miri test --quiet --lib -- --exact "$test" >"$log" 2>&1; then
		# A name that matches nothing would pass as well.
		if grep -q '1 passed' "$log"; then
			echo "passed: $test"
			passed=$((passed + 1))
		else
			tail -5 "$log"
			failed=$((failed + 1))
		fi
	elif grep -q '^test result: FAILED\|Undefined Behavior' "$log" || ! grep -q 'error: unsupported operation' "$log"; then
		cat "$log"
		echo "FAILED: $test"
		failed=$((failed + 1))
	else
		echo "skipped: $test: $(sed -n 's/.*error: unsupported operation: //p' "$log" | head -1)"
		skipped=$((skipped + 1))
	fi
done
finish
