"""`luxops network`."""

from __future__ import annotations

import click

from luxops.cli.lazy import LazyGroup

COMMANDS = {
    "paths": ("luxops.cli.network_paths:paths", "Show which paths flows use, what stands by, and what is lost with what."),
    "plan": ("luxops.cli.network_plan:plan", "Show what differs from the declaration, and propose the change that mends it."),
    "show": ("luxops.cli.network_show:show", "Show a planned change: what is sent, who agreed, what came of it."),
    "approve": ("luxops.cli.network_approve:approve", "Agree to a change with an SSH signature."),
    "push": ("luxops.cli.network_push:push", "Carry an approved change out, router after router; what fails goes back."),
    "rollback": ("luxops.cli.network_rollback:rollback", "Propose the change that undoes one that was carried out."),
    "backup": ("luxops.cli.network_backup:backup", "Keep all running configurations in a git repository, and show them."),
}
"""Name → where its click command is, and the line that help shows without importing it."""


@click.group(cls=LazyGroup, table=COMMANDS)
def network() -> None:
    """Look after the fibre network between the hospitals and the datacentres.

    \b
    Example:
      luxops network paths hospital:chl
      luxops network plan hospital:chl
      luxops network show 20260115T120000Z-1a2b3c4d
      luxops network approve 20260115T120000Z-1a2b3c4d --key ~/.ssh/id_ed25519
      luxops network push 20260115T120000Z-1a2b3c4d
      luxops network backup
    """
