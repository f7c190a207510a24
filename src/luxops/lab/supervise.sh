#!/bin/sh
# One instance's keeper: supervise.sh NAME ROOT
# Boots its root, and boots it again when it was rebooted from inside (status 133). Runs in the instance's cgroups.
set -eu
name=$1 root=$2
while :; do
    status=0
    # CAP_NET_ADMIN: interfaces and nftables are the instance's own. --keep-unit: there may be no systemd outside.
    systemd-nspawn --quiet --boot --directory="$root" --machine="$name" --register=no --keep-unit \
        --network-namespace-path="/run/netns/luxops-$name" --capability=CAP_NET_ADMIN \
        --tmpfs=/tmp:mode=1777,nosuid,nodev,noexec --tmpfs=/dev/shm:mode=1777,nosuid,nodev,noexec \
        --resolv-conf=off --timezone=off --link-journal=no --console=pipe || status=$?
    [ "$status" = 133 ] || exit "$status"
done
