# SPDX-License-Identifier: MIT
# Turns single results into the table. Input, tab-separated, told apart by the variable FILE that is set before each:
#   first        test, way, status, exit code, seconds: every test once in every way
#   retry        the same, for the tests that were run again
#   exceptions   test, way (* for both), version of the test programs (* for all), reason; VERSION says which one this run has
# Output: test, ours, binary, upstream, verdict of ours, verdict of binary, seconds (ours, binary, upstream), note.
# A way regresses when its status is worse than the baseline's, where pass is better than skip and skip better than all else.
#   ok           not worse than the baseline
#   unsteady     worse at first, then as good as the baseline in every retry
#   flaky        worse again in a retry, but in fewer than half of them, or the baseline flickered as well
#   allowed      worse, and named in exceptions.tsv
#   regression   everything else

BEGIN { FS = OFS = "\t"; rank["pass"] = 0; rank["skip"] = 1; rank["fail"] = rank["timeout"] = rank["nobuild"] = 2 }

/^#/ || NF == 0 { next }

FILE == "exceptions" {
	if ($3 != "*" && $3 != VERSION) next
	if ($2 != "binary") reason[$1, "ours"] = $4
	if ($2 != "ours") reason[$1, "binary"] = $4
	next
}

FILE == "first" {
	if (!($1 in seen)) { seen[$1] = 1; order[++tests] = $1 }
	status[$1, $2] = $3; code[$1, $2] = $4; seconds[$1, $2] = $5
	next
}

FILE == "retry" {
	tries[$1, $2]++
	if (rank[$3] > rank[status[$1, "upstream"]]) worse[$1, $2]++
	next
}

function verdict(t, way) {
	if (!((t, way) in status)) return "-"
	if (rank[status[t, way]] <= rank[status[t, "upstream"]]) return "ok"
	if ((t, way) in reason) return "allowed"
	if (tries[t, way] && !worse[t, way]) return "unsteady"
	if (worse[t, "upstream"] || 2 * worse[t, way] < tries[t, way]) return "flaky"
	return "regression"
}

function note(t, way, v) {
	if (v == "ok" || v == "-") return ""
	if (v == "allowed") return way ": " reason[t, way] "; "
	if (!tries[t, way]) return way ": exit code " code[t, way] "; "
	return way ": worse in " worse[t, way] + 0 " of " tries[t, way] " retries, the baseline in " worse[t, "upstream"] + 0 " of " tries[t, "upstream"] + 0 "; "
}

END {
	for (i = 1; i <= tests; i++) {
		t = order[i]
		o = verdict(t, "ours"); b = verdict(t, "binary")
		n = note(t, "ours", o) note(t, "binary", b)
		sub(/; $/, "", n)
		print t, (t, "ours") in status ? status[t, "ours"] : "-", (t, "binary") in status ? status[t, "binary"] : "-", \
			status[t, "upstream"], o, b, \
			seconds[t, "ours"] "", seconds[t, "binary"] "", seconds[t, "upstream"] "", n
	}
}
