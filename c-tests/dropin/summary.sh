#!/bin/sh
# SPDX-License-Identifier: MIT
# Reads result tables (results-*.tsv).
#   summary.sh --text TABLE LOGS     for a person: counts, regressions with the end of their logs; exit code 1 if there is one
#   summary.sh --markdown TABLE...   a Markdown table, one row per version and way, for the README
set -u
. "$(dirname "$0")/lib.sh"

mode=$1
shift

markdown() {
	say '| liburing | tests | way | pass | skip | fail | time-out | named exceptions | regressions |'
	say '|---|--:|---|--:|--:|--:|--:|--:|--:|'
	awk -F'\t' '
	function flush(   w, name, s) {
		if (!tests) return
		split("upstream ours binary", order, " ")
		name["upstream"] = "upstream: the baseline"
		name["ours"] = "built with our header, on our library"
		name["binary"] = "built for upstream, run on our library"
		for (w = 1; w <= 3; w++) {
			s = order[w]
			if (!ran[s]) continue
			printf "| %s | %d | %s | %d | %d | %d | %d | %s | %s |\n", label, tests, name[s], n[s, "pass"], n[s, "skip"], \
				n[s, "fail"] + n[s, "nobuild"], n[s, "timeout"], s == "upstream" ? "" : named[s] + 0, s == "upstream" ? "" : bad[s] + 0
		}
		delete n; delete bad; delete named; delete ran; tests = 0
	}
	FNR == 1 { flush(); sub(/^# liburing /, ""); split($0, head, ", "); sub(/backend /, "", head[2]); label = head[1] ", " head[2]; next }
	/^#/ { next }
	{
		tests++
		n["ours", $2]++; n["binary", $3]++; n["upstream", $4]++
		if ($2 != "-") ran["ours"] = 1
		if ($3 != "-") ran["binary"] = 1
		ran["upstream"] = 1
		if ($5 == "regression") bad["ours"]++
		if ($6 == "regression") bad["binary"]++
		if ($5 == "allowed") named["ours"]++
		if ($6 == "allowed") named["binary"]++
	}
	END { flush() }' "$@"
}

text() { # table, logs
	say ""
	markdown "$1"
	for v in unsteady flaky allowed; do
		awk -F'\t' -v v=$v '!/^#/ && ($5 == v || $6 == v) { printf "%s: %s (%s)\n", v, $1, $10 }' "$1"
	done
	awk -F'\t' '!/^#/ && $4 != "pass" && $4 != "skip" { printf "on the baseline too: %s (upstream %s, binary %s, ours %s)\n", $1, $4, $3, $2 }' "$1"
	# An exception that nothing needs any more hides the next regression.
	backend=$(sed -n '1s/.*, backend \([^,]*\),.*/\1/p' "$1")
	awk -F'\t' 'FILE == "e" { if (!/^#/ && NF) for (w = 1; w <= 2; w++) if ($2 == "*" || $2 == way[w]) e[$1 "\t" way[w]] = $3; next }
		BEGIN { split("ours binary", way, " ") }
		FNR == 1 { split($1, head, /[ ,-]+/); version = head[3]; next }
		function idle(test, way) { return (test "\t" way) in e && (e[test "\t" way] == "*" || e[test "\t" way] == version) }
		$5 == "ok" && idle($1, "ours") { print "exception without need: " $1 ", ours" }
		$6 == "ok" && idle($1, "binary") { print "exception without need: " $1 ", binary" }' \
		FILE=e $(exception_files "${backend%% *}" "${backend#"${backend%% *}"}") FILE=t "$1"
	awk -F'\t' '!/^#/ { if ($5 == "regression") print $1, "ours", $2, $4; if ($6 == "regression") print $1, "binary", $3, $4 }' "$1" |
		while read -r t way status base; do
			say "REGRESSION: $t, $way: $status, on the baseline $base"
			log=$2/$way/$t.first.log
			[ -f "$log" ] || log=$2/$way/$t.log
			tail -n 8 "$log" 2>/dev/null | sed 's/^/    /'
		done
	say "table: $1"
	# A test in one way is one item. Passed: passes as the baseline does. Skipped: the baseline does not pass it either, so it shows
	# nothing here. Failed: worse than the baseline.
	awk -F'\t' '
	function count(status, verdict) {
		if (verdict == "-") return
		if (verdict == "regression") failed++
		else if (status == "pass" || verdict == "unsteady") passed++
		else skipped++
	}
	!/^#/ { if ($5 == "-" && $6 == "-") count($4, "ok"); else { count($2, $5); count($3, $6) } }
	END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 }' "$1"
}

case $mode in
--markdown) markdown "$@" ;;
--text) text "$@" ;;
*) die "usage: summary.sh --text TABLE LOGS | --markdown TABLE..." ;;
esac
