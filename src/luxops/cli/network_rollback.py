"""`luxops network rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from luxops.changes import ChangeBook
    from luxops.cli.context import CliContext
    from luxops.domains.network.planning import NetworkPlan
    from luxops.domains.network.planning.nouns import DevicePlan
    from luxops.errors import ExitCode


@click.command()
@click.argument("change", metavar="CHANGE")
@click.option("--steps", is_flag=True, help="Also every line that would be sent, and every line that would undo it.")
@click.option("--by", "person", default="", metavar="PERSON", help="Who asks for the change.  [default: as set]")
@click.option("--emergency", is_flag=True, help="It cannot wait for its window: two people must approve it, and it is marked.")
@click.option("--override", metavar="REASON", help="Propose it although a policy or a path forbids it; the reason is recorded.")
@output_option
@click.pass_obj
def rollback(
    obj: CliContext, change: str, person: str, override: str | None, output: str, *, steps: bool, emergency: bool
) -> ExitCode:
    """Propose the change that takes the routers that CHANGE has changed back to what they ran before it.

    Nothing is sent: the new change is approved and pushed like any other. It is planned from what the routers run now, so what
    was changed on them since goes back too, and is told.

    \b
    Example:
      luxops network rollback 20260115T120000Z-1a2b3c4d --steps
    """
    from luxops.cli import network_plan as planning
    from luxops.cli.book import open_book
    from luxops.cli.network_push import plan_in
    from luxops.domains.network.planning.assembly import reread
    from luxops.errors import UsageError
    from luxops.federation import load_federation

    federation = load_federation(obj.settings.inventory)
    with open_book(obj.settings) as book:
        done = _changed(book, change, plan_in(book.proposal(change)))
    wanted = {device.device: reread(device.platform, device.before, device.device) for device in done}
    targets = [target for target in planning.routers_of(obj.settings, federation) if target.id in wanted]
    planned = planning.planned_to(obj.settings, federation, targets, wanted)
    if not planned.devices and not planned.unknown:
        raise UsageError("There is nothing to roll back", why="every router that it changed runs what it ran before it")
    _tell_since(done, planned)
    asked = planning.Asked(person=person, override=override, emergency=emergency, title=f"network rollback {change}")
    return planning.propose_and_tell(obj.settings, federation, planned, asked, output, steps=steps)


def _changed(book: ChangeBook, change_id: str, plan: NetworkPlan) -> Sequence[DevicePlan]:
    """The routers to which the change has sent something that was not seen to be taken back. Raises UsageError."""
    from luxops.domains.network.pushing import Outcome
    from luxops.errors import UsageError
    from luxops.model import ChangeState

    change = book.change(change_id)
    if change.state is ChangeState.RUNNING:
        raise UsageError(f"Change {change_id} is being carried out", remedy="Wait for it, or stop it: it then goes back.")
    last = {effect.subject: effect.outcome for effect in change.effects}
    touched = {intent.subject for intent in change.intents}
    still = {intent.subject for intent in change.intents if intent.open}
    back = Outcome.ROLLED_BACK.value
    found = [d for d in plan.devices if d.device in still or (d.device in touched and last.get(d.device) != back)]
    if not found:
        raise UsageError("There is nothing to roll back", why=f"change {change_id} has changed no router")
    return found


def _tell_since(done: Sequence[DevicePlan], planned: NetworkPlan) -> None:
    after = {device.device: device.desired for device in done}
    for device in planned.devices:
        if device.observed != after[device.device]:
            click.echo(f"{device.device} was changed since, and that goes back too: look at its differences.", err=True)
