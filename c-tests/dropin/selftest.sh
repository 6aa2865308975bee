#!/bin/sh
# SPDX-License-Identifier: MIT
# The runner's own test: programs that pass, fail, hang and leave children behind, and tables with every verdict. Needs no network and
# no library.
set -u
. "$(dirname "$0")/lib.sh"

passed=0 failed=0
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT

same() { # what, got, wanted
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		say "FAIL $1: got '$2', wanted '$3'"
	fi
}

# --- one.sh -------------------------------------------------------------------------------------------------------------------
mkdir -p "$dir/bin/upstream" "$dir/bin/ours" "$dir/upstream/lib" "$dir/tree/test"
program() { # name, body
	printf '#!/bin/sh\n%s\n' "$2" > "$dir/bin/upstream/$1.t"
	chmod +x "$dir/bin/upstream/$1.t"
}
program good 'exit 0'
program bad 'exit 1'
program skips 'exit 77'
program crashes 'kill -SEGV $$'
program early124 'exit 124'
program xfail_caught 'exit 1'
program xfail_missed 'exit 0'
program xfail_crashed 'kill -ABRT $$'
program hangs 'sleep 50'
program stubborn 'trap "" INT; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1; done'
program leaves_child "sleep 54.321 & exit 0"
program hangs_with_child "sleep 54.322 & sleep 54.322"
program says_library 'case $LD_LIBRARY_PATH in */upstream/lib) exit 0 ;; esac; exit 1'
program own_directory '[ ! -e mark ] && : > mark'
program says_backend '[ "$URING_RS_BACKEND" = user ]'
program exec-target 'exit 0'
program finds_target './exec-target.t'

status() { DROPIN_LIBDIR=/nowhere DROPIN_TIMEOUT=1 URING_RS_BACKEND=user sh "$here/one.sh" "$dir" "$1" "${2:-upstream}" | cut -f3; }
same "exit 0" "$(status good)" pass
same "exit 1" "$(status bad)" fail
same "exit 77" "$(status skips)" skip
same "a signal" "$(status crashes)" fail
same "an exit code of 124 that is the program's own" "$(status early124)" fail
same "xfail that is caught" "$(status xfail_caught)" pass
same "xfail that is not caught" "$(status xfail_missed)" fail
same "xfail that dies otherwise" "$(status xfail_crashed)" fail
same "a hang" "$(status hangs)" timeout
same "a hang that ignores SIGINT" "$(status stubborn)" timeout
same "a program that was not built" "$(status good ours)" nobuild
same "the baseline's library path" "$(status says_library)" pass
same "our library path" "$(status says_library binary)" fail
same "the backend reaches the program" "$(status says_backend)" pass
same "a working directory of its own" "$(status own_directory) $(status own_directory)" "pass pass"
same "the target of an exec test is at hand" "$(status finds_target)" pass
same "a program that leaves a child" "$(status leaves_child)" pass
same "a hang with a child" "$(status hangs_with_child)" timeout
sleep 0.2
same "no child is left" "$(ps -eo args | grep -c '^sleep 54\.32')" 0
printf '#!/bin/sh\nDROPIN_MARK=1 exec "$@"\n' > "$dir/wrapper"
chmod +x "$dir/wrapper"
program wrapped '[ "${DROPIN_MARK:-}" = 1 ]'
same "--under wraps the runs on our library" "$(DROPIN_UNDER=$dir/wrapper status wrapped binary)" pass
same "--under leaves the baseline alone" "$(DROPIN_UNDER=$dir/wrapper status wrapped upstream)" fail

# --- verdict.awk --------------------------------------------------------------------------------------------------------------
line() { printf '%s\t%s\t%s\t%s\t0.1\n' "$@"; }
{
	for case in equal regresses steadies flickers flickers_alone allowed both_ways other_version skips_more fails_on_skip; do
		case $case in fails_on_skip) base=skip ;; *) base=pass ;; esac
		line $case upstream $base 0
		line $case binary pass 0
		case $case in
		equal) line $case ours pass 0 ;;
		skips_more) line $case ours skip 77 ;;
		*) line $case ours fail 1 ;;
		esac
	done
	line better upstream fail 1
	line better binary timeout 124
	line better ours pass 0
	line unbuilt upstream pass 0
	line unbuilt binary pass 0
	line unbuilt ours nobuild -
} > "$dir/first.tsv"
{
	for i in 1 2 3; do
		line regresses upstream pass 0
		line regresses ours fail 1
		line steadies upstream pass 0
		line steadies ours pass 0
	done
	line flickers upstream fail 1
	line flickers ours fail 1
	line flickers_alone upstream pass 0
	line flickers_alone ours pass 0
	line flickers_alone ours fail 1
} > "$dir/retry.tsv"
printf '# comment\nallowed\tours\t*\tbecause\nboth_ways\t*\t2.15\tbecause\nother_version\tours\t2.9\tbecause\n' > "$dir/exceptions.tsv"
{
	echo '# liburing 2.15, backend kernel, kernel none'
	awk -f "$here/verdict.awk" VERSION=2.15 FILE=exceptions "$dir/exceptions.tsv" FILE=first "$dir/first.tsv" FILE=retry "$dir/retry.tsv"
} > "$dir/table.tsv"
verdict() { awk -F'\t' -v t="$1" '$1 == t { print $5 }' "$dir/table.tsv"; }
for pair in equal:ok better:ok regresses:regression steadies:unsteady flickers:flaky flickers_alone:regression allowed:allowed both_ways:allowed \
	other_version:regression skips_more:regression fails_on_skip:regression unbuilt:regression; do
	same "verdict of ${pair%%:*}" "$(verdict "${pair%%:*}")" "${pair#*:}"
done
same "binary that times out where the baseline fails" "$(awk -F'\t' '$1 == "better" { print $6 }' "$dir/table.tsv")" ok

# --- summary.sh ---------------------------------------------------------------------------------------------------------------
sh "$here/summary.sh" --text "$dir/table.tsv" "$dir/logs" > "$dir/text"
same "exit code with regressions" $? 1
same "closing line" "$(tail -n 1 "$dir/text")" "14 passed, 6 failed, 4 skipped"
same "regressions named" "$(grep -c '^REGRESSION' "$dir/text")" 6
same "row of the Markdown table" "$(sh "$here/summary.sh" --markdown "$dir/table.tsv" | grep 'our header')" \
	"| 2.15, kernel | 12 | built with our header, on our library | 2 | 1 | 9 | 0 | 2 | 6 |"
grep -v regression "$dir/table.tsv" > "$dir/clean.tsv"
sh "$here/summary.sh" --text "$dir/clean.tsv" "$dir/logs" > /dev/null
same "exit code without" $? 0
same "exceptions of the engine on the kernel" "$(exception_files kernel '' | wc -l) $(exception_files auto '' | wc -l)" "1 1"
same "exceptions of the engine on the engine" "$(exception_files user '' | wc -l) $(exception_files auto refuse | wc -l)" "2 2"

say "$passed passed, $failed failed"
[ $failed -eq 0 ]
