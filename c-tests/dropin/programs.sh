#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's own programs on our liburing.so.2: each does real work first on the machine's library, then, through LD_LIBRARY_PATH, on
# ours; what it produces must be the same, the dynamic linker must have bound it to the library meant, and it must have set up a ring.
set -u
. "$(dirname "$0")/lib.sh"
. "$here/programs-lib.sh"

usage() {
	cat <<'TEXT'
usage: c-tests/dropin/programs.sh [options] [NAME...]
  --backend B     kernel (default), user or auto: URING_RS_BACKEND for the runs on our library
  --under CMD     start the runs on our library by CMD, e.g. one that refuses io_uring by seccomp; no ring of the kernel's may then appear
  --install       apt-get install the programs first (root)
  --keep          keep the working directories
  --list          print the names and stop
Exit code: 0 when nothing failed, 1 when something did, 77 when all were skipped. A program that is not installed is skipped with the
package that has it.
TEXT
}

packages='qemu-utils plocate mariadb-server-core mariadb-client-core mariadb-backup samba samba-vfs-modules smbclient'
names='qemu-img-bench qemu-img-convert qemu-io qemu-nbd qemu-storage-daemon plocate mariadbd mariadb-backup smbd'
backend=kernel under= keep=no only=
while [ $# -gt 0 ]; do
	case $1 in
	--backend) backend=$2; shift ;;
	--under) under=$2; shift ;;
	--install) apt-get install -y --no-install-recommends $packages || exit 2 ;;
	--keep) keep=yes ;;
	--list) echo $names | tr ' ' '\n'; exit 0 ;;
	-h | --help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*) only="$only $1" ;;
	esac
	shift
done
[ -z "$only" ] || names=$only
need_ours
start_runs

# --- QEMU's block layer -------------------------------------------------------------------------------------------------------
# Random sectors with holes between them; the same image for every QEMU run.
make_image() {
	[ -f "$state/image.raw" ] && return
	truncate -s 128M "$state/image.raw"
	for mib in 0 3 17 40 41 42 90 127; do
		dd if=/dev/urandom of="$state/image.raw" bs=64k seek=$((mib * 16)) count=9 conv=notrunc status=none
	done
}
raw_io_uring() { echo "driver=raw,file.driver=file,file.filename=$1,file.aio=io_uring,file.cache.direct=on"; }

needs_qemu_img_bench='qemu-img:qemu-utils'
do_qemu_img_bench() {
	make_image
	cp "$state/image.raw" bench.raw
	on_library qemu-img bench -f raw -t none -i io_uring -c 40000 -d 64 -s 4096 bench.raw
	on_library qemu-img bench -f raw -t none -i io_uring -c 20000 -d 32 -s 16384 -w --pattern=0xa7 bench.raw
	on_library qemu-img bench -f raw -t none -i io_uring -c 2000 -d 8 -s 65536 -w --flush-interval=64 --pattern=0x31 bench.raw
	cksum bench.raw
}

needs_qemu_img_convert='qemu-img:qemu-utils'
do_qemu_img_convert() {
	make_image
	on_library qemu-img create -q -f qcow2 there.qcow2 128M
	truncate -s 128M back.raw
	qcow="driver=qcow2,file.driver=file,file.filename=there.qcow2,file.aio=io_uring,file.cache.direct=on"
	on_library qemu-img convert -m 16 -W -n --image-opts --target-image-opts "$(raw_io_uring "$state/image.raw")" "$qcow"
	on_library qemu-img convert -m 16 -n --image-opts --target-image-opts "$qcow" "$(raw_io_uring back.raw)"
	on_library qemu-img compare --image-opts "$qcow" "$(raw_io_uring "$state/image.raw")"
	on_library qemu-img check -q --image-opts "$qcow" && say "check: clean"
	cmp back.raw "$state/image.raw" && cksum back.raw
}

