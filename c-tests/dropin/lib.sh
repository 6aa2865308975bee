# SPDX-License-Identifier: MIT
# Shared by the scripts of this directory; sourced, never run.

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${DROPIN_DIR:-$root/target/dropin}

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() { warn "$(basename "$0"): $*"; exit 2; }
have() { command -v "$1" >/dev/null 2>&1; }

# Our library under upstream's names: an install tree with include, lib and lib/pkgconfig.
# Everything about it comes from its own liburing.pc, as for any program that uses it.
ours_prefix=${DROPIN_OURS:-$root/target/stage-dropin}

# Sets ours_cflags, ours_libdir; fails quietly when the tree is not there.
find_ours() {
	ours_pc=$ours_prefix/lib/pkgconfig
	[ -f "$ours_pc/liburing.pc" ] || return 1
	ours_incdir=$(PKG_CONFIG_PATH=$ours_pc pkg-config --variable=includedir liburing) || return 1
	ours_libdir=$(PKG_CONFIG_PATH=$ours_pc pkg-config --variable=libdir liburing) || return 1
	# A staged tree keeps the final prefix in its .pc file: then look beside that file instead.
	[ -f "$ours_incdir/liburing.h" ] || ours_incdir=$ours_prefix/include
	[ -e "$ours_libdir/liburing.so.2" ] || ours_libdir=$ours_prefix/lib
	[ -f "$ours_incdir/liburing.h" ] && [ -e "$ours_libdir/liburing.so.2" ]
}

# The library of this tree is brought up to date first: a result must not be that of an old one.
need_ours() {
	[ -n "${DROPIN_OURS:-}" ] || make -s -C "$root" stage >&2 || die "the library did not build"
	find_ours || die "no drop-in library in $ours_prefix (DROPIN_OURS=dir names another)"
}

# Where exceptions are named, for a run on this backend, started by this command: those of the engine only where the engine serves the rings.
exception_files() { # backend, under
	say "$here/exceptions.tsv"
	if [ "$1" = user ] || { [ "$1" = auto ] && [ -n "$2" ]; }; then say "$here/exceptions-engine.tsv"; fi
}

# The version a liburing source tree says it has.
tree_version() {
	awk '/^Version:/ { print $2; exit }' "$1/liburing.spec"
}

# Runs a command with low priority: other work on the machine goes first.
gently() {
	if have nice; then nice -n "${DROPIN_NICE:-10}" "$@"; else "$@"; fi
}
