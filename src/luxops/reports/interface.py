"""What every report format can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from luxops.reports.report import Report


class ReportFormat(Protocol):
    """One way to write a report down."""

    @property
    def name(self) -> str:
        """As `--format` takes it."""
        ...

    @property
    def suffix(self) -> str:
        """Of a file in this format, with its dot."""
        ...

    def render(self, report: Report) -> bytes:
        """The whole file, in UTF-8. Pure: the same report gives the same bytes, whatever the time and the machine."""
        ...
