"""`luxops cloud report`."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from luxops.cli.output import output_option, print_json, print_table
from luxops.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from luxops.cli.context import CliContext
    from luxops.domains.cloud.capacity import Past
    from luxops.domains.cloud.desk import CloudDesk
    from luxops.domains.cloud.sweep import Sweep
    from luxops.model import Frozen, TargetId
    from luxops.reports.sheet import Sheet
    from luxops.store import Store

SUFFIXES = {".csv": "csv", ".html": "html", ".json": "json"}
STANDARD_OUTPUT = "-"
LOOK_BACK = (1, 7, 30, 90, 365)
"""Days ago that the trend tells of."""


def file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--format` and `--to`, as `luxops report` has them."""
    for decorate in (
        click.option("--to", "destination", metavar="FILE", help="- is standard output.  [default: luxops-NAME.SUFFIX]"),
        click.option(
            "--format",
            "format_name",
            type=click.Choice(["table", *SUFFIXES.values()]),
            help="[default: by FILE, else what --output says]",
        ),
    ):
        command = decorate(command)
    return command


@click.group()
def report() -> None:
    """Capacity of the cloud, and how alike its datacentres are.

    \b
    Example:
      luxops cloud report capacity
      luxops cloud report datacentres --format html
    """


@report.command()
@file_options
@output_option
@click.pass_obj
def capacity(obj: CliContext, format_name: str | None, destination: str | None, output: str) -> ExitCode:
    """Use, quota and what is free: by hospital and service, and by datacentre beside its hardware, with the trend.

    What could not be listed is UNKNOWN; what no scan has recorded is "no record". Neither is ever zero.

    \b
    Example:
      luxops cloud report capacity
      luxops cloud report capacity --format csv --to -
      luxops cloud report capacity --to capacity.html
    """
    from luxops.domains.cloud.capacity import capacity as measured
    from luxops.domains.cloud.hardware import look_at_hardware
    from luxops.reports.cloud_sheets import capacity_sheet
    from luxops.store import open_store

    desk, seen = _swept(obj)
    federation = desk.federation
    hardware = look_at_hardware(desk.session)
    with open_store(obj.settings.store.url) as store:
        found = measured(federation, seen, hardware, _past(store, desk, seen.taken_at))
    _deliver("capacity", found, capacity_sheet(found, federation.file.name), format_name, destination, output)
    return ExitCode.GOOD if found.complete else ExitCode.INCOMPLETE


@report.command()
@file_options
@output_option
@click.pass_obj
def datacentres(obj: CliContext, format_name: str | None, destination: str | None, output: str) -> ExitCode:
    """What stands in one datacentre and not in the other, as declared and as it is. Exit 1 where anything does.

    \b
    Example:
      luxops cloud report datacentres
      luxops cloud report datacentres --format csv
    """
    from luxops.cli.exit import exit_code
    from luxops.domains.cloud.datacentres import likeness
    from luxops.reports.cloud_sheets import likeness_sheet

    desk, seen = _swept(obj)
    found = likeness(desk.federation, seen)
    _deliver("datacentres", found, likeness_sheet(found, desk.federation.file.name), format_name, destination, output)
    return exit_code(bad=bool(found.unlike), incomplete=bool(found.unknown))


def _swept(obj: CliContext) -> tuple[CloudDesk, Sweep]:
    from luxops.cli import cloud as shared
    from luxops.cli.progress import Bar

    desk = shared._desk(obj, None)  # noqa: SLF001 - what the group's commands share
    with Bar("Listing") as progress:
        return desk, desk.sweep(progress)


def _past(store: Store, desk: CloudDesk, now: datetime) -> Mapping[str, tuple[Past, ...]]:
    """Owner → what was recorded of it, the oldest first. Times of which nothing is recorded of anybody are left out."""
    from luxops.domains.cloud.capacity import Past, past_use, target_of

    federation = desk.federation
    owners = (*federation.hospitals, *federation.services, federation.file.id)
    times = [now - timedelta(days=days) for days in sorted(LOOK_BACK, reverse=True)]
    found: dict[str, list[Past]] = {owner: [] for owner in owners}
    for at in times:
        platform = _recorded(store, target_of(federation, federation.file.id), at)
        sizes = platform.get("cloud_flavour")
        flavours = None if sizes is None else {str(size["flavorId"]): size for size in sizes["objects"]}
        for owner in owners:
            facts = _recorded(store, target_of(federation, owner), at)
            found[owner].append(past_use(owner, at, facts, flavours) if facts else Past(at=at))
    return {owner: tuple(past) for owner, past in found.items()}


_USED = frozenset({"cloud_compute_quota", "cloud_volume_quota", "cloud_server", "cloud_volume", "cloud_flavour"})


def _recorded(store: Store, target: TargetId, at: datetime) -> dict[str, Any]:
    """Fact → its value as it stood then; nothing of what was never looked at, or could not be read."""
    try:
        view = store.target(target, at=at)
    except UsageError:
        return {}
    wanted = [o for o in view.observations if o.fact in _USED and o.failure is None]
    return {str(o.fact): store.evidence(o.digest) for o in wanted}


def _deliver(name: str, found: Frozen, sheet: Sheet, format_name: str | None, destination: str | None, output: str) -> None:
    from luxops.cli.report import write_whole
    from luxops.reports.sheet import csv_of, html_of

    chosen = format_name or SUFFIXES.get(Path(destination or "").suffix.lower())
    if chosen is None:
        if destination not in {None, STANDARD_OUTPUT}:
            raise UsageError(
                f"`{destination}` does not tell a format", remedy="End it in .csv, .html or .json, or say --format."
            )
        chosen = output
    if chosen == "table" or (chosen == "json" and destination is None):
        if destination not in {None, STANDARD_OUTPUT}:
            raise UsageError("A table is for a terminal", remedy="Write csv, html or json to a file.")
        if chosen == "json":
            print_json(f"luxops/cloud-{name}/1", **found.model_dump(mode="json"))
        else:
            _print(sheet)
        return
    content = {"csv": lambda: csv_of(sheet), "html": lambda: html_of(sheet), "json": lambda: _json(name, found)}[chosen]()
    if destination == STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    path = Path(destination or f"luxops-{name}.{chosen}")
    write_whole(path, content)
    if output == "json":
        print_json("luxops/report-file/1", path=str(path), format=chosen)
    else:
        click.echo(path)


def _json(name: str, found: Frozen) -> bytes:
    import json

    document = {"schema": f"luxops/cloud-{name}/1", **found.model_dump(mode="json")}
    return (json.dumps(document, indent=2) + "\n").encode()


def _print(sheet: Sheet) -> None:
    from luxops.reports.sheet import plain_rows
    from luxops.reports.text import moment

    click.echo(f"{sheet.kind}, {sheet.title}, {moment(sheet.taken_at)}\n")
    for _, word, sentence in sheet.conclusion:
        click.echo(f"{word}: {sentence}")
    for table in sheet.tables:
        if table.rows:
            click.echo()
            print_table(table.columns, plain_rows(table), title=table.title, right=table.numbers)
