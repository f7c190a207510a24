"""A realistic scan: three owners, every verdict, every kind of drift, several reasons for UNKNOWN."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from luxops.model import (
    Coverage,
    Drift,
    DriftKind,
    FactName,
    Failure,
    FailureReason,
    Finding,
    Policy,
    PolicyId,
    Responsibility,
    Scan,
    ScanId,
    ScanState,
    Severity,
    Target,
    TargetId,
    TargetKind,
    Totals,
    Verdict,
    digest_of,
)
from luxops.model.policy import Remediation
from luxops.model.scan import UnknownTarget
from luxops.policies.nouns import Framework, PolicySet, Waiver
from luxops.reports import ReportedFederation
from luxops.store.views import RecordedDrift, RecordedFinding, ScanContent

STARTED = datetime(2026, 3, 9, 7, 15, 4, tzinfo=UTC)
INVENTORY, POLICIES = digest_of("inventory"), digest_of("policies")


def make_target(name: str, kind: TargetKind = TargetKind.HOST) -> Target:
    return Target(id=TargetId(name), kind=kind, hospital=name.partition("-")[0], labels={"zone": "imaging"})


def make_policy(
    name: str, severity: Severity, title: str, kind: TargetKind = TargetKind.HOST, **mappings: Sequence[str]
) -> Policy:
    return Policy(
        id=PolicyId(name),
        title=title,
        applies_to=kind,
        needs=(FactName("sshd"),),
        check="true",
        severity=severity,
        rationale=f"Why it matters that {title[0].lower()}{title[1:]}.",
        remediation=Remediation(text="Set it and reload.", role="hardening", variable=name.replace("-", "_")),
        mappings={framework.replace("_", "-"): tuple(ids) for framework, ids in mappings.items()},
        responsibility=Responsibility.BOTH,
    )


def make_finding(
    policy: Policy,
    target: Target,
    verdict: Verdict,
    *,
    reason: str = "",
    actual: object = None,
    expected: str = "",
    minutes: int = 2,
) -> RecordedFinding:
    since = STARTED - timedelta(minutes=minutes)
    return RecordedFinding(
        finding=Finding(
            policy=policy.id,
            target=target.id,
            verdict=verdict,
            severity=policy.severity,
            reason=reason,
            actual=actual,
            expected=expected,
            evidence=digest_of([policy.id, ascii(target.id)]),
        ),
        domain="network" if target.kind is TargetKind.ROUTER else "hosts",
        since=since,
        failing_since=since if verdict is Verdict.FAIL else None,
        last_seen=STARTED,
    )


def make_drift(
    target: Target, path: str, kind: DriftKind, desired: str | None, actual: str | None, *, verified: bool = True
) -> RecordedDrift:
    since = STARTED - timedelta(days=3)
    return RecordedDrift(
        drift=Drift(
            target=target.id,
            domain="network" if target.kind is TargetKind.ROUTER else "hosts",
            path=path,
            kind=kind,
            desired=desired,
            actual=actual,
            severity=Severity.HIGH,
        ),
        since=since,
        drifting_since=since,
        verified_at=STARTED + timedelta(seconds=1) if verified else since,
    )


FRAMEWORKS = (
    Framework(
        id="nis2-cir-2024-2690",
        title="NIS2 Implementing Regulation (EU) 2024/2690",
        source="European Commission, annex",
        requirements={
            "3.2": "Watch and log what happens",
            "6.7": "Guard the network",
            "6.8": "Keep networks apart",
            "11.3": "Guard privileged accounts",
            "12.1": "Know and classify assets",
        },
    ),
    Framework(
        id="anssi-bp-028",
        title="ANSSI BP-028",
        source="ANSSI, version 2.0",
        requirements={"R9": "Kernel settings", "R33": "Name every administrator", "R80": "Few network services"},
    ),
    Framework(
        id="iso-27001-2022",
        title="ISO/IEC 27001:2022",
        source="ISO",
        requirements={"A.8.2": "Privileged access", "A.8.22": "Segregation"},
    ),
)

ROOT = make_policy(
    "sshd-root-login", Severity.HIGH, "Root cannot log in over SSH",
    nis2_cir_2024_2690=["11.3"], anssi_bp_028=["R33"], iso_27001_2022=["A.8.2"],
)  # fmt: skip
SOCKETS = make_policy(
    "sockets-declared", Severity.MEDIUM, "Only declared services listen", anssi_bp_028=["R80"], nis2_cir_2024_2690=["6.7"]
)
SYSCTL = make_policy("sysctl-kptr", Severity.LOW, "Kernel addresses stay hidden", anssi_bp_028=["R9"])
AUDIT = make_policy("audit-running", Severity.MEDIUM, "The audit daemon runs", nis2_cir_2024_2690=["3.2"])
ACL = make_policy(
    "acl-only-declared", Severity.CRITICAL, "Only declared flows may pass", TargetKind.ROUTER,
    nis2_cir_2024_2690=["6.8"], iso_27001_2022=["A.8.22"],
)  # fmt: skip
ALL_POLICIES = (ROOT, SOCKETS, SYSCTL, AUDIT, ACL)

HOSTS = [make_target(name) for name in ("chl-pacs1", "chl-pacs2", "chl-mirth1", "hrs-pacs1", "hrs-mirth1")]
ROUTERS = [make_target(name, TargetKind.ROUTER) for name in ("chl-edge1", "chl-edge2", "hrs-edge1")]

WAIVERS = (
    Waiver(
        id="kptr-mirth", policy=SYSCTL.id, selector="id:*-mirth1", reason="The tracer needs it until its next release",
        approved_by="officer1", expires=date(2026, 6, 30),
    ),
    Waiver(
        id="audit-old", policy=AUDIT.id, selector="hospital:hrs", reason="Disk too small", approved_by="officer1",
        expires=date(2026, 1, 31),
    ),
)  # fmt: skip

ACL_DESIRED = (
    "ip access-list extended FIBRE-IN\n 10 permit tcp 10.16.8.0 0.0.3.255 host 10.64.1.10 eq 2762\n 20 deny ip any any"
)
ACL_ACTUAL = ACL_DESIRED.replace("host 10.64.1.10 eq 2762", "any")


def policy_set(policies: Iterable[Policy] = ALL_POLICIES, waivers: tuple[Waiver, ...] = WAIVERS) -> PolicySet:
    return PolicySet(
        policies=tuple(policies),
        examples={},
        mappings={f.id: f for f in FRAMEWORKS},
        waivers=waivers,
        digest=POLICIES,
    )


def federation() -> ReportedFederation:
    owners = {"chl": "Centre Hospitalier de Luxembourg", "hrs": "Hôpitaux Robert Schuman", "luxith": "Luxith"}
    return ReportedFederation(id="luxith", name="Luxith: hospitals of Luxembourg", owners=owners, digest=INVENTORY)


def content_of(
    targets: Sequence[Target],
    findings: Sequence[RecordedFinding],
    drift: Sequence[RecordedDrift] = (),
    unknown: Sequence[UnknownTarget] = (),
    *,
    replayed: bool = False,
    state: ScanState = ScanState.FINISHED,
) -> ScanContent:
    scan = Scan(
        id=ScanId("20260309-071504-4f1c"),
        inventory_digest=INVENTORY,
        policy_digest=POLICIES,
        started=STARTED,
        finished=STARTED + timedelta(seconds=42),
        state=state,
        replayed=replayed,
        coverage=Coverage(targets=len(targets), observed=len(targets) - len(unknown), unknown=tuple(unknown)),
        totals=Totals.of(f.finding for f in findings),
    )
    return ScanContent(scan=scan, targets=tuple(targets), findings=tuple(findings), drift=tuple(drift))


def realistic(*, replayed: bool = False) -> ScanContent:
    refused = "connection refused on 10.16.0.21:22"
    pacs1, pacs2, mirth, hrs_pacs, hrs_mirth = HOSTS
    edge1, edge2, hrs_edge = ROUTERS
    findings = [
        make_finding(ROOT, pacs1, Verdict.PASS),
        make_finding(ROOT, pacs2, Verdict.FAIL, actual="yes", expected="no"),
        make_finding(ROOT, mirth, Verdict.UNKNOWN, reason=f"unreachable: {refused}"),
        make_finding(ROOT, hrs_pacs, Verdict.FAIL, actual="prohibit-password", expected="no", minutes=9000),
        make_finding(ROOT, hrs_mirth, Verdict.PASS),
        make_finding(
            SOCKETS,
            pacs1,
            Verdict.FAIL,
            actual=["tcp 0.0.0.0:8081 nc", "udp 0.0.0.0:5353 avahi"],
            expected="declared listeners only",
        ),
        make_finding(SOCKETS, pacs2, Verdict.PASS),
        make_finding(SOCKETS, mirth, Verdict.UNKNOWN, reason=f"unreachable: {refused}"),
        make_finding(SOCKETS, hrs_pacs, Verdict.PASS),
        make_finding(SOCKETS, hrs_mirth, Verdict.UNKNOWN, reason="sudo was refused"),
        *(make_finding(SYSCTL, t, Verdict.PASS) for t in (pacs1, pacs2, hrs_pacs)),
        make_finding(SYSCTL, mirth, Verdict.UNKNOWN, reason=f"unreachable: {refused}"),
        make_finding(SYSCTL, hrs_mirth, Verdict.WAIVED, reason="waived by kptr-mirth until 2026-06-30", actual=0, expected="2"),
        *(make_finding(AUDIT, t, Verdict.NOT_APPLICABLE, reason="minimal level") for t in (pacs1, pacs2, hrs_pacs)),
        make_finding(AUDIT, mirth, Verdict.UNKNOWN, reason=f"unreachable: {refused}"),
        make_finding(AUDIT, hrs_mirth, Verdict.FAIL, actual={"services.auditd.active": "inactive"}, expected="active"),
        make_finding(
            ACL, edge1, Verdict.FAIL, actual=["40 permit tcp 10.32.0.0/16 10.16.8.0/22 any"], expected="declared flows only"
        ),
        make_finding(ACL, edge2, Verdict.PASS),
        make_finding(ACL, hrs_edge, Verdict.PASS),
    ]
    drift = [
        make_drift(edge1, "ip access-list extended FIBRE-IN", DriftKind.CHANGED, ACL_DESIRED, ACL_ACTUAL),
        make_drift(edge1, "ip route 10.99.0.0/16", DriftKind.UNMANAGED, None, "ip route 10.99.0.0/16 172.20.0.1"),
        make_drift(hrs_edge, "ntp server 10.64.0.5", DriftKind.MISSING, "ntp server 10.64.0.5", None),
        make_drift(pacs1, "listener tcp/8081", DriftKind.UNMANAGED, None, "tcp 0.0.0.0:8081 nc"),
        make_drift(mirth, "listener tcp/6661", DriftKind.MISSING, "tcp 6661", None, verified=False),
    ]
    unknown = [
        UnknownTarget(target=mirth.id, failure=Failure(reason=FailureReason.UNREACHABLE, detail=refused, retryable=True)),
        UnknownTarget(target=hrs_mirth.id, failure=Failure(reason=FailureReason.REFUSED, detail="sudo was refused")),
    ]
    return content_of([*HOSTS, *ROUTERS], findings, drift, unknown, replayed=replayed)


def clean() -> ScanContent:
    return content_of(HOSTS[:2], [make_finding(ROOT, target, Verdict.PASS) for target in HOSTS[:2]])
