#!/bin/sh
# SPDX-License-Identifier: MIT
# The binary interface against upstream's libraries, built from Debian's source packages: symbols, types, and programs that are
# compiled with one library's header and run on another's. Exit code 1 when a check failed.
#   abi.sh [SUITE...]     suites to compare with; the last is the newest (bookworm trixie sid: liburing 2.3, 2.9 and what sid has)
set -u
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || set -- bookworm trixie sid
need_ours
passed=0 failed=0 skipped=0
out=$work/abi
rm -rf "$out"
mkdir -p "$out"

pass() { passed=$((passed + 1)); say "PASS $*"; }
skip() { skipped=$((skipped + 1)); say "SKIP $*"; }
fail() { # headline, file with the reason
	failed=$((failed + 1))
	say "FAIL $1"
	head -n 20 "$2" | sed 's/^/    /'
}

# --- upstream's libraries -----------------------------------------------------------------------------------------------------
versions=
for suite; do
	src=$(sh "$here/fetch.sh" "$suite") || exit 2
	v=$(tree_version "$src")
	sh "$here/build.sh" library "$src" "$work/$v" || exit 2
	versions="$versions $v"
	newest=$v
done

# --- symbols ------------------------------------------------------------------------------------------------------------------
# Defined, default-version symbols as name@version. A version in parentheses is a hidden one: programs could not be linked to it.
exports() {
	objdump -T "$1" | awk '$0 !~ /\*UND\*/ && $NF ~ /^(_*io_uring|uring_)/ { print $NF "@" ($(NF - 1) ~ /^[0-9a-f]+$/ ? "none" : $(NF - 1)) }' |
		LC_ALL=C sort -u
}
wanted() { awk -F'\t' -v col="$1" '!/^#/ && NF >= 6 && $1 != "name" && $col != "-" { print $1 "@" $col }' "$root/c-tests/abi/functions.tsv" | LC_ALL=C sort -u; }

for pair in 5:liburing 6:liburing-ffi; do
	lib=${pair#*:}
	exports "$ours_libdir/$lib.so.2" > "$out/$lib.ours"
	wanted "${pair%%:*}" > "$out/$lib.wanted"
	n=$(wc -l < "$out/$lib.wanted")
	[ "$n" -gt 50 ] || die "functions.tsv was not understood"
	LC_ALL=C comm -23 "$out/$lib.wanted" "$out/$lib.ours" > "$out/$lib.missing"
	if [ -s "$out/$lib.missing" ]; then fail "$lib.so.2: symbols of functions.tsv missing" "$out/$lib.missing"
	else pass "$lib.so.2 has all $n name@version pairs of functions.tsv ($(LC_ALL=C comm -13 "$out/$lib.wanted" "$out/$lib.ours" | wc -l) more)"; fi
	for v in $versions; do
		theirs=$work/$v/upstream/lib/$lib.so.2
		[ -e "$theirs" ] || continue
		exports "$theirs" > "$out/$lib.$v"
		LC_ALL=C comm -23 "$out/$lib.$v" "$out/$lib.ours" > "$out/$lib.$v.missing"
		if [ -s "$out/$lib.$v.missing" ]; then fail "$lib.so.2: symbols of liburing $v missing" "$out/$lib.$v.missing"
		else pass "$lib.so.2 has all $(wc -l < "$out/$lib.$v") name@version pairs of liburing $v"; fi
	done
	readelf -d "$ours_libdir/$lib.so.2" > "$out/$lib.dynamic"
	if grep -q "SONAME.*\[$lib\.so\.2\]" "$out/$lib.dynamic"; then pass "$lib.so.2: its soname"; else fail "$lib.so.2: another soname" "$out/$lib.dynamic"; fi
done

# --- types --------------------------------------------------------------------------------------------------------------------
# abidiff compares what debugging information says. Ours says it in Rust's words, so the types are taken from where C programs take
# them: a library of empty functions, with the prototypes of functions.tsv, compiled with our header and linked with our symbol map.
# A prototype that differs from the header's does not compile; every type that a parameter or a result leads to is compared.
witness() { # column, library name, include directory, output
	{
		printf '#define _GNU_SOURCE\n#define URING_NO_INLINE\n#include <liburing.h>\n'
		awk -F'\t' -v col="$1" '!/^#/ && NF >= 6 && $1 != "name" && $col != "-" {
			print "__attribute__((visibility(\"default\"))) " $3 " " $1 $4 " { __builtin_trap(); }" }' "$root/c-tests/abi/functions.tsv"
	} > "$4.c"
	cc -g -O0 -w -fPIC -shared -Wl,-soname,"$2.so.2" -Wl,--version-script="$root/$2.map" -I"$3" -o "$4" "$4.c" > "$4.log" 2>&1
}
# The report without what names the files.
report() { abidiff --no-default-suppression --no-show-locs "$1" "$2" 2>&1; }

if ! have abidiff; then
	skip "types: abidiff is missing (package abigail-tools)"
