#!/bin/sh
# SPDX-License-Identifier: MIT
# Every exported function with NULL, nonsense and boundary arguments, on upstream's library and on ours: what comes of each call has to be
# the same (see nonsense.c). Then the same calls on our user-space engine, compared with our library on the kernel.
#   nonsense.sh [SUITE]     the Debian suite whose liburing is the baseline (sid)
#   JOBS=N                  calls that run at the same time; most of them only wait (8)
# Exit code 1 when a call differs that nonsense.tsv does not name, or an exported function has no row. A crash is never named by a `*`.
set -u
. "$(dirname "$0")/lib.sh"

need_ours
src=$(sh "$here/fetch.sh" "${1:-sid}") || exit 2
version=$(tree_version "$src")
sh "$here/build.sh" library "$src" "$work/$version" || exit 2
theirs=$work/$version/upstream/lib
out=$work/nonsense
mkdir -p "$out"
jobs=${JOBS:-8}
passed=0 failed=0

pass() { passed=$((passed + 1)); say "PASS $*"; }
fail() { failed=$((failed + 1)); say "FAIL $1"; head -n "${LINES_OF_A_FAILURE:-20}" "$2" | cut -c1-400 | sed 's/^/    /'; }

awk -f "$here/nonsense-table.awk" "$root/c-tests/abi/functions.tsv" >"$out/nonsense-table.h" || exit 2
${CC:-cc} -O1 -g -Wall -Wextra -I"$out" -I"$ours_incdir" "$here/nonsense.c" -o "$out/nonsense" -ldl || exit 2

# --- no export without a row ---------------------------------------------------------------------------------------------------
awk -F'"' '/^\t\{ "/ { print $2 }' "$out/nonsense-table.h" | LC_ALL=C sort -u >"$out/called"
for lib in "$theirs/liburing.so.2" "$theirs/liburing-ffi.so.2" "$ours_libdir/liburing.so.2" "$ours_libdir/liburing-ffi.so.2"; do
	# The three names that only we have are no part of liburing's interface; c-tests/extension.c is about them.
	objdump -T "$lib" | awk '$0 !~ /\*UND\*/ && $NF ~ /^_*io_uring/ { print $NF }' | LC_ALL=C sort -u >"$out/exported"
	LC_ALL=C comm -23 "$out/exported" "$out/called" >"$out/forgotten"
	[ -s "$out/exported" ] || die "no exports in $lib"
	if [ -s "$out/forgotten" ]; then fail "exports of $lib without a row" "$out/forgotten"
	else pass "all $(wc -l <"$out/exported") functions of $(basename "$lib") have rows"; fi
done

# --- outcomes -----------------------------------------------------------------------------------------------------------------
# observe LIBRARY BACKEND FILE [ROW...]
observe() {
	lib=$1 backend=$2 to=$3
	shift 3
	rm -f "$to"
	URING_RS_BACKEND=$backend "$out/nonsense" "$lib" --jobs "$jobs" "$@" >"$to.unsorted" 2>"$to.errors" </dev/null || {
		cat "$to.errors" >&2
		die "nonsense ended early on $lib, $backend"
	}
	LC_ALL=C sort -n "$to.unsorted" >"$to"
	rm "$to.unsorted"
}

