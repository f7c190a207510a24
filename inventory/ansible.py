#!/usr/bin/env python3
"""Dynamic inventory for plain Ansible: `ansible-inventory -i inventory/ansible.py --list`.

Reads the folder that it stands in, and runs with the Python that luxops is installed for. Groups: `hosts`, `routers`, and like
`hospital_chl`, `group_chl_pacs`, `zone_imaging`, `level_enhanced`, `service_anim`, `platform_frr`, `role_edge`, `place_dc1`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from luxops.federation import Federation

USAGE = 2
Machine = tuple[str, dict[str, Any], list[str]]
"""Name, its variables, and the groups it is in."""


def machines(federation: Federation) -> Iterator[Machine]:
    """Every declared host and router."""
    user = federation.file.management.user
    for owner, file in federation.hosts.items():
        for group in file.groups:
            labels = {"hospital": owner, "zone": group.zone, "level": group.level, "service": group.service}
            for host in group.hosts:
                variables = {
                    "ansible_host": str(host.management),
                    "ansible_user": user,
                    "luxops": {**labels, "group": group.id, "place": host.place, "address": host.address and str(host.address)},
                }
                yield host.id, variables, ["hosts", f"group_{owner}_{group.id}", *_groups({**labels, "place": host.place})]
    for router in federation.routers.values():
        place = router.datacentre or "campus"
        labels = {"hospital": router.hospital or federation.file.id, "platform": router.platform.value, "role": router.role}
        variables = {
            "ansible_host": str(router.management),
            "ansible_user": user,
            "luxops": {**labels, "place": place, "loopback": str(router.loopback)},
        }
        yield router.id, variables, ["routers", *_groups({**labels, "place": place})]


def _groups(labels: dict[str, str | None]) -> list[str]:
    return [f"{name}_{value}" for name, value in labels.items() if value is not None]


def listing(federation: Federation) -> dict[str, Any]:
    """The answer to `--list`. Ansible's group names have no hyphens, so they become underscores."""
    groups: dict[str, dict[str, list[str]]] = {}
    hostvars: dict[str, dict[str, Any]] = {}
    for name, variables, memberships in machines(federation):
        hostvars[name] = variables
        for group in memberships:
            groups.setdefault(group.replace("-", "_"), {"hosts": []})["hosts"].append(name)
    return {**groups, "_meta": {"hostvars": hostvars}}


def main() -> int:
    """Answer Ansible on standard output, or say on standard error why not."""
    parser = argparse.ArgumentParser(
        description="Ansible's view of the federation.", epilog="Example: ansible.py --host chl-pacs1"
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--list", action="store_true", help="all groups and hosts")
    asked.add_argument("--host", metavar="NAME", help="one host's variables")
    arguments = parser.parse_args()
    try:
        from luxops.errors import LuxopsError  # noqa: PLC0415 - to say clearly what to do where luxops is missing
        from luxops.federation import load_federation  # noqa: PLC0415 - same
    except ImportError as error:
        print(
            f"luxops cannot be imported: {error}\n  Activate the virtual environment that luxops is installed in.",
            file=sys.stderr,
        )
        return USAGE
    try:
        answer = listing(load_federation(Path(__file__).resolve().parent))
    except LuxopsError as error:
        print(error.diagnosis(), file=sys.stderr)
        return USAGE
    if arguments.host is not None:
        hostvars = answer["_meta"]["hostvars"]
        if arguments.host not in hostvars:
            print(f"There is no host or router `{arguments.host}`\n  `--list` lists them all.", file=sys.stderr)
            return USAGE
        answer = hostvars[arguments.host]
    print(json.dumps(answer, indent=2, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
