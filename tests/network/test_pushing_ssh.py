"""A push over SSH, as it is on a real router: luxops reads, plans against the digest, sends, and reads again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from tests.network.transcripts import FILES, RECORDED
from tests.support.frr_box import FrrBox
from tests.support.pushing import CHANGE, Clock, MemoryFences, MemoryJournal
from tests.support.served import ServedRouter
from tests.support.servers import Servers, new_key
from tests.support.site import Site

from luxops.domains.network import NetworkDomain
from luxops.domains.network.planning.nouns import DevicePlan, NetworkPlan, Step
from luxops.domains.network.platforms.frr import commands
from luxops.domains.network.pushing import Desk, Limits, Pusher, PushReport, RouterAccess, plan_digest
from luxops.model import FailureReason, Target, TargetId, TargetKind, digest_of
from luxops.settings import Settings
from luxops.transports.device import NetmikoRunner
from luxops.transports.dialogue import Dialogue, SshDialogues
from luxops.transports.failures import SessionError
from luxops.transports.interface import Endpoint

pytestmark = pytest.mark.slow
NAME = "chl-edge1"
NEW = "ip route 10.99.0.0/16 blackhole"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Servers() as servers:
        made = Site(tmp_path, servers, new_key(), new_key())
        made.key_file("id", made.client_key)
        made.know(NAME)
        yield made


@pytest.fixture
def box(tmp_path: Path) -> FrrBox:
    """A router that shows what the lab's router of that name has shown."""
    recorded = {command: (RECORDED / NAME / name).read_text() for command, name in FILES.items()}
    running = recorded[commands.RUNNING].partition("Current configuration:\n")[2]
    texts = {"/etc/frr/frr.conf": running, "/etc/nftables.conf": recorded[commands.RULESET]}
    parts = recorded[commands.FILES].split("==> ")[1:]
    texts |= {path: text.strip("\n") + "\n" for path, _, text in (part.partition(" <==\n") for part in parts)}
    box = FrrBox(tmp_path, NAME, texts)
    for command, name in FILES.items():
        if name.endswith(".json") or command == commands.SOCKETS:
            (box.root / "facts" / name).write_text(recorded[command])
    return box


class Desks:
    """A push of one router over SSH."""

    def __init__(self, site: Site, box: FrrBox, served: ServedRouter) -> None:
        port = site.servers.ssh(served, host_keys=[site.host_key], clients=site.client)
        # The inventory knows management addresses; where the port is another, the SSH client configuration says so.
        (site.folder / "config").write_text(f"Host {NAME}\n  Port {port}\n")
        settings = site.settings(read_timeout=8, total_timeout=60)
        labels = {"platform": "frr", "management": str(IPv4Address("127.0.0.1")), "user": "luxops"}
        target = Target(id=TargetId(NAME), kind=TargetKind.ROUTER, hospital="chl", labels=labels)
        self.access = RouterAccess(NetworkDomain(NetmikoRunner(settings)), {target.id: target}, SshDialogues(settings))
        self.clock = Clock([box])
        self.journal = MemoryJournal()

    def plan(self, box: FrrBox) -> NetworkPlan:
        look = self.access.look(TargetId(NAME))
        assert look.failure is None, look.failure
        line = NEW
        place = next(n for n, text in enumerate(look.lines) if text > line and not text.startswith(" "))
        after = (*look.lines[:place], line, *look.lines[place:])
        save = Step(title="Save", kind="command", lines=("vtysh -c 'write memory'",))
        steps, back = ((Step(title="route", kind="configure", lines=(text,)), save) for text in (line, f"no {line}"))
        device = DevicePlan(
            device=TargetId(NAME), platform="frr", observed=look.digest, desired=digest_of(after), diff=(),
            steps=steps, rollback=back, before=look.lines, after=after,
        )  # fmt: skip
        assert box.timers() == []
        return NetworkPlan(devices=(device,), unknown=(), digest=plan_digest([device]))

    def push(self, plan: NetworkPlan) -> PushReport:
        limits = Limits(dead_man=600, verify=60, margin=60, poll=5, grace=60)
        desk = Desk(access=self.access, journal=self.journal, limits=limits, clock=self.clock)
        return Pusher(desk, MemoryFences()).push(CHANGE, plan)


