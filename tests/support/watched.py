"""A watch that a test controls: a real inventory, policy and store, and a domain that answers at will."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import structlog
from tests.support.drafts import SMALL

from luxops.federation import Federation
from luxops.model import (
    Drift,
    DriftKind,
    FactName,
    FactValue,
    Failure,
    FailureReason,
    Observation,
    Selection,
    Target,
    TargetId,
    TargetKind,
)
from luxops.progress import Progress
from luxops.settings import Settings, StoreSettings, WatchSettings
from luxops.store import Store
from luxops.watch import Watch, Watched

POLICY = """
- id: root-login
  title: Root cannot log in
  applies_to: host
  needs: [sshd]
  check: sshd.root == "no"
  severity: high
  rationale: A shared login hides who acted.
  remediation: Set it.
  mappings: {}
  examples:
    pass: {sshd: {root: "no"}}
    fail: {sshd: {root: "yes"}}
    unknown: {sshd: !unreadable sudo was refused}
"""


class Sshd(FactValue):
    root: str


class Ports(FactValue):
    open: tuple[int, ...] = ()


class Hosts:
    """The inventory's hosts. `root`, `ports`, `down`, `blind` and `slow` say what each answers."""

    name = "hosts"

    def __init__(self) -> None:
        self.root: dict[str, str] = {}
        self.ports: dict[str, tuple[int, ...]] = {}
        self.down: dict[str, FailureReason] = {}
        self.blind: set[str] = set()
        """Targets that answer, but for their sockets."""
        self.slow: dict[str, float] = {}
        self.asked = Counter[str]()
        self.at_once = Counter[str]()
        self.most_at_once = 0
        self._lock = threading.Lock()

    def targets(self, federation: Federation) -> Sequence[Target]:
        return [
            Target(id=TargetId(host.id), kind=TargetKind.HOST, hospital=file.owner)
            for file in federation.hosts.values()
            for group in file.groups
            for host in group.hosts
        ]

    def desired(self, federation: Federation) -> None:
        del federation

    def observe(self, targets: Sequence[Target], progress: Progress) -> Iterator[Sequence[Observation]]:
        for target in targets:
            progress.observing(target.id)
            structlog.get_logger().info("test.observing", target=target.id)
            with self._lock:
                self.asked[target.id] += 1
                self.at_once[target.id] += 1
                self.most_at_once = max(self.most_at_once, self.at_once[target.id])
            time.sleep(self.slow.get(target.id, 0))
            with self._lock:
                self.at_once[target.id] -= 1
            failure = None
            if target.id in self.down:
                failure = Failure(reason=self.down[target.id], detail="as the test wants it", retryable=True)
            outcomes: dict[str, FactValue | Failure] = {
                "sshd": Sshd(root=self.root.get(target.id, "no")),
                "sockets": Ports(open=self.ports.get(target.id, ())),
            }
            progress.observed(target.id, self.slow.get(target.id, 0), failure)
            outcomes = {fact: failure or value for fact, value in outcomes.items()}
            if target.id in self.blind:
                outcomes["sockets"] = Failure(reason=FailureReason.UNSUPPORTED, detail="there is no ss")
            yield [Observation.of(target.id, FactName(fact), outcome) for fact, outcome in outcomes.items()]

    def compare(self, desired: Any, observations: Sequence[Observation]) -> Sequence[Drift]:  # noqa: ANN401 - of the interface
        del desired
        return [
            Drift(target=o.target, domain=self.name, path=f"port {port}", kind=DriftKind.UNMANAGED, actual=str(port))
            for o in observations
            if isinstance(o.value, Ports)
            for port in o.value.open
        ]


def prepared(folder: Path, url: str, **watch: Any) -> Settings:  # noqa: ANN401 - settings of several types
    """Settings of an inventory and policies of its own in `folder`."""
    shutil.copytree(SMALL, folder / "inventory", dirs_exist_ok=True)
    (folder / "policies" / "host").mkdir(parents=True, exist_ok=True)
    (folder / "policies" / "host" / "ssh.yaml").write_text(POLICY)
    chosen = {"interval": 0.5, "jitter": 0.1, "stale_after": 3.0, "listen": "127.0.0.1:0"} | watch
    return Settings(
        inventory=folder / "inventory",
        policies=folder / "policies",
        store=StoreSettings(url=url),
        watch=WatchSettings(**chosen),
    )


def watch_over(settings: Settings, store: Store, hosts: Hosts, *selectors: str) -> Watch:
    return Watch(Watched(settings, Selection.parse(selectors), (hosts,), store))


def main(folder: str, url: str, slow: str, grace: str = "1") -> None:
    """As a process of its own: `python -m tests.support.watched FOLDER URL SECONDS`."""
    from luxops import logs  # noqa: PLC0415 - for the process alone
    from luxops.store import open_store  # noqa: PLC0415 - for the process alone
    from luxops.watch import stopping_on_signals  # noqa: PLC0415 - for the process alone

    logs.configure("info", json=True)
    hosts = Hosts()
    settings = prepared(Path(folder), url)
    with open_store(url) as store:
        hosts.slow = dict.fromkeys(("chl-pacs1", "chl-pacs2", "anim-dc1"), float(slow))
        watch = watch_over(settings, store, hosts)
        try:
            with stopping_on_signals(watch.stop, grace=float(grace)):
                watch.run()
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
