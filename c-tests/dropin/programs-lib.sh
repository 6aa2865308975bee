# SPDX-License-Identifier: MIT
# The frame that programs.sh runs its programs in; sourced by it.

passed=0 failed=0 skipped=0
background=

start_runs() {
	# Short paths: Unix socket names end at 107 bytes.
	state=$(mktemp -d "${TMPDIR:-/tmp}/dropin.XXXXXX") || exit 2
	trap 'kill_background; [ $keep = yes ] || rm -rf "$state"' EXIT
	trap 'exit 130' INT TERM
	smb_port=$((20000 + $$ % 20000))
	have strace || warn "strace is missing: whether a ring was really set up is not checked"
}

finish_runs() {
	[ $keep = no ] || say "working directories: $state"
	say "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ] || exit 1
	[ $passed -gt 0 ] && exit 0
	say "SKIP: no program could be run"
	exit 77
}

# The environment of one run: which library, and a record of what the dynamic linker bound and which rings were set up. strace stops
# at that one system call only, so it costs nothing.
library_env() {
	if [ $side = ours ]; then
		set -- env LD_LIBRARY_PATH="$ours_libdir" URING_RS_BACKEND="$backend" LD_DEBUG=bindings LD_DEBUG_OUTPUT="$record/bindings" $under "$@"
	else
		set -- env LD_DEBUG=bindings LD_DEBUG_OUTPUT="$record/bindings" "$@"
	fi
	if have strace; then
		exec strace -f --seccomp-bpf -qq -e signal=none -e trace=io_uring_setup -o "$(mktemp "$record/strace.XXXXXX")" "$@"
	else
		exec "$@"
	fi
}

on_library() { (library_env timeout -k 5 120 "$@"); }

in_background() {
	(library_env "$@") > "$record/background" 2>&1 < /dev/null &
	background=$!
}
# The daemon is strace's child where strace is used. Signals go to it, not to strace.
background_pid() {
	if have strace; then cat "/proc/$background/task/$background/children" 2>/dev/null; else echo "$background"; fi
}
end_background() { # signal
	[ -n "$background" ] || return 0
	kill -s "$1" $(background_pid) 2>/dev/null
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		kill -0 "$background" 2>/dev/null || break
		[ $i -lt 20 ] || kill -s KILL $(background_pid) "$background" 2>/dev/null
		sleep 0.5
	done
	wait "$background" 2>/dev/null
	background=
}
stop_background() { end_background TERM; }
kill_background() { end_background KILL; }

await_file() {
	for i in $(seq 200); do
		[ -e "$1" ] && return
		kill -0 "$background" 2>/dev/null || break
		sleep 0.1
	done
	say "no $1 appeared:"
	tail -n 5 "$record/background"
}
await_port() {
	for i in $(seq 100); do
		grep -q "$(printf ':%04X 00000000:0000 0A' "$1")" /proc/net/tcp && return
		kill -0 "$background" 2>/dev/null || break
		sleep 0.1
	done
	say "nobody listens on port $1:"
	tail -n 5 "$record/background"
}

# Times and rates differ from run to run; everything else must not.
steady() {
	sed -E -e 's/Run completed in [0-9.]+ seconds\./Run completed./' -e 's/[0-9.]+ sec \([^)]*\)/N sec/' \
		-e '/^(backup-top|Sending signal)/d' -e "s,$state/[a-z-]+/(upstream|ours),DIR,g"
}

missing_tool() { # "program:package ..."
	for pair in $1; do
		tool=${pair%%:*}
		case $tool in
		*/*) [ -n "$(find /usr/lib -path "*/$tool" 2>/dev/null | head -n 1)" ] && continue ;;
		*) have "$tool" && continue ;;
		esac
		echo "${pair#*:}"
		return
	done
}

run_side() { # name, side
	side=$2
	record=$state/$1/$side.record
	mkdir -p "$state/$1/$side" "$record"
	began=$(date +%s%N)
	(cd "$state/$1/$side" && "do_$(echo "$1" | tr - _)"; kill_background) > "$record/output" 2>&1
	eval "ms_$side=$((($(date +%s%N) - began) / 1000000))"
	steady < "$record/output" > "$record/steady"
}

# Prints why a side's run does not count; nothing when it does.
objection() { # name, side
	record=$state/$1/$2.record
	cat "$record"/bindings.* 2>/dev/null | grep -E " to [^ ]*/liburing\\.so\\.2 .* symbol .(__)?io_uring" > "$record/bound"
	[ -s "$record/bound" ] || { echo "nothing was bound to liburing.so.2"; return; }
	if [ "$2" = ours ]; then
		grep -v -q -F " to $ours_libdir/liburing.so.2" "$record/bound" && { echo "another liburing.so.2 than ours was bound"; return; }
	else
		grep -q -F " to $ours_libdir/" "$record/bound" && { echo "our library was bound in the baseline run"; return; }
	fi
	have strace || return 0
	rings=$(cat "$record"/strace.* | grep -c 'io_uring_setup(.* = [0-9]')
	echo "$rings" > "$record/rings"
	if [ "$2" = ours ] && { [ "$backend" = user ] || [ -n "$under" ]; }; then
		[ "$rings" -eq 0 ] || echo "$rings rings came from the kernel, which was not to be used"
	else
		[ "$rings" -gt 0 ] || echo "no ring was set up"
	fi
	grep -q -i 'falling back' "$record/output" && echo "it fell back to something else than io_uring"
	return 0
}

try() { # name
	func=$(echo "$1" | tr - _)
	eval "needs=\${needs_$func:-none}"
	[ "$needs" != none ] || die "no such program: $1"
	package=$(missing_tool "$needs")
	if [ -n "$package" ]; then
		skipped=$((skipped + 1))
		say "SKIP $1 (not installed: package $package)"
		return
	fi
	run_side "$1" upstream
	why=$(objection "$1" upstream)
	if [ -n "$why" ]; then
		skipped=$((skipped + 1))
		say "SKIP $1 (on the machine's own library: $why)"
		sed 's/^/    /' "$state/$1/upstream.record/output" | tail -n 8
		return
	fi
	run_side "$1" ours
	why=$(objection "$1" ours)
	if [ -n "$why" ]; then
		failed=$((failed + 1))
		say "FAIL $1 ($why)"
		sed 's/^/    /' "$state/$1/ours.record/output" | tail -n 8
	elif ! diff "$state/$1/upstream.record/steady" "$state/$1/ours.record/steady" > "$state/$1/diff"; then
		failed=$((failed + 1))
		say "FAIL $1 (results differ: < the machine's library, > ours)"
		head -n 20 "$state/$1/diff" | sed 's/^/    /'
	else
		passed=$((passed + 1))
		symbols=$(sed -n "s/.* symbol \`\([^']*\)'.*/\1/p" "$state/$1/ours.record/bound" | sort -u | wc -l)
		rings=$(cat "$state/$1/ours.record/rings" 2>/dev/null || echo uncounted)
		say "PASS $1 ($symbols symbols bound, $rings rings; $ms_upstream ms on the machine's library, $ms_ours ms on ours)"
	fi
	[ $keep = yes ] || rm -rf "$state/$1"
}
