"""What a scan changed, as log lines: one for each change, the bad ones as warnings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from luxops.model import TargetId, Verdict
from luxops.store import RecordedDrift, RecordedFinding, ScanNews

_SHOWN = 200
"""Characters of a value in a log line; `luxops show` has all of it."""


def log_news(news: ScanNews, told: Mapping[TargetId, Sequence[str]] | None = None) -> None:
    """Targets that were looked at for the first time are one line together: everything of theirs is new.

    `told`: target → who was said to be at work on it; their names stand beside what changed there.
    """
    log = structlog.get_logger()
    told = told or {}
    for finding in news.findings:
        if finding.finding.target not in news.new_targets:
            _finding(log, finding, _by(told, finding.finding.target))
    for drift in news.drift:
        if drift.drift.target not in news.new_targets:
            _drift(log, drift, _by(told, drift.drift.target))
    if news.new_targets:
        first = [r for r in news.findings if r.finding.target in news.new_targets]
        log.info(
            "watch.first-look",
            targets=len(news.new_targets),
            failures=sum(r.finding.verdict is Verdict.FAIL for r in first),
            unknown=sum(r.finding.verdict is Verdict.UNKNOWN for r in first),
            drift=sum(r.drift.target in news.new_targets for r in news.drift),
        )


def _by(told: Mapping[TargetId, Sequence[str]], target: TargetId) -> dict[str, str]:
    return {"by": _short(", ".join(told[target]))} if told.get(target) else {}


def _finding(log: Any, recorded: RecordedFinding, by: dict[str, str]) -> None:  # noqa: ANN401 - structlog's loggers have no common type
    finding = recorded.finding
    named = {"target": finding.target, "policy": finding.policy, "severity": finding.severity.value, **by}
    if finding.verdict is Verdict.FAIL:
        log.warning("watch.failed", **named, actual=_short(finding.actual), failing_since=str(recorded.failing_since))
    elif finding.verdict is Verdict.UNKNOWN:
        log.warning("watch.unknown", **named, reason=_short(finding.reason))
    elif recorded.fixed_at == recorded.since:
        log.info("watch.fixed", **named)
    else:
        log.info("watch.judged-anew", **named, verdict=finding.verdict.value)


def _drift(log: Any, recorded: RecordedDrift, by: dict[str, str]) -> None:  # noqa: ANN401 - see above
    drift = recorded.drift
    named = {"target": drift.target, "path": _short(drift.path), "kind": drift.kind.value, **by}
    if recorded.until is None:
        log.warning("watch.drift", **named, desired=_short(drift.desired), actual=_short(drift.actual))
    else:
        log.info("watch.drift-ended", **named, how=recorded.ended)


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON value
    text = value if isinstance(value, str) else json.dumps(value)
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:_SHOWN])
    return shown + ("…" if len(text) > _SHOWN else "")
