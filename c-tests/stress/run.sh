#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Builds the stress programs against the staged library and runs them, on each way to get a ring:
#
#     c-tests/stress/run.sh                    all scenarios, in their bounded form
#     c-tests/stress/run.sh 60                 each for 60 seconds
#     c-tests/stress/run.sh 60 storage polls   only these
#
# kernel: rings of the kernel's; user: rings of the engine; refused: rings of the engine because a filter refuses the system calls.
# STRESS_BACKENDS names others than all three. STRESS_CFLAGS and STRESS_LDFLAGS go to the compiler, for sanitizers.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
stage=${STAGE:-$root/target/stage}
out=$root/target/stress
seconds=${1:-0}
[ $# -eq 0 ] || shift
[ -n "${STAGE:-}" ] || make -s -C "$root" stage || exit 1
mkdir -p "$out/dir" || exit 1
flags="-O1 -g -Wall -Wextra -D_GNU_SOURCE ${STRESS_CFLAGS:-}"
# shellcheck disable=SC2086
${CC:-cc} $flags -I"$stage/include/uring_rs" -o "$out/stress" "$root"/c-tests/stress/*.c -L"$stage/lib" -luring_rs \
	"-Wl,-rpath,$stage/lib" -pthread ${STRESS_LDFLAGS:-} || exit 1
${CC:-cc} -O1 -o "$out/refuse" "$root/c-tests/dropin/refuse.c" || exit 1

scenarios=("$@")
[ ${#scenarios[@]} -gt 0 ] || mapfile -t scenarios < <("$out/stress" --list | cut -f 1)
passed=0 failed=0 skipped=0
for scenario in "${scenarios[@]}"; do
	for backend in ${STRESS_BACKENDS:-kernel user refused}; do
		case $backend in
		refused) command=(env URING_RS_BACKEND=auto "$out/refuse" EPERM "$out/stress") ;;
		*) command=(env "URING_RS_BACKEND=$backend" "$out/stress") ;;
		esac
		(cd "$out/dir" && exec "${command[@]}" "$scenario" "$seconds")
		case $? in
		0) passed=$((passed + 1)) ;;
		77) skipped=$((skipped + 1)) ;;
		*) failed=$((failed + 1)) && echo "failed: $scenario on $backend" ;;
		esac
	done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
