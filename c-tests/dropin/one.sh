#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs one test program in one or more ways, one after the other, and prints a line for each: test, way, status, exit code, seconds.
#   one.sh DEST TEST WAY...
# Ways: upstream (its own library), binary (the same program on our liburing.so.2), ours (built against our header; DROPIN_BUILD names
# the build, ours or ours-static).
# Status: pass, skip, fail, timeout, nobuild. DROPIN_TIMEOUT is the limit in seconds; DROPIN_UNDER is a command that the programs
# on our library are started by, for instance one that refuses io_uring with a seccomp filter.
set -u
. "$(dirname "$0")/lib.sh"

dest=$1 test=$2
shift 2
limit=${DROPIN_TIMEOUT:-60}

# A network and a mount namespace of its own: tests use fixed ports, one dials a private address that must not leave the machine,
# one makes interfaces. Needs root; without it the address test is not run.
isolated() {
	[ "$(id -u)" = 0 ] && unshare -n -m true 2>/dev/null && have ip
}
calls_out() {
	case $1 in conn-unreach) return 0 ;; *) return 1 ;; esac
}

classify() { # test, exit code, limit reached
	if [ "$3" = yes ]; then
		echo timeout
	elif [ "$2" -eq 77 ]; then
		echo skip
	else
		case $1 in
		# These must be caught: their failure, and no other one, is the pass.
		xfail_*) if [ "$2" -eq 1 ]; then echo pass; else echo fail; fi ;;
		*) if [ "$2" -eq 0 ]; then echo pass; else echo fail; fi ;;
		esac
	fi
}

run() { # way
	way=$1
	case $way in
	upstream) bin=$dest/bin/upstream libdir=$dest/upstream/lib under= ;;
	binary) bin=$dest/bin/upstream libdir=$DROPIN_LIBDIR under=${DROPIN_UNDER:-} ;;
	ours) bin=$dest/bin/${DROPIN_BUILD:-ours} libdir=$DROPIN_LIBDIR under=${DROPIN_UNDER:-} ;;
	esac
	log=$dest/logs/$way/$test.log
	if [ ! -x "$bin/$test.t" ]; then
		cp "$bin/$test.t.log" "$log" 2>/dev/null || say "not built" > "$log"
		printf '%s\t%s\tnobuild\t-\t0\n' "$test" "$way"
		return
	fi

	scratch=$dest/run/$test.$way.$$
	rm -rf "$scratch"
	mkdir -p "$scratch"
	# Programs that start another one look for it beside themselves, in the working directory.
	ln -s "$bin/$test.t" "$scratch/$test.t"
	for extra in exec-target.t napi-test.t; do
		[ "$extra" = "$test.t" ] || ln -s "$bin/$extra" "$scratch/$extra"
	done
	[ -f "$dest/tree/test/napi-test.sh" ] && ln -s "$dest/tree/test/napi-test.sh" "$scratch/"

	wrap= up=
	if isolated; then
		wrap='unshare -n -m' up='ip link set lo up;'
	elif calls_out "$test"; then
		rm -rf "$scratch"
		say "not run: it connects to an address outside, and a network namespace is not to be had here" > "$log"
		printf '%s\t%s\tskip\t-\t0\n' "$test" "$way"
		return
	fi

	start=$(date +%s%N)
	# setsid makes the program and all its children one process group, which is killed as a whole afterwards: also children that
	# outlive a program that returned in time.
	(
		cd "$scratch" || exit 125
		exec setsid $wrap sh -c "$up exec \"\$@\"" sh \
			env LD_LIBRARY_PATH="$libdir" timeout -s INT -k 5 "$limit" $under "./$test.t"
	) < /dev/null > "$log" 2>&1 &
	group=$!
	wait $group
	rc=$?
	kill -s KILL -- -$group 2>/dev/null
	tenths=$((($(date +%s%N) - start) / 100000000))

	# timeout answers 124, or 137 when it had to use SIGKILL; a program may have its own 124 or 137, but then not so late.
	late=no
	if [ $rc -eq 124 ] || [ $rc -eq 137 ]; then
		[ $tenths -ge $((limit * 10)) ] && late=yes
	fi
	rm -rf "$scratch"
	printf '%s\t%s\t%s\t%s\t%s.%s\n' "$test" "$way" "$(classify "$test" $rc $late)" $rc $((tenths / 10)) $((tenths % 10))
}

mkdir -p "$dest/run"
for way; do
	mkdir -p "$dest/logs/$way"
	run "$way"
done
