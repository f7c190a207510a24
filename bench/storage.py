"""Bytes kept for a host-scan in which nothing changed, file, indexes and log included, beside the whole answer each time."""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
import zlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.harness import Result

from luxops.model import (
    Coverage,
    FactName,
    FactValue,
    Finding,
    Observation,
    PolicyId,
    Severity,
    Target,
    TargetId,
    TargetKind,
    Verdict,
    digest_of,
    utc_now,
)
from luxops.store import Store, open_store

HOSTS = 10
SCANS = 100
PACKAGES = 450
POLICIES = 100
FACTS = (
    "sshd", "sysctl", "mounts", "modules", "packages", "updates", "services", "sockets", "accounts", "sudo", "pam", "files",
    "nftables", "timesync", "logging", "audit", "kernel", "certificates",
)  # fmt: skip
"""As many as a host has; sized like those of a small Debian server."""
VOLATILE = "collection"
"""What looking cost: never twice the same, on a host where nothing else changes."""


class Lines(FactValue):
    lines: tuple[str, ...]


def run() -> list[Result]:
    hosts = [_Host(number) for number in range(HOSTS)]
    with tempfile.TemporaryDirectory(prefix="luxops-bench-") as name:
        folder = Path(name)
        alone = _grown(folder / "alone.db", hosts[:1], HOSTS * SCANS)
        together = _grown(folder / "together.db", hosts, SCANS)
        plain = _plain(folder / "plain.db", hosts, compress=False)
        packed = _plain(folder / "packed.db", hosts, compress=True)
    return [
        Result(
            "stored per unchanged host-scan, 10 hosts a scan", together, "B", 1000, peer="all JSON, zlib", peer_value=packed
        ),
        Result("stored per unchanged host-scan, 1 host a scan", alone, "B", 1000, peer="all JSON", peer_value=plain),
    ]


class _Host:
    """Facts and findings of one host, the same at every scan."""

    def __init__(self, number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - content that does not compress too well, no secret
        self.target = Target(id=TargetId(f"host{number}"), kind=TargetKind.HOST, hospital="chl", labels={"zone": "imaging"})
        sizes = {"packages": PACKAGES, "files": 200, "services": 120, "sysctl": 100}
        self.facts = {f: Lines(lines=tuple(_line(chance) for _ in range(sizes.get(f, 25)))) for f in FACTS}
        self.findings = [
            Finding(
                policy=PolicyId(f"policy-with-a-name-{n}"), target=self.target.id, severity=Severity.MEDIUM, expected="no",
                verdict=Verdict.PASS if n % 8 else Verdict.FAIL, actual=None if n % 8 else "yes", evidence=digest_of(n),
            )
            for n in range(POLICIES)
        ]  # fmt: skip

    def content(self) -> dict[str, Any]:
        """What a store without digests would keep."""
        facts = {name: value.model_dump(mode="json") for name, value in self.facts.items()}
        return {"facts": facts, "findings": [finding.model_dump(mode="json") for finding in self.findings]}


def _line(chance: random.Random) -> str:
    name = f"{chance.choice(('lib', 'python3-', 'systemd-', 'perl-'))}{chance.randrange(10**9):x}"
    return f"{name} {chance.randrange(99)}.{chance.randrange(99)}"


def _size(file: Path) -> int:
    return sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*"))


def _grown(file: Path, hosts: Sequence[_Host], scans: int) -> float:
    """Growth over `scans` scans after the first, in bytes a host-scan; everything is written back from the log first."""
    with open_store(f"sqlite:///{file}") as store:
        _scan(store, hosts, 0)
    before = _size(file)
    with open_store(f"sqlite:///{file}") as store:
        for number in range(1, scans + 1):
            _scan(store, hosts, number)
    return (_size(file) - before) / (scans * len(hosts))


def _scan(store: Store, hosts: Sequence[_Host], number: int) -> None:
    at = utc_now() + timedelta(minutes=number)
    digest = digest_of("")
    cost = Lines(lines=(f"cpu_seconds {number * 7919 % 997 / 1000}", f"bytes {number * 104729 % 100_003}"))
    with store.begin_scan(inventory_digest=digest, policy_digest=digest, selection="everything") as record:
        for host in hosts:
            seen = [
                Observation.of(host.target.id, FactName(fact), value, at)
                for fact, value in {**host.facts, VOLATILE: cost}.items()
            ]
            record.add(host.target, "hosts", seen, host.findings, [])
        record.finish(Coverage(targets=len(hosts), observed=len(hosts)))


def _plain(file: Path, hosts: Sequence[_Host], *, compress: bool) -> float:
    """Every answer as it is, one row a host-scan."""
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE answers (scan INTEGER, host TEXT, content BLOB, PRIMARY KEY (scan, host))")
        for scan in range(10):
            for host in hosts:
                content = json.dumps(host.content(), separators=(",", ":")).encode()
                row = (scan, host.target.id, zlib.compress(content) if compress else content)
                connection.execute("INSERT INTO answers VALUES (?, ?, ?)", row)
    connection.close()
    return _size(file) / (10 * len(hosts))
