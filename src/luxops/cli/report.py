"""`luxops report`."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json
from luxops.errors import LuxopsError, UsageError

if TYPE_CHECKING:
    from luxops.cli.context import CliContext
    from luxops.cli.session import Session
    from luxops.model import Scan, Selection
    from luxops.reports import Report, ReportFormat

SUFFIXES = {".html": "html", ".json": "json", ".csv": "csv", ".xml": "junit", ".sarif": "sarif"}
"""What a file's name says of its format. Kept here so that help needs no renderer; a test compares it with the formats."""

STANDARD_OUTPUT = "-"
_LOOK_BACK = 200
"""Scans among which one is sought that looked at everything selected."""


@click.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--scan", "scan_id", metavar="ID", help="Which scan.  [default: the last that looked at all selected]")
@click.option("--format", "format_name", type=click.Choice(list(SUFFIXES.values())), help="[default: by FILE, else html]")
@click.option("--to", "destination", metavar="FILE", help="- is standard output.  [default: luxops-report-SCAN.SUFFIX]")
@output_option
@click.pass_obj
def report(
    obj: CliContext,
    selectors: tuple[str, ...],
    scan_id: str | None,
    format_name: str | None,
    destination: str | None,
    output: str,
) -> None:
    """Write a finished scan down as HTML, JSON, CSV, JUnit or SARIF. Nothing is contacted.

    The same scan gives the same file, byte for byte. The file's path goes to standard output; exit code 0 says that it was
    written, not that all in it is good.

    \b
    Example:
      luxops report
      luxops report hospital:chl --format csv
      luxops report --format sarif --to -
    """
    from luxops.cli.session import open_session
    from luxops.model import Selection
    from luxops.reports import ReportedFederation, build_report
    from luxops.reports.formats import FORMATS

    if destination == STANDARD_OUTPUT and output == "json":
        raise UsageError("`--to -` and `--output json` both want standard output", remedy="Leave one of them out.")
    selection = Selection.parse(selectors)
    chosen = FORMATS[format_name or SUFFIXES.get(Path(destination or "").suffix.lower(), "html")]
    with open_session(obj.settings) as session:
        scan = _chosen_scan(session, selection, scan_id)
        content = session.store.scan_content(scan.id)
        built = build_report(content, session.policies, ReportedFederation.of(session.federation), selection)
    _deliver(built, chosen, destination, output)


def _chosen_scan(session: Session, selection: Selection, scan_id: str | None) -> Scan:
    """The one asked for, or the newest finished one whose own selection holds everything selected now."""
    from luxops.model import ScanState

    if scan_id:
        scan = session.store.scan(scan_id)
        _refuse_narrower(session, scan, selection)
        return scan
    scans = session.store.scans(limit=_LOOK_BACK)
    finished = [scan for scan in scans if scan.state is ScanState.FINISHED]
    if not finished:
        raise UsageError(
            "There is no finished scan to report",
            why=f"{len(scans)} scans did not finish" if scans else "nothing was scanned yet",
            remedy="Scan first: luxops scan",
        )
    scan = next((s for s in finished if not _missed(session, s, selection)), finished[0])
    _refuse_narrower(session, scan, selection)
    for newer in scans[: scans.index(scan)]:
        if newer.state is not ScanState.FINISHED:
            click.echo(f"Scan {newer.id} is newer but {newer.state}, so it counts for nothing: reporting {scan.id}.", err=True)
    return scan


def _missed(session: Session, scan: Scan, selection: Selection) -> list[str]:
    """Declared targets that are selected now and that the scan was not to look at."""
    from luxops.model import Selection as Of

    if not selection.selectors or scan.selection == str(Of()):
        return []
    inside = {target.id for target in Of.parse(scan.selection.split()).of(session.targets())}
    return [target.id for target in selection.of(session.targets()) if target.id not in inside]


def _refuse_narrower(session: Session, scan: Scan, selection: Selection) -> None:
    if missed := _missed(session, scan, selection):
        raise UsageError(
            f"Scan {scan.id} did not look at all of `{selection}`",
            why=f"it looked at {scan.selection}; {len(missed)} targets are missing: {', '.join(missed[:5])}"
            + (", …" if len(missed) > 5 else ""),  # noqa: PLR2004 - enough to see which
            remedy=f"Scan them: luxops scan {selection}",
        )


def _deliver(built: Report, chosen: ReportFormat, destination: str | None, output: str) -> None:
    content = chosen.render(built)
    if destination == STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    path = Path(destination or f"luxops-report-{built.scan.id}{chosen.suffix}")
    if destination != STANDARD_OUTPUT:
        write_whole(path, content)
    click.echo(_in_a_line(built), err=True)
    if output == "json":
        print_json(
            "luxops/report-file/1", path=str(path), format=chosen.name, scan=built.scan, coverage=built.coverage,
            totals=built.totals, drift=len(built.drift),
        )  # fmt: skip
    elif destination != STANDARD_OUTPUT:
        click.echo(path)


def _in_a_line(built: Report) -> str:
    coverage, totals = built.coverage, built.totals
    mark = "REPLAYED: recorded answers, not live targets. " if built.replayed else ""
    return (
        f"{mark}Scan {built.scan.id}: {coverage.observed} of {coverage.targets} targets observed in full; {totals.FAIL} fail, "
        f"{totals.UNKNOWN} unknown, {totals.PASS} pass, {totals.WAIVED} waived; {len(built.drift)} differences."
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write the file whole or not at all; what stood there before stays until then. Raises LuxopsError where it cannot."""
    path = path.expanduser()
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)  # a pipe or a device: there is nothing to put in its place
            return
        final = path.resolve()
        part = final.with_name(f".{final.name}.{secrets.token_hex(4)}.part")
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(final)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise LuxopsError(
            f"The report cannot be written to {path}",
            why=error.strerror or str(error),
            remedy="Choose another place with --to, or make room and give access there.",
        ) from error
