"""Every format there is."""

from collections.abc import Mapping

from luxops.reports.csv_table import CsvTable
from luxops.reports.html_page import HtmlPage
from luxops.reports.interface import ReportFormat
from luxops.reports.json_document import JsonDocument
from luxops.reports.junit_suites import JunitSuites
from luxops.reports.sarif_log import SarifLog

_MEMBERS: tuple[ReportFormat, ...] = (HtmlPage(), JsonDocument(), CsvTable(), JunitSuites(), SarifLog())

FORMATS: Mapping[str, ReportFormat] = {member.name: member for member in _MEMBERS}
"""Name as `--format` takes it → format; the first is the default. A new format is one file and one entry above."""
