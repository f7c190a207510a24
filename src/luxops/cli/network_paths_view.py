"""What people see of `luxops network paths`."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import click

from luxops.cli.output import print_table, printable
from luxops.domains.network.paths import FlowPaths, Leg, Loss, Now, Outage, Path, Weakness
from luxops.model import Coverage

SHOWN = 2
"""Elements, or pairs of places, that a line of a table names."""
_INDENT = " " * 18
_COLOURS = {"critical": "red", "high": "red", "medium": "yellow", "low": "yellow"}


class _Row(NamedTuple):
    """Legs between two places that are alike; those of the other direction are turned round."""

    between: str
    other: str
    there: tuple[str, ...]
    back: tuple[str, ...]
    spare: str
    now: str
    spare_now: str


def print_flows(flows: Sequence[FlowPaths], coverage: Coverage | None, without: Sequence[str] = ()) -> None:
    """Who takes which path, a line for all flows that are alike."""
    rows: dict[_Row, set[str]] = {}
    for flow in flows:
        for leg in flow.legs:
            rows.setdefault(_row(leg), set()).add(flow.flow)
    seen = coverage is not None and not without
    what = f"with {', '.join(without)} out" if without else "as declared"
    click.echo(f"{len(flows)} flows cross the fibre network, {what}:\n")
    columns = ("between", "and", "flows", "path in use", "spare, disjoint", *(("now", "spare now") if seen else ()))
    print_table(columns, (_cells(row, len(names), seen=seen) for row, names in rows.items()), right=["flows"])
    if coverage is not None:
        click.echo(f"\nCoverage   {coverage.observed} of {coverage.targets} routers observed")
        for unknown in coverage.unknown:
            click.echo(f"           {unknown.target}: UNKNOWN  {printable(str(unknown.failure))}")


def _row(leg: Leg) -> _Row:
    turned = _order(leg.source) > _order(leg.destination)
    there, back = (leg.back, leg.paths) if turned else (leg.paths, leg.back)
    spare = leg.spare if leg.spare is None or not turned else _turn(leg.spare)
    shares = f" (shares {', '.join(e.id for e in leg.spare_shares)})" if leg.spare_shares else ""
    state = ("UNKNOWN: " if leg.unknown else "NONE: ") + leg.broken
    return _Row(
        between=leg.destination if turned else leg.source,
        other=leg.source if turned else leg.destination,
        there=tuple(map(str, there)) or (state,),
        back=tuple(str(_turn(path)) for path in back),
        spare="" if not leg.paths else "NONE" if spare is None else f"{spare}{shares}",
        now=_state(leg.now, leg.paths),
        spare_now=_state(leg.spare_now, (leg.spare,) if leg.spare else ()),
    )


def _order(place: str) -> tuple[bool, bool, str]:
    """Campuses first, then datacentres and peers."""
    return not place.endswith(" campus"), False, place


def _turn(path: Path) -> Path:
    return path.model_copy(update={"routers": path.routers[::-1], "links": path.links[::-1]})


def _state(now: Now | None, expected: tuple[Path, ...]) -> str:
    if now is None:
        return ""
    if now.state == "up":
        return "up" if set(now.paths) <= set(expected) else f"up over {' | '.join(map(str, now.paths))}"
    return f"{now.state.upper()} {now.reason}"


def _cells(row: _Row, flows: int, *, seen: bool) -> tuple[object, ...]:
    lines = list(row.there)
    if set(row.back) - set(row.there):
        lines += [f"answers {path}" for path in row.back]
    cells = (row.between, row.other, flows, "\n".join(lines), row.spare)
    return (*cells, row.now, row.spare_now) if seen else cells


def print_outages(outages: Sequence[Outage]) -> None:
    """What each element alone takes with it, where it takes anything."""
    costly = [outage for outage in outages if outage.lost]
    harmless = sum(len(outage.elements) for outage in outages if not outage.lost)
    click.echo(
        f"\nEach link, shared risk, router, datacentre, attachment and carrier out alone: {harmless} cost no flow its path."
    )
    if costly:
        click.echo()
    rows = []
    for outage in costly:
        path = {flow for cut in outage.lost if not cut.end_out for flow in cut.flows}
        ending = {flow for cut in outage.lost if cut.end_out for flow in cut.flows}
        pairs = dict.fromkeys(tuple(sorted((x.source, x.destination), key=_order)) for x in outage.lost if not x.end_out)
        what = _listed([" ↔ ".join(pair) for pair in pairs])
        rows.append((_listed(map(str, outage.elements)), len(path) or "", what, len(ending) or "", outage.moved or ""))
    columns = ("out", "lose path", "between", "end is out", "legs moved")
    if rows:
        print_table(columns, rows, right=["lose path", "end is out", "legs moved"])


def print_losses(losses: Sequence[Loss]) -> None:
    """What a what-if takes."""
    click.echo()
    if not losses:
        click.echo("No flow loses its path or its spare.")
        return
    rows: dict[tuple[str, ...], set[str]] = {}
    for loss in losses:
        word = {"path": "PATH", "spare": "spare", "unknown": "UNKNOWN"}[loss.lost]
        why = f"{loss.reason}" + (" (the place itself)" if loss.end_out else "")
        rows.setdefault((word, loss.source, loss.destination, why), set()).add(loss.flow)
    ordered = sorted(rows.items(), key=lambda row: row[0][0] != "PATH")
    print_table(
        ("lost", "from", "to", "flows", "why"), ((*key[:3], len(names), key[3]) for key, names in ordered), right=["flows"]
    )


def print_findings(found: Sequence[Weakness]) -> None:
    """Redundancy that is not real, worst first, with what to do."""
    click.echo()
    if not found:
        click.echo("Declared redundancy is real: no finding.")
        return
    for weakness in found:
        click.secho(f"FINDING  {weakness.severity:8}", fg=_COLOURS[weakness.severity], nl=False)
        click.echo(_filled(f"{weakness.kind}: {weakness.title}").removeprefix(_INDENT[:-1]))
        click.echo(_filled(f"{weakness.why}."))
    click.echo("\nWhat to do")
    for remedy in dict.fromkeys(weakness.remedy for weakness in found):
        kinds = dict.fromkeys(weakness.kind for weakness in found if weakness.remedy == remedy)
        click.echo(textwrap.fill(f"{', '.join(kinds)}: {remedy}", _width(), initial_indent="  ", subsequent_indent="    "))


def _filled(text: str) -> str:
    return textwrap.fill(printable(text), _width(), initial_indent=_INDENT, subsequent_indent=_INDENT)


def _width() -> int:
    return min(120, shutil.get_terminal_size((120, 40)).columns)


def _listed(words: Iterable[str]) -> str:
    known = list(words)
    more = len(known) - SHOWN
    return ", ".join(known[:SHOWN]) + (f" and {more} more" if more > 0 else "")
