#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Tries the example programs: odd sizes, pipes, wrong arguments, full disks.
#
#     sh check.sh DIRECTORY-OF-THE-PROGRAMS

set -u

[ $# -eq 1 ] || { echo "usage: check.sh DIRECTORY" >&2; exit 2; }
bin=$(cd "$1" && pwd) || exit 2
work=$(mktemp -d "${TMPDIR:-/tmp}/uring-check.XXXXXX") || exit 2
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit 2
PATH=$bin:$PATH
passed=0 failed=0

pass() {
	passed=$((passed + 1))
}

miss() {
	failed=$((failed + 1))
	echo "FAIL  $*"
	sed 's/^/      | /' out err 2>/dev/null
}

# succeeds COMMAND...: status 0, nothing on stderr
succeeds() {
	if "$@" >out 2>err && [ ! -s err ]; then pass; else miss "should succeed: $*"; fi
}

# fails STATUS TEXT COMMAND...: that status, and TEXT in what it says on stderr
fails() {
	want=$1 text=$2
	shift 2
	"$@" >out 2>err
	status=$?
	if [ $status -eq "$want" ] && grep -q -- "$text" err; then
		pass
	else
		miss "status $status, wanted $want and '$text': $*"
	fi
}

same() {
	if cmp "$1" "$2" >difference 2>&1; then pass; else miss "$3: $(cat difference)"; fi
}

says() {
	if grep -q -- "$1" "$2"; then pass; else miss "$2 should say '$1'"; fi
}

# ----------------------------------------------------------------- uring-probe

succeeds uring-probe --brief
says 'backend, Linux' out
succeeds uring-probe
says ' READ ' out
says 'SINGLE_MMAP' out
fails 2 'unexpected argument' uring-probe extra

# -------------------------------------------------------------------- uring-cp

seq 1 200000 >numbers
for size in 0 1 4095 4096 4097 65536 1000003; do
	head -c $size numbers >source
	for options in '' '-l' '-d 1' '-b 4097 -d 3' '-l -b 4096 -d 64' '-d 4096 -b 4096' \
		'-l -f -b 65535'; do
		echo "longer than nothing, to be emptied" >target
		# shellcheck disable=SC2086 # the options are words
		succeeds uring-cp $options source target
		same source target "uring-cp $options changed a file of $size bytes"
	done
done
head -c 1000 numbers >source
for options in '-b 1 -d 7' '-l -b 1 -d 64'; do
	# shellcheck disable=SC2086
	succeeds uring-cp $options source target
	same source target "uring-cp $options"
done

cat /proc/filesystems >source	# claims to be empty
succeeds uring-cp /proc/filesystems target
same source target "uring-cp /proc/filesystems"
succeeds uring-cp -l /proc/filesystems target
same source target "uring-cp -l /proc/filesystems"

chmod 700 source && rm target
succeeds uring-cp --quiet source target
[ ! -s out ] && [ -x target ] && pass || miss "--quiet, and the mode"

uring-cp --progress --block 4K --depth 2 numbers target >out 2>err && pass || miss "--progress"
says '100 %  1.2 MiB of 1.2 MiB' err
says 'backend, 2 x 4 KiB' out

cp source before && ln source twin
fails 1 'are the same file' uring-cp source twin
same source before "a file copied onto itself"
mkdir directory
fails 1 'Is a directory' uring-cp directory target
fails 1 'Is a directory' uring-cp source directory
fails 1 "cannot open 'nowhere': No such file" uring-cp nowhere target
fails 1 'incomplete' uring-cp source /dev/full
says 'No space left' err
fails 1 'uring-cat copies pipes' sh -c 'echo x | uring-cp /dev/stdin target'
fails 2 'expected a source' uring-cp source
fails 2 'depth' uring-cp -d 0 source target
fails 2 'block' uring-cp -b 1T source target
fails 2 'block' uring-cp -b -1 source target
fails 2 'help' uring-cp --nonsense source target
succeeds uring-cp --help

# A closed stdout must not become the target file.
rm -f target
fails 1 'write to standard output' sh -c 'uring-cp source target >&-'
same source target "uring-cp with stdout closed"
uring-cp source target <&- >out 2>err && pass || miss "closed stdin"

# ------------------------------------------------------------------- uring-cat

succeeds uring-cat numbers
same numbers out "uring-cat of a file"
uring-cat <numbers >out 2>err
same numbers out "uring-cat of standard input"
cat numbers | uring-cat | cat >out
same numbers out "uring-cat in a pipeline"
cat source numbers source >expected
uring-cat source - source <numbers >out 2>err
same expected out "uring-cat of files and standard input"
(sleep 0.2; echo slow; sleep 0.2; echo pipe) | uring-cat >out 2>err
printf 'slow\npipe\n' >expected
same expected out "uring-cat of a slow pipe"
fails 1 "cannot open 'nowhere': No such file" uring-cat nowhere source
same source out "uring-cat goes on after a missing file"
fails 1 'Is a directory' uring-cat directory
fails 1 'No space left' sh -c 'uring-cat numbers >/dev/full'
fails 1 'also the output' sh -c 'uring-cat source >>source'
same source before "uring-cat onto its own input"
fails 1 'Bad file descriptor' sh -c 'uring-cat <&-'
uring-cat numbers numbers numbers 2>err | head -c 10 >out
[ "$(wc -c <out)" -eq 10 ] && [ ! -s err ] && pass || miss "uring-cat to a reader that leaves"

# ------------------------------------------------------------------ uring-echo

for options in '-t 1 -c 1 -s 1' '-t 500 -c 1' '-t 1000 -c 8 -s 16K' '-t 300 -c 3 -s 65536' \
	'-t 5 -c 16' '-t 1000 -c 100 -s 17'; do
	# shellcheck disable=SC2086
	succeeds uring-echo $options
	says 'every payload came back intact' out
done
fails 2 'self-test' uring-echo --self-test many
fails 2 'port' uring-echo --port 65536

uring-echo >serverout 2>&1 &
server=$!
tries=0
until grep -q listening serverout || [ $tries -eq 50 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
port=$(sed -n 's/listening on 127.0.0.1 port //p' serverout)
fails 1 'another program has that port' uring-echo --port "$port"
kill -TERM $server
wait $server && pass || miss "uring-echo ends well when told to"
server=
says '0 connections, 0 bytes echoed' serverout

# ------------------------------------------------------------- uring-rand-read

succeeds uring-rand-read --ops 1000 numbers
says '^1000 random reads of 4 KiB' out
says 'p50 .* p90 .* p99 .* p99.9 .* max' out
succeeds uring-rand-read --ops 7 --depth 64 --block 512 numbers
says '^7 random reads of 512 B' out
uring-rand-read --direct --ops 100 numbers >out 2>err && pass || miss "--direct"
cat out err >both
says 'O_DIRECT (\|page cache instead' both
fails 1 'smaller than one block' uring-rand-read source
fails 1 'No such file' uring-rand-read nowhere
fails 1 'neither a file' uring-rand-read directory
fails 2 'expected one file' uring-rand-read

echo "examples: $passed checks passed, $failed failed"
[ $failed -eq 0 ]
