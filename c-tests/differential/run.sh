#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the differential test against the staged library and runs it; arguments go to it. See differential.c.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
make -s -C "$root" stage
mkdir -p "$root/target/differential"
${CC:-cc} -O1 -g -Wall -Wextra -o "$root/target/differential/differential" "$root"/c-tests/differential/*.c \
	-I"$root/target/stage/include/uring_rs" -L"$root/target/stage/lib" -luring_rs "-Wl,-rpath,$root/target/stage/lib"
if "$root/target/differential/differential" "$@"; then
	echo "1 passed, 0 failed"
else
	echo "0 passed, 1 failed"
	exit 1
fi