needs_qemu_io='qemu-io:qemu-utils'
do_qemu_io() {
	truncate -s 64M io.raw
	on_library qemu-io -f raw -t none -i io_uring \
		-c 'write -P 0x5a 0 8M' -c 'write -z 1M 64k' -c 'writev -P 0x3c 16M 4k 8k 64k 4k' -c 'read -P 0x5a 2M 6M' -c 'read -P 0 1M 64k' \
		-c 'aio_write -P 0x11 32M 1M' -c 'aio_write -P 0x22 33M 1M' -c 'aio_write -P 0x33 34M 2M' -c 'aio_flush' -c 'flush' \
		-c 'aio_read -P 0x22 33M 1M' -c 'aio_read -P 0x33 34M 2M' -c 'aio_flush' -c 'readv -P 0x3c 16M 4k 8k 64k 4k' \
		-c 'discard 0 1M' -c 'read -P 0x11 32M 1M' -c 'truncate 65M' -c 'length' io.raw
	# The pattern check itself must be able to fail.
	on_library qemu-io -f raw -t none -i io_uring -c 'read -P 0x12 32M 4k' io.raw
	cksum io.raw
}

needs_qemu_nbd='qemu-nbd:qemu-utils qemu-io:qemu-utils'
do_qemu_nbd() {
	make_image
	cp "$state/image.raw" served.raw
	in_background qemu-nbd -t -f raw --aio=io_uring --cache=none -e 4 -k "$PWD/nbd.sock" served.raw
	await_file nbd.sock
	# The clients are QEMU on the machine's library: it is the server that is looked at.
	qemu-img compare -f raw -F raw "nbd+unix:///?socket=$PWD/nbd.sock" "$state/image.raw"
	qemu-io -f raw -c 'write -P 0x77 5M 9M' -c 'read -P 0x77 5M 9M' -c 'write -z 20M 1M' -c flush "nbd+unix:///?socket=$PWD/nbd.sock"
	stop_background
	cksum served.raw
}

needs_qemu_storage_daemon='qemu-storage-daemon:qemu-utils qemu-io:qemu-utils'
do_qemu_storage_daemon() {
	qemu-img create -q -f qcow2 disk.qcow2 256M
	in_background qemu-storage-daemon \
		--blockdev driver=file,node-name=file,filename=disk.qcow2,aio=io_uring,cache.direct=on \
		--blockdev driver=qcow2,node-name=disk,file=file \
		--nbd-server "addr.type=unix,addr.path=$PWD/qsd.sock" --export type=nbd,id=e,node-name=disk,writable=on
	await_file qsd.sock
	for turn in 1 2 3; do
		qemu-io -f raw -c "aio_write -P 0x$turn$turn ${turn}0M 7M" -c "aio_write -P 0x4$turn 1${turn}0M 3M" -c aio_flush \
			-c "read -P 0x$turn$turn ${turn}0M 7M" -c "read -P 0x4$turn 1${turn}0M 3M" "nbd+unix:///disk?socket=$PWD/qsd.sock"
	done
	stop_background
	qemu-img check -q disk.qcow2 && say "check: clean"
	qemu-img convert -O raw disk.qcow2 disk.raw && cksum disk.raw
}

# --- plocate ------------------------------------------------------------------------------------------------------------------
needs_plocate='plocate:plocate updatedb.plocate:plocate'
do_plocate() {
	# The installed program is setgid, and a setgid program ignores LD_LIBRARY_PATH: a copy is not.
	cp "$(command -v plocate)" ./plocate
	i=0
	while [ $i -lt 60 ]; do
		mkdir -p "tree/dir-$i/inner"
		j=0
		while [ $j -lt 50 ]; do : > "tree/dir-$i/inner/some-file-$i-$j.txt"; j=$((j + 1)); done
		i=$((i + 1))
	done
	: > 'tree/dir-7/Grüße aus Köln.text'
	updatedb.plocate -l no -U "$PWD/tree" -o "$PWD/db" --prunepaths '' --prunefs '' --prune-bind-mounts no
	rm -r tree/dir-9
	for pattern in some-file dir-17/inner -17-3 Köln nothing-like-this; do
		say "pattern $pattern"
		on_library ./plocate -d db "$pattern" | sed "s,$PWD,,"
	done
	say "several patterns, existing, ignoring case, count, regex"
	on_library ./plocate -d db inner -1 txt | sed "s,$PWD,,"
	on_library ./plocate -d db -e dir-9 | sed "s,$PWD,,"
	on_library ./plocate -d db -i DIR-3 | sed "s,$PWD,,"
	on_library ./plocate -d db -c file
	on_library ./plocate -d db -r 'file-1.-4.\.txt$' | sed "s,$PWD,,"
}

