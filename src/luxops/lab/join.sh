#!/bin/sh
# join.sh GROUP... -- COMMAND...: becomes COMMAND, as a member of the cgroups.
set -eu
while [ "$1" != -- ]; do
    echo $$ > "$1/cgroup.procs"
    shift
done
shift
exec "$@"
