#!/bin/sh
# SPDX-License-Identifier: MIT
# Upstream's own test programs on our library, with upstream's library beside it as the baseline. See docs/dropin.md.
set -u
. "$(dirname "$0")/lib.sh"

usage() {
	cat <<'TEXT'
usage: c-tests/dropin/run.sh [options]
  --suite NAME        Debian suite whose source package is taken: trixie (default), sid, forky, bookworm   (LIBURING_SUITE)
  --src DIR           a liburing source tree that is already there                                        (LIBURING_SRC)
  --backend B         kernel (default), user or auto: URING_RS_BACKEND for the programs on our library;
                      both: the kernel, then user, and one summary of the two
  --under CMD         start the programs on our library by CMD, e.g. one that installs a seccomp filter
  --static            link the programs built with our header to liburing.a
  --quick             all but the tests named in slow.txt
  --only ERE          tests whose name matches
  --baseline          upstream's column only (our library need not exist)
  --jobs N            tests at a time (2)
  --timeout S         limit for one test (60)
  --retries N         runs of a regression, on both libraries, before it counts (3)
  --hugepages N       reserve N huge pages for the run (root): a few tests skip without
  --list              print the test names and stop
Writes target/dropin/results-VERSION-BACKEND.tsv and summary-VERSION-BACKEND.md. Exit code: 0 no regression, 1 regressions, 2 could not run.
TEXT
}

# Both: this script again for each, and the tables of the two in one. The exit code is the worse of the two.
case " $* " in *' --backend both '*)
	DROPIN_TABLES=$(mktemp) || exit 2
	export DROPIN_TABLES
	trap 'rm -f "$DROPIN_TABLES"' EXIT
	trap 'exit 130' INT TERM
	rc=0
	for one in kernel user; do
		args=
		for arg; do
			[ "$arg" = both ] && arg=$one
			args="$args '$(printf '%s' "$arg" | sed "s/'/'\\\\''/g")'"
		done
		eval "sh \"\$0\" $args" || { code=$?; [ $code -le $rc ] || rc=$code; }
	done
	say ""
	[ ! -s "$DROPIN_TABLES" ] || tr '\n' '\0' < "$DROPIN_TABLES" | xargs -0 sh "$here/summary.sh" --markdown
	exit $rc
	;;
esac

suite=${LIBURING_SUITE:-trixie} src=${LIBURING_SRC:-} backend=kernel under= build=ours only= quick=no ways='upstream binary ours'
jobs=2 limit=${DROPIN_TIMEOUT:-60} retries=3 hugepages= list=no
while [ $# -gt 0 ]; do
	case $1 in
	--suite) suite=$2; shift ;;
	--src) src=$2; shift ;;
	--backend) backend=$2; shift ;;
	--under) under=$2; shift ;;
	--static) build=ours-static ;;
	--quick) quick=yes ;;
	--only) only=$2; shift ;;
	--baseline) ways=upstream ;;
	--jobs) jobs=$2; shift ;;
	--timeout) limit=$2; shift ;;
	--retries) retries=$2; shift ;;
	--hugepages) hugepages=$2; shift ;;
	--list) list=yes ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	shift || { usage >&2; exit 2; }
done
case $backend in kernel | user | auto) ;; *) die "no such backend: $backend" ;; esac

# The tree, and the name its results go by.
if [ -n "$src" ]; then
	src=$(cd "$src" && pwd) || exit 2
	[ -f "$src/liburing.spec" ] || die "$src is not a liburing source tree"
	key=$(tree_version "$src")-local
else
	src=$(sh "$here/fetch.sh" "$suite") || exit 2
	key=$(tree_version "$src")
fi
dest=$work/$key
name=$key-$backend
[ $build = ours ] || name=$name-static
[ -z "$under" ] || name=$name-under-$(basename "${under%% *}")

mkdir -p "$dest"
DROPIN_JOBS=$jobs sh "$here/build.sh" upstream "$src" "$dest" || exit 2
cp "$dest/tests" "$dest/selected"
if [ $quick = yes ]; then
	sed -n 's/^\([^#[:space:]]*\).*/\1/p' "$here/slow.txt" | LC_ALL=C sort -u | LC_ALL=C comm -13 - "$dest/tests" > "$dest/selected"
	name=$name-quick