# The outcomes of both sides that differ, as NUMBER VERDICT FUNCTION ODD WANTED GOT. What is better is so on our side only: upstream crashes
# where we answer or wait. A function that upstream lacks has nothing to be compared with.
#   differences SIDE WANTED GOT
differences() {
	awk -F'\t' -v side="$1" -v list="$here/nonsense.tsv" '
		function pattern(glob) { gsub(/[().+^$|{}\\]/, "\\\\&", glob); gsub(/\*/, ".*", glob); return "^(" glob ")$" }
		# On the engine memory and private flags are its own affair: an outcome is what a call returns and what became of the counters.
		function told(text) {
			if (side == "engine") {
				sub(/ \| [0-9]+\.[0-9]+=.*/, "", text)
				sub(/ flags 0x4 /, " flags 0 ", text); sub(/ flags 0x6 /, " flags 0x2 ", text)
			} else
				text = without_private_flag(text)
			return text
		}
		# int_flags at offset 208 of struct io_uring: the bits that are ours.
		function without_private_flag(text) { gsub(/ [0-9]\.208=(20|22)/, "", text); gsub(/ [0-9]\.208=2( |$)/, " ", text); return text }
		BEGIN {
			while ((getline line < list) > 0) {
				if (line ~ /^#/ || split(line, f, "\t") < 5 || f[1] != side) continue
				n++; fn[n] = pattern(f[2]); odd[n] = pattern(f[3]); change[n] = pattern(f[4]); crashes[n] = f[4] ~ /-> SIG/
			}
		}
		NR == FNR { want[$1] = told($4); next }
		{
			got = told($4)
			sub(/ +$/, "", got); sub(/ +$/, "", want[$1])
			if (got == want[$1]) next
			verdict = "DIFFERENT"
			if (want[$1] == "absent") verdict = "new"
			else if (want[$1] ~ /^SIG/ && got !~ /^SIG/ && (side == "library" || got != "waits")) verdict = "better"
			else for (i = 1; i <= n && verdict == "DIFFERENT"; i++)
				if ($2 ~ fn[i] && $3 ~ odd[i] && want[$1] " -> " got ~ change[i] && (crashes[i] || got !~ /^SIG/)) { verdict = "named"; used[i] = 1 }
			print $1 "\t" verdict "\t" $2 "\t" $3 "\t" want[$1] "\t" got
		}
		END { for (i = 1; i <= n; i++) if (!used[i]) print "-\tunused\t" fn[i] "\t" odd[i] "\t" change[i] "\t" }' "$2" "$3"
}

# compare SIDE WHAT WANTED-LIBRARY WANTED-BACKEND GOT-LIBRARY GOT-BACKEND [ARGUMENT...]: a machine that stalls makes a difference once; what counts differs
# again when nothing else runs.
compare() {
	side=$1 what=$2 wanted_lib=$3 wanted_backend=$4 got_lib=$5 got_backend=$6
	shift 6
	tag=$(echo "$what" | tr -c 'a-z0-9\n' '-')
	observe "$wanted_lib" "$wanted_backend" "$out/$tag.wanted" "$@" &
	observe "$got_lib" "$got_backend" "$out/$tag.got" "$@" &
	wait
	[ -f "$out/$tag.wanted" ] && [ -f "$out/$tag.got" ] || exit 2
	differences "$side" "$out/$tag.wanted" "$out/$tag.got" >"$out/$tag.differences" || exit 2
	again=$(awk -F'\t' '$2 == "DIFFERENT" { print $1 }' "$out/$tag.differences")
	if [ -n "$again" ] && [ "$(echo "$again" | wc -l)" -le 200 ]; then
		saved=$jobs jobs=1
		# shellcheck disable=SC2086
		observe "$wanted_lib" "$wanted_backend" "$out/$tag.wanted.again" --milliseconds 300 "$@" $again
		# shellcheck disable=SC2086
		observe "$got_lib" "$got_backend" "$out/$tag.got.again" --milliseconds 300 "$@" $again
		jobs=$saved
		# A call that has no outcome the second time has not been shown to be right.
		for part in wanted got; do
			[ "$(wc -l <"$out/$tag.$part.again")" = "$(echo "$again" | wc -l)" ] || die "$what: calls that were to be made again are missing"
		done
		differences "$side" "$out/$tag.wanted.again" "$out/$tag.got.again" >"$out/$tag.again" || exit 2
	else
		cp "$out/$tag.differences" "$out/$tag.again"
	fi
	awk -F'\t' '$2 == "DIFFERENT" { print $3 ", " $4 ": " $5 "  ->  " $6 }' "$out/$tag.again" >"$out/$tag.different"
	count() { awk -F'\t' -v v="$1" '$2 == v { n++ } END { print n + 0 }' "$out/$tag.differences"; }
	rows=$(wc -l <"$out/$tag.got")
	if [ "$rows" -lt 5000 ] || [ "$rows" != "$(wc -l <"$out/$tag.wanted")" ]; then
		wc -l "$out/$tag.wanted" "$out/$tag.got" >"$out/$tag.rows"
		fail "$what: rows are missing" "$out/$tag.rows"
	elif [ -s "$out/$tag.different" ]; then fail "$what: $(wc -l <"$out/$tag.different") of $rows outcomes differ" "$out/$tag.different"
	else pass "$what: $rows calls, $(count better) better, $(count new) new, $(count named) different as nonsense.tsv says"; fi
	[ $# -gt 0 ] || awk -F'\t' '$2 == "unused" { print "note: nothing needs this line of nonsense.tsv here: " $3 " " $4 }' "$out/$tag.differences"
}

compare library "liburing-ffi" "$theirs/liburing-ffi.so.2" kernel "$ours_libdir/liburing-ffi.so.2" kernel
# The same code under fewer names: odd arguments one at a time are enough.
compare library "liburing" "$theirs/liburing.so.2" kernel "$ours_libdir/liburing.so.2" kernel --pairs 0
compare engine "engine" "$ours_libdir/liburing-ffi.so.2" kernel "$ours_libdir/liburing-ffi.so.2" user

say "$passed passed, $failed failed"
[ $failed -eq 0 ]
