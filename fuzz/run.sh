#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the fuzz targets and runs them. See docs/fuzzing.md.
set -u

usage() {
	cat <<'TEXT'
usage: fuzz/run.sh [--bounded] [options] [target...]
  targets             prep, memory, queue, arguments, requests; all of them without a name
  --bounded           a fixed number of random inputs, the same each time; less than two minutes, needs no clang
  --seconds N         how long each target runs otherwise (600)
  --plain             random inputs instead of libFuzzer's, also where clang has it
  --seed N            of the random inputs (1)
  --upstream FILE     liburing's ffi library to compare with   (URING_UPSTREAM; target/dropin/2.15/upstream/lib where it is there)
  --no-upstream       without it
Inputs that fail stay in target/fuzz/failed, what libFuzzer found worth keeping in target/fuzz/corpus.
Closing line: N passed, N failed, N skipped. Exit code: 0 none failed, 1 some did, 2 could not build, 77 all were skipped.
TEXT
}

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
work=$root/target/fuzz
bounded=no seconds=600 engine= seed=1 targets=
upstream=${URING_UPSTREAM-$root/target/dropin/2.15/upstream/lib/liburing-ffi.so.2}
while [ $# -gt 0 ]; do
	case $1 in
	--bounded) bounded=yes ;;
	--seconds) seconds=$2; shift ;;
	--plain) engine=plain ;;
	--seed) seed=$2; shift ;;
	--upstream) upstream=$2; shift ;;
	--no-upstream) upstream= ;;
	prep | memory | queue | arguments | requests) targets="$targets $1" ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift || { usage >&2; exit 2; }
done
[ -n "$targets" ] || targets='prep memory queue arguments requests'

# Where a library keeps to the kernel's answers whatever else it can do.
export URING_RS_BACKEND=kernel
if [ -f "$upstream" ]; then
	export URING_UPSTREAM="$upstream"
	echo "comparing with $upstream"
else
	unset URING_UPSTREAM
	echo "comparing without liburing's own library"
fi

cc=${CC:-cc}
clang=${CLANG:-clang}
cargo=${CARGO:-cargo}
passed=0 failed=0 skipped=0 executions=0
mkdir -p "$work/failed" "$work/corpus" "$work/log" || exit 2

die() { echo "fuzz/run.sh: $*" >&2; exit 2; }

# Source files of a target.
sources() {
	case $1 in
	queue) echo "$here/queue.c $here/queue_model.c $here/fuzz.c" ;;
	arguments) echo "$here/arguments.c $here/arguments_program.c $here/arguments_calls.c $here/arguments_raw.c $here/fuzz.c" ;;
	*) echo "$here/$1.c $here/fuzz.c" ;;
	esac
}

# Does this compiler link a program with these flags?
links() {
	compiler=$1
	shift
	echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return d && n > 100000; }' >"$work/try.c"
	case $* in *fuzzer*) ;; *) echo 'int main(void) { return 0; }' >>"$work/try.c" ;; esac
	"$compiler" "$@" -o "$work/try" "$work/try.c" >/dev/null 2>&1 && "$work/try" -runs=1 >/dev/null 2>&1
}

# The library once more, with what Rust checks in debug builds (arithmetic, alignment, null, the preconditions of unsafe functions), and
# further flags. build_checked NAME [rustc flags...]
build_checked() {
	name=$1
	shift
	CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=1 RUSTFLAGS="-Cdebug-assertions -Coverflow-checks $*" \
		"$cargo" rustc --quiet --manifest-path "$root/Cargo.toml" --release --lib --crate-type staticlib --no-default-features \
		--target "$host" --target-dir "$work/$name" && checked=$work/$name/$host/release/liburing_rs.a
}

# build TARGET NAME LIBRARY COMPILER flags...
build() {
	target=$1 name=$2 library=$3 compiler=$4
	shift 4
	driver=
	case $* in *fuzzer*) ;; *) driver=$here/driver.c ;; esac
	# shellcheck disable=SC2046
	"$compiler" -g -Wall -Wextra "$@" -I"$root/include" -I"$work" -I"$here" -o "$work/$name" $(sources "$target") $driver "$library" -ldl
}

