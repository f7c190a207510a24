"""A report that is tables and nothing else: CSV for spreadsheets, or one self-contained HTML page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from luxops.model import Frozen
from luxops.reports import text
from luxops.reports.csv_table import safe_cell

Cell = str | int | float | None
"""None: there is nothing to say here."""
UNKNOWN: Final = "UNKNOWN"


class SheetTable(Frozen):
    """One table. A row's first cell is its heading."""

    id: str
    title: str
    columns: tuple[str, ...]
    numbers: frozenset[str] = frozenset()
    """Columns of numbers."""
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


class Sheet(Frozen):
    """What a reader gets, whatever the format. The same data give the same bytes."""

    kind: str
    title: str
    taken_at: datetime
    conclusion: tuple[tuple[str, str, str], ...]
    """What to know first: tone (`bad`, `unknown`, `good`), the tone in a word, and the sentence."""
    tables: tuple[SheetTable, ...]


def csv_of(sheet: Sheet) -> bytes:
    """RFC 4180: all tables under one head, each row with the name of its table; what a table has not stays empty."""
    columns = list(dict.fromkeys(column for table in sheet.tables for column in table.columns))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ["table", "taken_at", *columns], restval="", lineterminator="\r\n")
    writer.writeheader()
    for table in sheet.tables:
        for row in table.rows:
            cells = dict(zip(table.columns, map(_csv_cell, row), strict=True))
            writer.writerow({"table": table.id, "taken_at": sheet.taken_at.isoformat(timespec="seconds"), **cells})
    return out.getvalue().encode()


def _csv_cell(value: Cell) -> str:
    """A number stays one, also below zero."""
    return "" if value is None else safe_cell(value) if isinstance(value, str) else str(value)


def html_of(sheet: Sheet) -> bytes:
    """One file without script, fonts or pictures from elsewhere."""
    environment = Environment(
        loader=PackageLoader("luxops.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        cell=shown_cell, moment=text.moment, visible=lambda value: text.visible(text.bounded(str(value)))
    )
    style = environment.get_template("report.css").render(footer="luxops", replayed=False)
    page = environment.get_template("sheet.html").render(
        sheet=sheet,
        unknown=UNKNOWN,
        style=Markup(style),  # noqa: S704 - our own style sheet, and nothing from anywhere in it
    )
    return page.encode()


def shown_cell(value: Cell) -> str:
    """As people read it: numbers with their thousands apart."""
    if value is None:
        return text.NOTHING
    if isinstance(value, str):
        return text.visible(text.bounded(value))
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def plain_rows(table: SheetTable) -> Sequence[Sequence[Any]]:
    """For a terminal."""
    return [[shown_cell(cell) for cell in row] for row in table.rows]