def test_what_luxops_reads_after_a_push_is_what_was_planned(site: Site, box: FrrBox) -> None:
    served = ServedRouter(box)
    desks = Desks(site, box, served)
    plan = desks.plan(box)
    (device,) = desks.push(plan).devices
    assert (device.outcome, device.warnings) == ("done", ()), device.detail
    assert served.calls == ["state", "arm", "configure", "confirm", "save"]
    assert box.saved()
    (again,) = desks.push(plan).devices
    assert again.outcome == "already-done"


def test_a_link_that_dies_while_lines_are_sent_leaves_the_router_as_before(site: Site, box: FrrBox) -> None:
    served = ServedRouter(box, closes_in=lambda call: "configure" in call)
    desks = Desks(site, box, served)
    plan = desks.plan(box)
    (device,) = desks.push(plan).devices
    assert device.outcome == "rolled-back", device.detail
    assert desks.access.look(TargetId(NAME)).digest == plan.devices[0].observed
    assert served.calls.count("configure") == 1


def test_another_host_key_is_another_router(site: Site, box: FrrBox) -> None:
    desks = Desks(site, box, served := ServedRouter(box))
    plan = desks.plan(box)
    port = site.servers.ssh(served, host_keys=[new_key()], clients=site.client)
    (site.folder / "config").write_text(f"Host {NAME}\n  Port {port}\n")
    renewed = Desks.__new__(Desks)
    settings = site.settings()
    target = Target(
        id=TargetId(NAME), kind=TargetKind.ROUTER, hospital="chl",
        labels={"platform": "frr", "management": "127.0.0.1", "user": "luxops"},
    )  # fmt: skip
    renewed.access = RouterAccess(NetworkDomain(NetmikoRunner(settings)), {target.id: target}, SshDialogues(settings))
    renewed.clock, renewed.journal = desks.clock, desks.journal
    (device,) = renewed.push(plan).devices
    assert device.outcome == "unknown"
    assert "key" in device.detail
    assert served.calls == []
    assert desks.journal.intents == []


def test_another_router_at_the_address_is_refused(site: Site, box: FrrBox) -> None:
    desks = Desks(site, box, ServedRouter(box))
    plan = desks.plan(box)
    (box.root / "name").write_text("hrs-edge1\n")
    (device,) = desks.push(plan).devices
    assert device.outcome == "unknown"
    assert "hrs-edge1" in device.detail
    assert box.timers() == []


def test_a_router_that_nobody_declared_is_not_touched(site: Site, box: FrrBox) -> None:
    desks = Desks(site, box, served := ServedRouter(box))
    (device,) = desks.plan(box).devices
    device = device.model_copy(update={"device": TargetId("stranger")})
    report = desks.push(NetworkPlan(devices=(device,), unknown=(), digest=plan_digest([device])))
    assert report.devices[0].outcome == "unknown"
    assert served.calls == []


class _Asked:
    """Dialogues that only say with whom they were asked for."""

    def __init__(self) -> None:
        self.accounts: list[tuple[str, bool]] = []

    def open(self, endpoint: Endpoint, device_type: str) -> AbstractContextManager[Dialogue]:
        del device_type
        self.accounts.append((endpoint.user, endpoint.user_fixed))
        raise SessionError(FailureReason.UNREACHABLE, "nobody is there")


@pytest.mark.parametrize(("declared", "used"), [("luxops-change", ("luxops-change", True)), (None, ("luxops", False))])
def test_changes_are_sent_with_the_account_declared_for_them(declared: str | None, used: tuple[str, bool]) -> None:
    labels = {"platform": "frr", "management": "127.0.0.1", "user": "luxops"}
    target = Target(id=TargetId(NAME), kind=TargetKind.ROUTER, hospital="chl", labels=labels)
    asked = _Asked()
    domain = NetworkDomain(NetmikoRunner(Settings().connection))
    with pytest.raises(SessionError, match="nobody is there"):
        RouterAccess(domain, {target.id: target}, asked, declared).dialogue(target.id)
    assert asked.accounts == [used]
