"""Small targets, observations, findings and drift to record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from luxops.model import (
    Coverage,
    Drift,
    DriftKind,
    FactName,
    FactValue,
    Failure,
    FailureReason,
    Finding,
    Observation,
    PolicyId,
    Scan,
    Severity,
    Target,
    TargetId,
    TargetKind,
    Verdict,
    digest_of,
)
from luxops.store import Store

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
INVENTORY = digest_of("inventory")
POLICIES = digest_of("policies")


class Value(FactValue):
    content: Any = None


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def host(name: str = "chl-pacs1", hospital: str = "chl") -> Target:
    return Target(id=TargetId(name), kind=TargetKind.HOST, hospital=hospital, labels={"zone": "imaging"})


def seen(target: Target, fact: str, content: Any, at: datetime) -> Observation:  # noqa: ANN401 - any JSON value
    return Observation.of(target.id, FactName(fact), Value(content=content), at)


def unseen(target: Target, fact: str, at: datetime, reason: FailureReason = FailureReason.TIMEOUT) -> Observation:
    return Observation.of(target.id, FactName(fact), Failure(reason=reason, detail="no answer", retryable=True), at)


def finding(
    target: Target,
    policy: str,
    verdict: Verdict,
    actual: Any = None,  # noqa: ANN401 - any JSON value
    severity: Severity = Severity.HIGH,
    evidence: Any = 0,  # noqa: ANN401 - any JSON value
) -> Finding:
    reason = "" if verdict in {Verdict.PASS, Verdict.FAIL} else verdict.lower()
    return Finding(
        policy=PolicyId(policy), target=target.id, verdict=verdict, severity=severity, reason=reason, actual=actual,
        expected="no", evidence=digest_of(evidence),
    )  # fmt: skip


def differs(target: Target, path: str, actual: str | None = "yes", kind: DriftKind = DriftKind.CHANGED) -> Drift:
    return Drift(target=target.id, domain="hosts", path=path, kind=kind, desired="no", actual=actual)


def look(  # noqa: PLR0913 - one look has these parts
    store: Store,
    at: datetime,
    *,
    target: Target | None = None,
    facts: Mapping[str, Any] | None = None,
    verdicts: Mapping[str, Verdict] | None = None,
    findings: Sequence[Finding] | None = None,
    drift: Sequence[Drift] = (),
    missing: Sequence[str] = (),
    policies: str = "policies",
    inventory: str = "inventory",
    **begin: Any,  # noqa: ANN401 - handed on
) -> Scan:
    """One finished scan of one target."""
    target = target or host()
    observations = [seen(target, fact, content, at) for fact, content in (facts or {"sshd": "a"}).items()]
    observations += [unseen(target, fact, at) for fact in missing]
    judged = findings if findings is not None else [finding(target, p, v) for p, v in (verdicts or {}).items()]
    with store.begin_scan(
        inventory_digest=digest_of(inventory), policy_digest=digest_of(policies), selection=str(target.id), **begin
    ) as record:
        record.add(target, "hosts", observations, judged, drift)
        return record.finish(Coverage(targets=1, observed=0 if missing else 1))