# --- MariaDB ------------------------------------------------------------------------------------------------------------------
start_mariadbd() { # datadir; a buffer pool far smaller than the table: pages come and go through the ring
	rm -f sql.sock
	in_background mariadbd --no-defaults --user="$(id -un)" --datadir="$PWD/$1" --socket="$PWD/sql.sock" --pid-file="$PWD/sql.pid" \
		--skip-networking --innodb-use-native-aio=ON --innodb-flush-method=O_DIRECT --innodb-buffer-pool-size=6M \
		--innodb-log-file-size=8M --log-error="$PWD/$1.err" --plugin-dir=/nonexistent
	await_file sql.sock
	grep -q -E 'Using (liburing|io_uring)' "$1.err" && say "InnoDB uses liburing"
	grep -i 'fall.*back' "$1.err"
}
sql() { mariadb --no-defaults -S "$PWD/sql.sock" -u root -N -B "$@"; }
new_database() {
	on_library mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$PWD/$1" --auth-root-authentication-method=normal \
		--skip-test-db --innodb-use-native-aio=ON > install.log 2>&1 || cat install.log
}
fill_database() {
	sql -e "create database d; use d; create table t (i int primary key, v varchar(700), key (v(20))) engine=innodb;
		insert into t select seq, repeat(md5(seq), 20) from seq_1_to_30000;
		update t set v = reverse(v) where i % 7 = 0; delete from t where i % 11 = 0;"
}
sum_database() { sql d -e "select count(*), sum(i), sum(crc32(v)) from t; check table t; checksum table t;"; }

needs_mariadbd='mariadbd:mariadb-server-core mariadb:mariadb-client-core mariadb-install-db:mariadb-server-core'
do_mariadbd() {
	new_database data
	start_mariadbd data
	fill_database
	sum_database
	stop_background
	say "after a restart"
	start_mariadbd data
	sum_database
	say "after a crash"
	sql d -e "insert into t select seq, sha2(seq, 256) from seq_100001_to_103000; commit;"
	kill_background
	start_mariadbd data
	sum_database
	stop_background
}

needs_mariadb_backup='mariadb-backup:mariadb-backup mariadbd:mariadb-server-core mariadb:mariadb-client-core'
do_mariadb_backup() {
	new_database data
	start_mariadbd data
	fill_database
	on_library mariadb-backup --no-defaults --backup --datadir="$PWD/data" --target-dir="$PWD/saved" --socket="$PWD/sql.sock" --user=root \
		--innodb-use-native-aio > backup.log 2>&1 && say "backup: done" || tail -n 5 backup.log
	sum_database
	stop_background
	on_library mariadb-backup --no-defaults --prepare --target-dir="$PWD/saved" --innodb-use-native-aio > prepare.log 2>&1 &&
		say "prepare: done" || tail -n 5 prepare.log
	start_mariadbd saved
	sum_database
	stop_background
}

# --- Samba --------------------------------------------------------------------------------------------------------------------
needs_smbd='smbd:samba smbclient:smbclient samba/vfs/io_uring.so:samba-vfs-modules'
do_smbd() {
	mkdir -p share s/private s/lock s/state s/cache s/pid s/ncalrpc s/log
	{
		say '[global]'
		for d in private:'private dir' lock:'lock directory' state:'state directory' cache:'cache directory' pid:'pid directory' \
			ncalrpc:'ncalrpc dir'; do
			say "${d#*:} = $PWD/s/${d%%:*}"
		done
		say "server role = standalone server
map to guest = bad user
guest account = $(id -un)
interfaces = lo
bind interfaces only = yes
smb ports = $smb_port
disable netbios = yes
load printers = no
printing = bsd
log file = $PWD/s/log/log
[share]
path = $PWD/share
guest ok = yes
read only = no
vfs objects = io_uring"
	} > smb.conf
	dd if=/dev/urandom of="$state/upload" bs=1M count=24 status=none
	in_background smbd -F -s "$PWD/smb.conf"
	await_port "$smb_port"
	smb() { smbclient -s "$PWD/smb.conf" -p "$smb_port" -U% -m SMB3 //127.0.0.1/share -c "$1" 2>&1 | sed -n '/NT_STATUS/p'; }
	smb "put $state/upload one; put $state/upload two; get one back-one; mkdir d; put $state/upload d/three; get d/three back-three"
	for f in share/one share/two share/d/three back-one back-three; do
		cmp "$f" "$state/upload" && say "$f: same"
	done
	stop_background
}

for name in $names; do try "$name"; done
finish_runs
