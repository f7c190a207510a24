"""One scan, rendered for people and for tools. The formats are in `formats`: their libraries are only needed to write one."""

from luxops.reports.build import ReportError, build_report
from luxops.reports.interface import ReportFormat
from luxops.reports.report import Report, ReportedFederation

__all__ = ["Report", "ReportError", "ReportFormat", "ReportedFederation", "build_report"]
