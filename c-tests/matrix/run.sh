#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The matrix: compilers.sh and sanitizers.sh.
#
#     c-tests/matrix/run.sh            everything
#     c-tests/matrix/run.sh --quick    a selection, for CI
#
# The last line counts the rows of both; the exit code is 0 when none failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
mode=${1:-}
case $mode in
'' | --quick) ;;
*)
	echo "usage: run.sh [--quick]" >&2
	exit 2
	;;
esac
out=$(mktemp "${TMPDIR:-/tmp}/uring-matrix.XXXXXX") || exit 2
trap 'rm -f "$out"' EXIT
trap 'exit 130' INT TERM

passed=0 failed=0 skipped=0
for part in compilers sanitizers; do
	echo "=== $part"
	sh "$here/$part.sh" ${mode:+"$mode"} | tee "$out" | sed '$d'
	last=$(tail -n 1 "$out")
	case $last in
	[0-9]*' passed, '[0-9]*' failed, '[0-9]*' skipped')
		# shellcheck disable=SC2046
		set -- $(echo "$last" | tr -cd '0-9 ')
		passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
		;;
	*)
		echo "FAIL $part.sh ended before its last line: $last"
		failed=$((failed + 1))
		;;
	esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
