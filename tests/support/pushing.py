"""A push over boxes instead of sessions: the same engine and the same scripts, with a clock that tests move."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.frr_box import FrrBox, applied
from tests.support.ios_box import IosBox, IosSession

from luxops.domains.network.planning.nouns import DevicePlan, NetworkPlan, Step
from luxops.domains.network.pushing import Desk, Limits, Pusher, PushReport, plan_digest
from luxops.domains.network.pushing.interface import HeldError
from luxops.domains.network.pushing.looking import Look
from luxops.model import ChangeId, FailureReason, TargetId, digest_of
from luxops.transports.dialogue import Ran, Said
from luxops.transports.failures import SessionError

CHANGE = ChangeId("20261125T200000Z-1a2b3c4d")
SECRET = "s3cret-of-bgp"
LIMITS = Limits(dead_man=600, verify=60, margin=60, poll=5, grace=60)
Box = FrrBox | IosBox
FRR_CONF = """\
frr version 8.4.4
hostname {name}
ip route 10.0.0.0/8 blackhole
router bgp 64601
 neighbor 10.0.0.1 remote-as 64512
 neighbor 10.0.0.1 bfd
 neighbor 10.0.0.3 remote-as 64512
 address-family ipv4 unicast
  network 10.16.2.0/24
end
"""
FILTERS = '#!/usr/sbin/nft -f\nflush ruleset\n\ntable inet luxops {\n\tchain INPUT {\n\t\tiifname "lo" accept\n\t}\n}\n'


def frr_box(folder: Path, name: str = "chl-edge1") -> FrrBox:
    texts = {"/etc/frr/frr.conf": FRR_CONF.format(name=name), "/etc/nftables.conf": FILTERS,
             "/etc/issue.net": "Authorised use only.\n"}  # fmt: skip
    return FrrBox(folder, name, texts)


def ios_box(name: str = "hrs-edge2", **more: Any) -> IosBox:  # noqa: ANN401 - fields of what is made
    return IosBox(name, FRR_CONF.format(name=name).split("\n")[1:-2], **more)


LINES = (
    "router bgp 64601", " neighbor 10.0.0.1 password <secret:bgp>", " address-family ipv4 unicast", "  network 10.16.9.0/24",
    " exit-address-family", "exit",
)  # fmt: skip
BACK = ("router bgp 64601", " no neighbor 10.0.0.1 password", " address-family ipv4 unicast", "  no network 10.16.9.0/24",
        " exit-address-family", "exit")  # fmt: skip
NEW_FILTERS = FILTERS.replace('"lo" accept', '"lo" accept\n\t\ttcp dport 22 accept')


def frr_steps(filters: str, lines: Sequence[str]) -> tuple[Step, ...]:
    return (
        Step(title="Packet filters", kind="file", lines=tuple(filters.split("\n")[:-1]), path="/etc/nftables.conf"),
        Step(title="Load them", kind="command", lines=("nft -c -f /etc/nftables.conf", "nft -f /etc/nftables.conf")),
        Step(title="BGP", kind="configure", lines=tuple(lines)),
        Step(title="Save", kind="command", lines=("vtysh -c 'write memory'",)),
    )


def plan_of(box: Box) -> DevicePlan:
    """A network and a password more, and on FRR a filter rule more."""
    before = box.lines()
    lines = [line.replace("<secret:bgp>", SECRET) for line in LINES]
    if isinstance(box, FrrBox):
        running = applied(box.running.read_text().split("\n")[:-1], lines)
        rules = [line for line in NEW_FILTERS.split("\n") if line and not line.startswith(("#!", "flush"))]
        files = [f"/etc/nftables.conf: {line}" for line in NEW_FILTERS.split("\n")]
        files += [line for line in before if line.startswith("/etc/issue.net: ")]
        after = (*running, "", *rules, "", *files)
        steps, back = frr_steps(NEW_FILTERS, LINES), frr_steps(FILTERS, BACK)
        platform = "frr"
    else:
        after = tuple(applied(list(before), lines))
        steps, back = ((Step(title="BGP", kind="configure", lines=some),) for some in (LINES, BACK))
        platform = "ios-xe"
    return DevicePlan(
        device=TargetId(box.name), platform=platform, observed=digest_of(before), desired=digest_of(after), diff=(),
        steps=steps, rollback=back, before=before, after=after,
    )  # fmt: skip


def network_plan(*boxes: Box) -> NetworkPlan:
    devices = tuple(plan_of(box) for box in boxes)
    return NetworkPlan(devices=devices, unknown=(), digest=plan_digest(devices))


@dataclass
class Clock:
    """Time passes only by waiting, and by `slow` seconds with each thing that is asked of a device. Timers run out by it."""

    boxes: Sequence[Box]
    time: float = 0.0
    slow: float = 0.0
    _due: dict[str, float] = field(default_factory=dict)

    def now(self) -> float:
        for box in self.boxes:
            running = box.timers()
            if not running:
                self._due.pop(box.name, None)
            elif self.time >= self._due.setdefault(box.name, self.time + running[0]):
                box.fire()
                del self._due[box.name]
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.now()


Fault = Callable[[str, str], None]
"""Called with a device and what is about to be asked of it; raises SessionError where the session is to end."""


class BoxDialogue:
    """A session with a box."""

    def __init__(self, box: Box, clock: Clock, before: Fault, after: Fault) -> None:
        self._box = box
        self._clock = clock
        self._before, self._after = before, after
        self._session = box.session() if isinstance(box, IosBox) else None

    @property
    def prompt(self) -> str:
        return f"{self._box.name}#"

    def say(self, line: str, expect: str) -> Said:
        assert isinstance(self._session, IosSession)
        self._asking(line)
        late, text, prompt = self._session.say(line)
        self._after(self._box.name, line)
        if prompt is None or not re.fullmatch(expect, prompt):
            raise SessionError(FailureReason.TIMEOUT, "no byte came for 30 s")
        return Said(late, text, prompt)

    def run(self, command: str, stdin: bytes = b"") -> Ran:
        assert isinstance(self._box, FrrBox)
        call = next(line for line in stdin.decode().split("\n") if line.startswith("main ") and "<<" in line)
        self._asking(call)
        ended = self._box.run(command, stdin)
        self._after(self._box.name, call)
        return Ran(ended.status, ended.output, ended.errors)

    def _asking(self, what: str) -> None:
        self._clock.sleep(self._clock.slow)
        self._before(self._box.name, what)


def fine(_device: str, _what: str) -> None:
    """No fault."""


@dataclass
class BoxAccess:
    boxes: Mapping[str, Box]
    clock: Clock
    before: Fault = fine
    after: Fault = fine
    opening: Fault = fine
    down: Callable[[Box], set[str]] = lambda _box: set()
    """Sessions of a box that are down."""
    looks: int = 0

    def look(self, device: TargetId) -> Look:
        self.looks += 1
        self.clock.now()
        try:
            self._open(device, "look")
        except SessionError as error:
            return Look(failure=error.failure)
        up = {"bgp 10.0.0.1", "bfd 10.0.0.1", "bgp 10.0.0.3"} - self.down(self.boxes[device])
        return Look(lines=self.boxes[device].lines(), up=frozenset(up))

    @contextmanager
    def dialogue(self, device: TargetId) -> Iterator[BoxDialogue]:
        self.clock.now()
        self._open(device, "dialogue")
        yield BoxDialogue(self.boxes[device], self.clock, self.before, self.after)

    def _open(self, device: TargetId, what: str) -> None:
        self.opening(device, what)
        if _cut_off(self.boxes[device]):
            raise SessionError(FailureReason.UNREACHABLE, "connecting took longer than 10 s")


def _cut_off(box: Box) -> bool:
    return box.cut if isinstance(box, IosBox) else "CUT" in (box.root / "ruleset").read_text()


@dataclass
class MemoryJournal:
    intents: list[tuple[str, str]] = field(default_factory=list)
    outcomes: list[tuple[str, str]] = field(default_factory=list)

    def intent(self, device: TargetId, token: str) -> None:
        self.intents.append((device, token))

    def outcome(self, device: TargetId, outcome: str, detail: str) -> None:
        assert detail
        self.outcomes.append((device, outcome))


class FileJournal:
    """One line an entry, written through before it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def intent(self, device: TargetId, token: str) -> None:
        self._write({"intent": device, "token": token})

    def outcome(self, device: TargetId, outcome: str, detail: str) -> None:
        self._write({"outcome": device, "is": outcome, "detail": detail})

    def _write(self, entry: Mapping[str, str]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()

    def entries(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self._path.read_text().split("\n")[:-1]] if self._path.exists() else []


@dataclass
class MemoryFence:
    token: int
    check_: Callable[[], None] = lambda: None

    def check(self) -> None:
        self.check_()


@dataclass
class MemoryFences:
    last: int = 0
    held: set[str] = field(default_factory=set)
    check: Callable[[], None] = lambda: None

    @contextmanager
    def hold(self, device: TargetId) -> Iterator[MemoryFence]:
        if device in self.held:
            raise HeldError(f"{device} is held", why="by anna@ops1 since 20:00")
        self.held.add(device)
        self.last += 1
        try:
            yield MemoryFence(self.last, self.check)
        finally:
            self.held.remove(device)


@dataclass
class World:
    """Boxes, and everything that a push over them needs."""

    boxes: Sequence[Box]
    slow: float = 0.0

    def __post_init__(self) -> None:
        self.clock = Clock(self.boxes, slow=self.slow)
        self.access = BoxAccess({box.name: box for box in self.boxes}, self.clock)
        self.journal = MemoryJournal()
        self.fences = MemoryFences()
        self.plan = network_plan(*self.boxes)
        self.told: list[str] = []

    def push(self, **more: Any) -> PushReport:  # noqa: ANN401 - fields of what is made
        desk = Desk(
            access=self.access, journal=self.journal, limits=more.pop("limits", LIMITS), clock=self.clock,
            secrets={"bgp": SECRET}, tell=lambda device, text: self.told.append(f"{device}: {text}"), **more,
        )  # fmt: skip
        return Pusher(desk, self.fences).push(CHANGE, self.plan)

    def outcomes(self, **more: Any) -> list[str]:  # noqa: ANN401 - fields of what is made
        """Of one push; whatever it says is journalled too, and no secret is in it."""
        report = self.push(**more)
        said = report.model_dump_json() + "".join(self.told)
        assert SECRET not in said
        found = [device.outcome.value for device in report.devices]
        assert [outcome for _, outcome in self.journal.outcomes[-len(found) :]] == found
        return found

    def is_before(self, box: Box) -> bool:
        (plan,) = (device for device in self.plan.devices if device.device == box.name)
        return digest_of(box.lines()) == plan.observed

    def is_after(self, box: Box) -> bool:
        (plan,) = (device for device in self.plan.devices if device.device == box.name)
        return digest_of(box.lines()) == plan.desired


def lost(device: str, what: str) -> SessionError:
    return SessionError(FailureReason.SESSION_LOST, f"the device closed the session ({device}, {what[:20]})")