# run NAME WHAT options...
run() {
	name=$1 what=$2
	shift 2
	log=$work/log/$name
	echo "== $what"
	(cd "$work/failed" && nice -n "${FUZZ_NICE:-10}" "$work/$name" "$@") >"$log" 2>&1
	status=$?
	nr=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log")
	executions=$((executions + ${nr:-0}))
	if [ $status -ne 0 ] && grep -q 'of locked memory are allowed here' "$log"; then
		skipped=$((skipped + 1))
		echo "skipped: $(tail -1 "$log")"
	elif [ $status -ne 0 ]; then
		failed=$((failed + 1))
		grep -v -e '^#[0-9]*[[:space:]]' -e NEW_FUNC "$log" | tail -40
		echo "FAILED ($status): $what; the whole log is $log"
	elif [ "${nr:-0}" -eq 0 ]; then
		failed=$((failed + 1))
		tail -20 "$log"
		echo "FAILED: $what: nothing was run"
	elif grep -q 'no io_uring on this machine' "$log"; then
		skipped=$((skipped + 1))
		echo "skipped, no io_uring here: ${nr:-0} executions compared refusals"
	else
		passed=$((passed + 1))
		echo "${nr:-0} executions"
		grep -E '^ {3,}[0-9]+ [a-z]' "$log"
	fi
}

host=$(rustc -vV | sed -n 's/^host: //p')
[ -n "$host" ] || die 'rustc does not say what it builds for'
awk -f "$here/prep_calls.awk" "$root/c-tests/abi/functions.tsv" >"$work/prep_calls.h" || die 'no list of helpers'

# How many inputs a bounded run takes.
runs_of() {
	case $1 in
	prep) echo 300000 ;;
	memory) echo 200000 ;;
	queue) echo 200000 ;;
	arguments) echo 6000 ;;
	requests) echo 6000 ;;
	esac
}

# Longer inputs are for targets that keep a state.
len_of() {
	case $1 in
	arguments | requests) echo 900 ;;
	*) echo 512 ;;
	esac
}

if [ $bounded = yes ]; then
	# The library as it ships, and the checked one with the C side under the compiler's sanitizers.
	make -s -C "$root" target/c/lib/liburing_rs.a || die 'no library'
	build_checked checked || die 'no checked library'
	sanitizers='-fsanitize=address,undefined -fno-sanitize-recover=undefined'
	# shellcheck disable=SC2086
	links "$cc" $sanitizers || sanitizers=
	for target in $targets; do
		build "$target" "$target-shipped" "$root/target/c/lib/liburing_rs.a" "$cc" -O2 || die "$target does not build"
		run "$target-shipped" "$target, the library as it ships, $(runs_of "$target") random inputs from seed $seed" \
			-runs="$(runs_of "$target")" -seed="$seed" -max_len="$(len_of "$target")"
		# shellcheck disable=SC2086
		build "$target" "$target-checked" "$checked" "$cc" -O1 $sanitizers || die "$target does not build"
		run "$target-checked" "$target, checked ${sanitizers:+and sanitized }library, $(runs_of "$target") random inputs from seed $((seed + 1))" \
			-runs="$(runs_of "$target")" -seed="$((seed + 1))" -max_len="$(len_of "$target")"
	done
else
	if [ -z "$engine" ] && links "$clang" -fsanitize=fuzzer,address,undefined; then
		# Coverage of the Rust side is counted by the same counters as that of the C side. AddressSanitizer for Rust is not stable yet.
		export RUSTC_BOOTSTRAP=1
		build_checked libfuzzer -Zsanitizer=address -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
			-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
			-Cllvm-args=-sanitizer-coverage-trace-compares || die 'no instrumented library'
		unset RUSTC_BOOTSTRAP
		engine=libfuzzer
	else
		engine=plain
		build_checked checked || die 'no checked library'
	fi
	for target in $targets; do
		if [ $engine = libfuzzer ]; then
			mkdir -p "$work/corpus/$target"
			build "$target" "$target-libfuzzer" "$checked" "$clang" -O1 -fsanitize=fuzzer,address,undefined \
				-fno-sanitize-recover=undefined || die "$target does not build"
			run "$target-libfuzzer" "$target, libFuzzer, $seconds s" -max_total_time="$seconds" -max_len="$(len_of "$target")" \
				-error_exitcode=1 -len_control=0 -timeout=60 -rss_limit_mb=1024 "$work/corpus/$target"
		else
			build "$target" "$target-checked" "$checked" "$cc" -O1 || die "$target does not build"
			run "$target-checked" "$target, checked library, $seconds s of random inputs from seed $seed" -max_total_time="$seconds" \
				-runs=1000000000000 -seed="$seed" -max_len="$(len_of "$target")"
		fi
	done
fi
echo "$executions executions"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] || exit 1
[ $passed -gt 0 ] || exit 77