fi
if [ -n "$only" ]; then
	grep -E -- "$only" "$dest/selected" > "$dest/selected.tmp"
	mv "$dest/selected.tmp" "$dest/selected"
	name=$name-part
fi
if [ $list = yes ]; then cat "$dest/selected"; exit 0; fi
total=$(wc -l < "$dest/selected")
[ "$total" -gt 0 ] || die "no test selected"

DROPIN_LIBDIR=
if [ "$ways" != upstream ]; then
	need_ours
	DROPIN_LIBDIR=$ours_libdir
	DROPIN_JOBS=$jobs sh "$here/build.sh" $build "$dest" || exit 2
	# LD_LIBRARY_PATH must really decide: the machine has a liburing.so.2 of its own.
	shared="ours:$ours_libdir"
	[ $build = ours ] || shared=
	for pair in "upstream:$dest/upstream/lib" "upstream:$ours_libdir" $shared; do
		for t in "$dest/bin/${pair%%:*}"/*.t; do
			[ -x "$t" ] && readelf -d "$t" | grep -q 'liburing\.so\.2' && break
		done
		LD_LIBRARY_PATH=${pair#*:} ldd "$t" | grep -q -F "=> ${pair#*:}/liburing.so.2" || die "$t does not load ${pair#*:}/liburing.so.2"
	done
else
	name=$name-baseline
fi
export DROPIN_BUILD=$build DROPIN_LIBDIR DROPIN_UNDER="$under" DROPIN_TIMEOUT="$limit" URING_RS_BACKEND="$backend"

knob=/proc/sys/vm/nr_hugepages
if [ -n "$hugepages" ]; then
	before=$(cat $knob)
	trap 'echo "$before" > $knob' EXIT
	trap 'exit 130' INT TERM
	echo "$hugepages" > $knob || die "cannot reserve huge pages"
fi

raw=$dest/raw-$name
rm -rf "$raw"
mkdir -p "$raw/first" "$dest/run"
say "liburing $key: $total tests, $(echo $ways | wc -w) ways each, $jobs at a time, limit $limit s, backend $backend, kernel $(uname -r)"

# One worker runs one test in all its ways, so that the ways of a test never compete for a port or a file.
gently xargs -P "$jobs" -I{} sh -c '
	sh "$1/one.sh" "$2" "$3" $4 > "$5/first/$3"
	awk -F"\t" "{ printf \"%s%s %s\", NR == 1 ? sprintf(\"%-32s\", \$1) : \"  \", \$2, \$3 } END { print \"\" }" "$5/first/$3"
' sh "$here" "$dest" {} "$ways" "$raw" < "$dest/selected"

first=$raw/first.tsv retry=$raw/retry.tsv table=$work/results-$name.tsv
(cd "$raw/first" && cat -- *) > "$first"
: > "$retry"
judge() {
	awk -f "$here/verdict.awk" VERSION="${key%-local}" FILE=exceptions $(exception_files "$backend" "$under") FILE=first "$first" FILE=retry "$retry"
}

# Only what looks like a regression is run again, alone on the machine, on the baseline as well.
judge | awk -F'\t' '$5 == "regression" || $6 == "regression" { print $1 }' > "$raw/again"
if [ -s "$raw/again" ] && [ "$retries" -gt 0 ]; then
	say "again, $retries times each: $(tr '\n' ' ' < "$raw/again")"
	while read -r t; do
		# The first log stays: it shows the failure that is looked for.
		for way in $ways; do cp "$dest/logs/$way/$t.log" "$dest/logs/$way/$t.first.log"; done
		i=0
		while [ $i -lt "$retries" ]; do
			gently sh "$here/one.sh" "$dest" "$t" $ways >> "$retry"
			i=$((i + 1))
		done
	done < "$raw/again"
fi

{
	printf '# liburing %s, backend %s, kernel %s, %s\n' "$key" "$backend${under:+ under $(basename "$under")}" "$(uname -r)" "$(date -u +%Y-%m-%d)"
	printf '# test\tours\tbinary\tupstream\tverdict ours\tverdict binary\tseconds ours\tseconds binary\tseconds upstream\tnote\n'
	judge
} > "$table"
[ -z "${DROPIN_TABLES:-}" ] || say "$table" >> "$DROPIN_TABLES"
sh "$here/summary.sh" --markdown "$table" > "$work/summary-$name.md"
sh "$here/summary.sh" --text "$table" "$dest/logs"
