"""`luxops cloud unlock`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json, print_table
from luxops.errors import ExitCode

if TYPE_CHECKING:
    from luxops.cli.context import CliContext


@click.command()
@click.argument("stacks", nargs=-1, required=True, metavar="STACK...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_option
@click.pass_obj
def unlock(obj: CliContext, stacks: tuple[str, ...], yes: bool, output: str) -> ExitCode:
    """Take away the lock that a run of the pulumi engine has left on a stack, after telling whose it is and how old.

    Make sure first that its owner really is gone: two runs at once on one stack ruin its state.

    \b
    Example:
      luxops cloud unlock tenant/chl
    """
    from luxops.cli import cloud as shared
    from luxops.domains.cloud.engines.pulumi import PulumiEngine
    from luxops.domains.cloud.planning import selected

    desk = shared._desk(obj, "pulumi")  # noqa: SLF001 - what the group's commands share
    engine = PulumiEngine(desk.settings, obj.settings.inventory)
    held = {stack: engine.locks(stack) for stack in selected(desk.graph, stacks)}
    locks = [lock for found in held.values() for lock in found]
    if output == "table":
        print_table(["stack", "held by"], ([lock.stack, lock.told()] for lock in locks), empty="No lock is held.")
    if locks:
        if not yes:
            click.confirm(f"Take {'it' if len(locks) == 1 else 'all of them'} away?", abort=True, err=True)
        for stack in (stack for stack, found in held.items() if found):
            engine.unlock(stack)
    if output == "json":
        print_json("luxops/cloud-unlock/1", unlocked=locks)
    elif locks:
        click.echo(f"{len(locks)} taken away.")
    return ExitCode.GOOD
