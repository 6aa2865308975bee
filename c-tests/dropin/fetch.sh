#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches Debian's liburing source package of one suite and prints the directory it was unpacked to.
#   fetch.sh [SUITE]      SUITE: trixie (default), sid, forky, bookworm
# apt is pointed at directories of its own, so the machine's configuration and package lists stay as they are. The mirror is the one
# this machine already uses (DEBIAN_MIRROR=url names another); signatures are checked against Debian's archive keyring.
set -eu
. "$(dirname "$0")/lib.sh"

suite=${1:-${LIBURING_SUITE:-trixie}}
dest=$work/src/$suite

unpacked() {
	for d in "$dest"/liburing-*/; do
		[ -f "$d/liburing.spec" ] && { printf '%s\n' "${d%/}"; return 0; }
	done
	return 1
}

unpacked && exit 0

for tool in apt-get dpkg-source; do
	have $tool || die "$tool not found: on a machine without it, give a tree with LIBURING_SRC=dir"
done

keyring=
for k in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
	[ -f "$k" ] && { keyring=$k; break; }
done
[ -n "$keyring" ] || die "Debian's archive keyring is missing (package debian-archive-keyring)"

mirror=${DEBIAN_MIRROR:-}
if [ -z "$mirror" ]; then
	# The main archive ends in /debian; the security archive, which has no liburing, does not.
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | sed -n '\,/debian/*$,{p;q}')
fi
[ -n "$mirror" ] || die "apt here knows no Debian archive: set DEBIAN_MIRROR=url"

apt=$work/apt/$suite
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$dest"
: > "$apt/status"
printf 'deb-src [signed-by=%s] %s %s main\n' "$keyring" "${mirror%/}" "$suite" > "$apt/sources.list"

private_apt() {
	apt-get -q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$apt" -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status" \
		-o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

log=$apt/log
if ! private_apt update > "$log" 2>&1 || ! (cd "$dest" && private_apt source liburing) >> "$log" 2>&1; then
	tail -n 5 "$log" >&2
	die "liburing's source package of $suite could not be fetched (see $log)"
fi
# 30 MB of package lists served for one look-up.
rm -rf "$apt/lists" "$apt/cache"
unpacked || die "no source tree in $dest after fetching (see $log)"