else
	for pair in 5:liburing 6:liburing-ffi; do
		lib=${pair#*:} w=$out/witness-${pair#*:}.so
		if ! witness "${pair%%:*}" "$lib" "$ours_incdir" "$w"; then
			fail "$lib: a prototype of functions.tsv and our header disagree" "$w.log"
			continue
		fi
		for v in $versions; do
			theirs=$work/$v/upstream/lib
			[ -e "$theirs/$lib.so.2" ] || continue
			if [ "$v" = "$newest" ]; then
				# Nothing may differ, save functions that are newer than the newest.
				report "$theirs/$lib.so.2" "$w" > "$out/$lib.$v.abidiff"
				code=$?
				if [ $((code & 11)) -eq 0 ] && grep -q '0 Removed, 0 Changed' "$out/$lib.$v.abidiff" || [ $code -eq 0 ]; then
					pass "$lib: types and functions as in liburing $v"
				else
					fail "$lib: abidiff against liburing $v" "$out/$lib.$v.abidiff"
				fi
			else
				# Upstream's own interface has grown since: the difference must be upstream's own, to the letter.
				new=$work/$newest/upstream/lib/$lib.so.2
				report "$theirs/$lib.so.2" "$new" | grep -v '_zone_reset_all' > "$out/$lib.$v.theirs"
				report "$theirs/$lib.so.2" "$w" | grep -v '_zone_reset_all' > "$out/$lib.$v.ours"
				sed -E -i 's/[0-9]+ Added functions?/N Added functions/; s/^[0-9]+ Added functions?:/N Added functions:/' "$out/$lib.$v.theirs" "$out/$lib.$v.ours"
				if diff "$out/$lib.$v.theirs" "$out/$lib.$v.ours" > "$out/$lib.$v.diff"; then
					pass "$lib: against liburing $v the same changes as liburing $newest has"
				else
					fail "$lib: against liburing $v other changes than liburing $newest has (< theirs, > ours)" "$out/$lib.$v.diff"
				fi
			fi
		done
	done

	# The comparison must be able to fail: one field of struct io_uring_sq made narrower.
	rm -rf "$out/spoilt"
	cp -R "$ours_incdir" "$out/spoilt"
	find "$out/spoilt" -name abi.h -exec sed -i -E '/struct io_uring_sq \{/,/\}/s/size_t[[:space:]]+ring_sz;/unsigned ring_sz;/' {} +
	if cmp -s "$(find "$out/spoilt" -name abi.h)" "$(find "$ours_incdir" -name abi.h)"; then
		say "no field ring_sz in abi.h" > "$out/spoilt.abidiff"
		fail "types: the header could not be spoilt for the counter-check" "$out/spoilt.abidiff"
	elif witness 5 liburing "$out/spoilt" "$out/witness-spoilt.so"; then
		report "$work/$newest/upstream/lib/liburing.so.2" "$out/witness-spoilt.so" > "$out/spoilt.abidiff"
		if [ $? -ne 0 ] && grep -q ring_sz "$out/spoilt.abidiff"; then pass "types: a narrower field is noticed"
		else fail "types: a narrower field went unnoticed" "$out/spoilt.abidiff"; fi
	else
		pass "types: a narrower field is noticed (the header's own assertions refuse it)"
	fi

	# The library itself, symbols only, against the binary package that is installed here.
	installed=$(ldconfig -p 2>/dev/null | sed -n 's/.*liburing\.so\.2 .*=> //p' | head -n 1)
	if [ -n "$installed" ]; then
		abidiff --no-added-syms "$installed" "$ours_libdir/liburing.so.2" > "$out/installed.abidiff" 2>&1
		code=$?
		if [ $((code & 11)) -eq 0 ] && ! grep -q '[1-9][0-9]* Removed' "$out/installed.abidiff"; then
			pass "liburing.so.2 in place of the installed $(readlink -f "$installed"): nothing removed"
		else
			fail "liburing.so.2 in place of the installed $installed" "$out/installed.abidiff"
		fi
	else
		skip "no liburing.so.2 installed to compare with"
	fi
fi

# --- programs across libraries ------------------------------------------------------------------------------------------------
build_program() { # output, include directory, library directory
	cc -O2 -w -I"$2" -o "$1" "$here/abi_program.c" -L"$3" -luring > "$1.log" 2>&1
}
runs_on() { # headline, program, library directory
	if (cd "$out" && LD_LIBRARY_PATH=$3 ldd "$2") | grep -q -F "=> $3/liburing.so.2" &&
		(cd "$out" && LD_LIBRARY_PATH=$3 URING_RS_BACKEND=kernel timeout 60 "$2") > "$out/run" 2>&1; then
		pass "$1"
	else
		fail "$1" "$out/run"
	fi
	cat "$out/run" >> "$out/all-runs"
}
for v in $versions; do
	up=$work/$v/upstream
	if build_program "$out/program-$v" "$up/include" "$up/lib"; then
		runs_on "built with liburing $v's header, on liburing $v" "$out/program-$v" "$up/lib"
		cp "$out/run" "$out/run-$v"
		runs_on "built with liburing $v's header, on ours" "$out/program-$v" "$ours_libdir"
		if cmp -s "$out/run" "$out/run-$v"; then pass "built with liburing $v's header: the same output on both"
		else diff "$out/run-$v" "$out/run" > "$out/diff"; fail "built with liburing $v's header: output differs" "$out/diff"; fi
	else
		fail "the program does not build with liburing $v" "$out/program-$v.log"
	fi
done
if build_program "$out/program-ours" "$ours_incdir" "$ours_libdir"; then
	runs_on "built with our header, on ours" "$out/program-ours" "$ours_libdir"
	for v in $versions; do
		runs_on "built with our header, on liburing $v" "$out/program-ours" "$work/$v/upstream/lib"
	done
else
	fail "the program does not build with our header" "$out/program-ours.log"
fi

say "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
