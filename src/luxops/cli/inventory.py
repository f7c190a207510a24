"""`luxops inventory`: what is declared, and whether it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json, print_table
from luxops.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from luxops.cli.context import CliContext
    from luxops.federation import Federation, Flow, FlowEnd, InventoryError

SHOWN_ENDS = 4
"""Ends of a flow that a table row names; JSON has all."""


@click.group()
def inventory() -> None:
    """Check and show what the federation declares.

    \b
    Example:
      luxops inventory check
      luxops inventory show hospital:chl
      luxops inventory flows --to anim
    """


@inventory.command()
@output_option
@click.pass_obj
def check(obj: CliContext, output: str) -> ExitCode:
    """Load the inventory, run every cross-check, and show all problems at once. Exit 2 where there is one.

    \b
    Example:
      luxops inventory check
      luxops --inventory ./draft inventory check --output json
    """
    from luxops.federation import InventoryError, load_federation

    folder = obj.settings.inventory
    try:
        federation = load_federation(folder)
    except InventoryError as error:
        return _problems(error, output)
    counts = _counts(federation)
    if not counts["routers"] + counts["hosts"]:
        raise UsageError(
            "The inventory declares nothing to look after", why="neither hosts nor routers", remedy="Declare some."
        )
    if output == "json":
        print_json("luxops/inventory-check/1", digest=federation.digest, counts=counts, problems=[])
    else:
        print_table(["declared", "count"], counts.items(), right=["count"])
        click.echo(f"\n{folder} holds together: every cross-check passed.\ndigest {federation.digest}")
    return ExitCode.GOOD


def _problems(error: InventoryError, output: str) -> ExitCode:
    if output == "json":
        print_json("luxops/inventory-check/1", problems=[problem._asdict() for problem in error.problems])
    else:
        click.echo(error.diagnosis())
    return ExitCode.USAGE


def _counts(federation: Federation) -> dict[str, int]:
    return {
        "hospitals": len(federation.hospitals),
        "services": len(federation.services),
        "external peers": len(federation.file.peers),
        "routers": len(federation.routers),
        "links": len(federation.links),
        "hosts": sum(len(group.hosts) for file in federation.hosts.values() for group in file.groups),
        "flows": len(federation.flows),
    }


@inventory.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@output_option
@click.pass_obj
def show(obj: CliContext, selectors: tuple[str, ...], output: str) -> None:
    """Show hospitals, routers, links, services and hosts.

    A selector is an id, or terms like hospital:chl,kind:host. Terms: kind (hospital, router, link, service, host), hospital,
    role, platform, place, zone, group, service, level, router, risk. A comma means and, several selectors mean or.

    \b
    Example:
      luxops inventory show
      luxops inventory show hospital:chl service:anim
      luxops inventory show kind:link,risk:duct-city-east
    """
    from luxops.federation import entries, load_federation
    from luxops.model import Selection

    selection = Selection.parse(selectors)
    federation = load_federation(obj.settings.inventory)
    sections: dict[str, list[Any]] = {
        "hospitals": entries.hospital_entries(federation),
        "routers": entries.router_entries(federation),
        "links": entries.link_entries(federation),
        "services": entries.service_entries(federation),
        "hosts": entries.host_entries(federation),
    }
    entries.check_selection([entry for section in sections.values() for entry in section], selection)
    found = {name: entries.chosen(section, selection) for name, section in sections.items()}
    if output == "json":
        print_json("luxops/inventory/1", digest=federation.digest, **found)
        return
    for name, values in found.items():
        if values:
            print_table(_COLUMNS[name], (_row(name, value) for value in values), title=name.capitalize())
            click.echo()


_COLUMNS = {
    "hospitals": ("id", "name", "kind", "prefix", "AS", "zones", "avoid"),
    "routers": ("id", "role", "platform", "of", "management", "loopback"),
    "links": ("id", "a", "b", "prefix", "shared risks"),
    "services": ("id", "name", "zone", "dc1", "dc2", "data", "RPO", "RTO", "consumers"),
    "hosts": ("id", "of", "group", "zone", "place", "management", "address", "level"),
}


def _row(name: str, value: Any) -> tuple[object, ...]:  # noqa: ANN401 - one of the nouns that _COLUMNS names
    match name:
        case "hospitals":
            avoid = "; ".join(value.care_windows.avoid)
            return value.id, value.name, value.kind, value.prefix, value.as_number, ", ".join(value.zones), avoid
        case "routers":
            of = value.hospital or value.datacentre
            return value.id, value.role, value.platform, of, value.management, value.loopback
        case "links":
            ends = (f"{end.router} {end.interface}" for end in (value.a, value.b))
            return value.id, *ends, value.prefix, ", ".join(value.shared_risks)
        case "services":
            from luxops.federation.fields import duration_text

            zone, recovery = value.hosted_in, value.recovery
            times = (duration_text(recovery.rpo), duration_text(recovery.rto))
            return value.id, value.name, zone.zone, zone.dc1, zone.dc2, value.data, *times, ", ".join(value.consumers)
        case _:
            where = (value.zone, value.place, value.management, value.address)
            return value.id, value.hospital, value.group, *where, value.level


@inventory.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--from", "source", default="", metavar="END", help="OWNER, OWNER.ZONE, OWNER.ZONE@PLACE, or a prefix.")
@click.option("--to", "destination", default="", metavar="END", help="As --from.")
@output_option
@click.pass_obj
def flows(obj: CliContext, selectors: tuple[str, ...], source: str, destination: str, output: str) -> None:
    """Show who may talk to whom, with names resolved to subnets. What is not here may not pass.

    A selector is a flow's id (anim/1), the hospital or service that declares it, or terms: hospital, service, peer, zone,
    protocol.

    \b
    Example:
      luxops inventory flows
      luxops inventory flows --from chl.imaging --to anim
      luxops inventory flows --to 10.16.8.10 --output json
    """
    from luxops.federation import entries, load_federation
    from luxops.model import Selection

    selection = Selection.parse(selectors)
    federation = load_federation(obj.settings.inventory)
    declared = entries.flow_entries(federation)
    entries.check_selection(declared, selection)
    for end in (source, destination):
        entries.check_end(federation, end)
    found = entries.narrowed(entries.chosen(declared, selection), source, destination)
    if output == "json":
        print_json("luxops/flows/1", digest=federation.digest, flows=found)
    else:
        print_table(
            ("id", "from", "to", "protocol", "ports", "why"),
            (_flow_row(flow) for flow in found),
            empty="No flow is declared between them: no packet may pass.",
        )


def _flow_row(flow: Flow) -> tuple[str, ...]:
    ports = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in flow.ports) or "echo"
    return flow.id, _ends(flow.sources), _ends(flow.destinations), flow.protocol, ports, flow.why


def _ends(ends: Iterable[FlowEnd]) -> str:
    """`chl.imaging@dc1,dc2`, a zone a line."""
    places: dict[str, list[str]] = {}
    for end in ends:
        places.setdefault(f"{end.owner}.{end.zone}" if end.zone else end.owner, []).append(end.place)
    lines = [name if at[0] == "external" else f"{name}@{','.join(at)}" for name, at in places.items()]
    more = len(lines) - SHOWN_ENDS
    return "\n".join([*lines[:SHOWN_ENDS], *([f"… and {more} more"] if more > 0 else [])])
