"""`luxops network show`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from luxops.cli.changes import print_change
from luxops.cli.output import output_option, print_json, print_table, printable
from luxops.errors import UsageError

if TYPE_CHECKING:
    from luxops.changes import ChangeBook, Proposal
    from luxops.cli.context import CliContext
    from luxops.federation import Federation


@click.command()
@click.argument("change", metavar="CHANGE")
@click.option("--steps", is_flag=True, help="Also every line that is sent, and every line that would undo it.")
@output_option
@click.pass_obj
def show(obj: CliContext, change: str, steps: bool, output: str) -> None:
    """Show a CHANGE of the network: what it does on each device, who agreed, which gates are shut, what came of it.

    \b
    Example:
      luxops network show 20260115T120000Z-1a2b3c4d --steps
    """
    from luxops.cli.book import open_book
    from luxops.federation import load_federation

    federation = load_federation(obj.settings.inventory)
    with open_book(obj.settings) as book:
        proposal = book.proposal(change)
        if proposal.domain != "network":
            raise UsageError(
                f"{change} is a change of the {proposal.domain}", remedy=f"Look at it with `luxops changes {change}`."
            )
        found = book.change(change)
        gates = gates_of(book, federation, proposal)
        held = [fence for fence in book.fences() if fence.device in proposal.subjects]
    if output == "json":
        print_json("luxops/network-change/1", change=found, proposal=proposal, gates=gates, fences=held)
        return
    print_change(found)
    click.echo(f"Expires {proposal.expires:%Y-%m-%d %H:%M:%S} UTC; needs {_people(proposal.approvals_needed)}.\n")
    print_table(["gate", "", "why"], ([g["gate"], g["state"], _why(g)] for g in gates))
    for fence in held:
        click.echo(
            f"{fence.device} is being worked on: {printable(fence.holder)}, {fence.place}, since {fence.since:%H:%M:%S} UTC"
        )
    print_devices(proposal.body.get("devices", ()), with_steps=steps)


def gates_of(book: ChangeBook, federation: Federation, proposal: Proposal) -> list[dict[str, str]]:
    """The gates by name with `state` open, shut or `on push`, and for a shut one `what`, `why` and `remedy`."""
    from luxops.changes.gates import GATES, OWN
    from luxops.model import utc_now

    context = book.context(proposal.id, federation, utc_now())
    own = {gate.name: gate for gate in OWN}
    told = []
    for name in GATES.get(proposal.domain, ()):
        if name not in own:
            told.append({"gate": name, "state": "on push"})
            continue
        refusal = own[name].check(proposal, context)
        told.append({"gate": name, "state": "open"} if refusal is None else {**refusal.model_dump(), "state": "shut"})
    return told


def _people(needed: int) -> str:
    return "1 approval" if needed == 1 else f"{needed} approvals"


def _why(gate: Mapping[str, str]) -> str:
    return f"{gate['what']}; {gate['why']}. {gate['remedy']}" if gate["state"] == "shut" else ""


def print_devices(devices: Sequence[Mapping[str, Any]], *, with_steps: bool) -> None:
    """The plan, from its JSON form: `luxops.domains.network` says what each part means."""
    for device in devices:
        click.echo(f"\n{printable(device.get('device', ''))} ({printable(device.get('platform', ''))})")
        for difference in device.get("diff", ()):
            click.echo(f"  {printable(difference.get('path', ''))}")
            for sign, value in (("-", difference.get("actual")), ("+", difference.get("desired"))):
                for line in printable(value).splitlines():
                    click.echo(f"    {sign} {line}")
        if with_steps:
            for heading, name in (("sent, in this order", "steps"), ("would undo it", "rollback")):
                click.echo(f"  {heading}:")
                for step in device.get(name, ()):
                    click.echo(
                        f"    # {printable(step.get('title', ''))} ({step.get('kind', '')} {printable(step.get('path', ''))})"
                    )
                    for line in step.get("lines", ()):
                        click.echo(f"    {printable(line)}")
