"""JSON: the report's nouns as they are, whole and uncut, for programs."""

from __future__ import annotations

import json
from typing import Any

from luxops.reports.report import Report

SCHEMA = "luxops/report/1"


class JsonDocument:
    """`luxops/report/1`: every finding, the passing ones too. Non-ASCII characters are escaped, so none can reorder a page."""

    name = "json"
    suffix = ".json"

    def render(self, report: Report) -> bytes:
        document = {
            "schema": SCHEMA,
            "replayed": report.replayed,
            "complete": report.complete,
            "score": report.totals.score,
            **report.model_dump(mode="json"),
        }
        document["findings"] = [_flat(entry, "finding") for entry in document["findings"]]
        document["drift"] = [_flat(entry, "drift") for entry in document["drift"]]
        for entry, tally in zip(document["by_requirement"], report.by_requirement, strict=True):
            entry["state"] = tally.state
        for entry, difference in zip(document["drift"], report.drift, strict=True):
            entry["verified"] = report.verified(difference)
        return (json.dumps(_in_order(document), indent=1) + "\n").encode("ascii")


def _flat(entry: dict[str, Any], noun: str) -> dict[str, Any]:
    """The noun's own keys, and its history beside them."""
    return {**entry[noun], **{key: value for key, value in entry.items() if key != noun}}


def _in_order(document: dict[str, Any]) -> dict[str, Any]:
    """What a reader of the file needs first comes first; nothing is left out."""
    first = ("schema", "replayed", "complete", "scan", "selection", "federation", "coverage", "totals", "score")
    return {key: document[key] for key in (*first, *(k for k in document if k not in first))}
