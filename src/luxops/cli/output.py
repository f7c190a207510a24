"""How every command answers: JSON alone on standard output, or tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

output_option = click.option(
    "--output",
    "output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Tables for people, JSON for programs.",
)
"""`--output table|json`, the same on every command."""


def print_json(schema: str, **content: Any) -> None:  # noqa: ANN401 - JSON values and models
    """Write one JSON document to standard output: `{"schema": "luxops/NAME/1", …}`, models by their own JSON form."""
    json.dump({"schema": schema, **content}, sys.stdout, default=_plain, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever json cannot write itself
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def console(*, stderr: bool = False) -> Console:
    """A rich console: colour only on a terminal, and never narrower than 120 columns where there is none to fit."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 160
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "", right: Iterable[str] = (), empty: str = ""
) -> None:
    """Rows under their headings; text from targets is shown as text, never as markup. `right`: columns of numbers."""
    from rich.table import Table
    from rich.text import Text

    numbers = set(right)
    table = Table(title=title or None, box=None, pad_edge=False, title_justify="left", header_style="bold", title_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", no_wrap=column in numbers)
    count = 0
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
        count += 1
    if count or not empty:
        console().print(table)
    else:
        click.echo(empty)


def printable(value: object) -> str:
    """Text fit for a terminal: control characters (a target may send any) made visible, None as nothing."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)
