#!/bin/bash
# Makes an imitated host out of the fresh namespaces it is started in, and holds them open.
#   host.sh NAME TREE SCRATCH [SOURCE TARGET ro|rw]...
# The tree is the lower layer of an overlay whose upper layer is memory, so that nothing is ever
# written to it; each SOURCE is bound to TARGET. "ready" on stdout says that all is in place. The
# host ends when stdin closes: this shell is process 1 of its namespace, and takes all with it.
set -eu
name=$1 tree=$2 scratch=$3
shift 3

mount -t tmpfs -o mode=0755 tmpfs "$scratch"
cd "$scratch"
mkdir lower upper work root
mount --bind "$tree" lower
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay root

mount -t proc proc root/proc
mount -t sysfs -o ro sysfs root/sys
mount --rbind /dev root/dev
mount -t tmpfs -o mode=1777 tmpfs root/dev/shm
while [ $# -gt 0 ]; do
    if [ -d "$1" ]; then
        mkdir -p "root$2"
    else
        mkdir -p "$(dirname "root$2")"
        : >> "root$2"
    fi
    mount --bind -o "$3" "$1" "root$2"
    shift 3
done

echo "$name" > /proc/sys/kernel/hostname
cd root
mkdir -p .before
pivot_root . .before
cd /
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
umount --lazy .before
ip link set lo up
# How soon a peer that went silent is given up: HTCondor sets the first probe only (its
# TCP_KEEPALIVE_INTERVAL), the kernel's 75 s between probes would make it minutes.
echo 5 > /proc/sys/net/ipv4/tcp_keepalive_intvl

echo ready
read -r _
