"""The corpus catches code that is careless with evidence: each rule is seen broken once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.corpus import damage_hosts, damage_routers
from tests.corpus.corpus import HostAnswer, Looker, Reference, RouterAnswer, frames_of, tried

from luxops.domains.hosts import answer, framing
from luxops.domains.hosts.facts import FACTS
from luxops.domains.hosts.facts.interface import Answer, HostFact, SectionAnswer
from luxops.domains.hosts.facts.sockets import Sockets
from luxops.domains.hosts.framing import Frames
from luxops.domains.network.platforms.frr import platform
from luxops.domains.network.platforms.frr.platform import Frr
from luxops.evaluation import evaluator
from luxops.model import FactValue, Verdict

pytestmark = pytest.mark.slow

Hosts = list[tuple[Reference, HostAnswer]]
Routers = list[tuple[Reference, RouterAnswer]]


def _host(hosts: Hosts, which: str) -> tuple[Reference, HostAnswer]:
    """One that came whole, of the set named, with drift where the set is the broken one."""
    return next((r, a) for r, a in hosts if r.name.startswith(which) and (r.look.drift or which == "untouched"))


def _careless_frames(data: bytes, _nonce: str, _expected: object) -> Frames:
    """Believes every head, whoever's and whatever its checksum; the last of several counts."""
    sections = {}
    for frame in frames_of(data):
        nonce, name, status = (field.decode() for field in frame[0].split(b" ")[1:4])
        sections[name] = SectionAnswer(int(status), frame[1][:-1])
        for body, mark in damage_hosts.parts_of(nonce, frame):
            _, section, ended = mark.decode().split()
            sections[section] = SectionAnswer(int(ended), body)
    return Frames(sections={n: s for n, s in sections.items() if not n.endswith("!")}, repeated=frozenset(), damaged=False)


def test_an_older_answer_believed(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    reference, given = _host(hosts, "broken")
    older = next(a for r, a in hosts if r.target.id == reference.target.id and r.name.startswith("untouched/"))
    monkeypatch.setattr(answer, "unframe", _careless_frames)
    violations = reference.violations(given.saying(older.reply.output))
    assert any("drift vanished" in violation for violation in violations)
    assert any("another value" in violation for violation in violations)


def test_a_checksum_not_checked(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    class Anything(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

        def encode(self, *_: object) -> Anything:  # type: ignore[override]
            return self

    class Sum:
        def hexdigest(self) -> str:
            return Anything()

    reference, given = _host(hosts, "untouched")
    monkeypatch.setattr(framing.hashlib, "sha256", lambda _: Sum())  # type: ignore[attr-defined]
    _, violations = tried(reference, damage_hosts.host_bytes(given, 300))
    assert any("another value" in violation for violation in violations)


def _defaulting(fact: HostFact) -> HostFact:
    def parse(given: Answer) -> FactValue:
        try:
            return fact.parse(given)
        except Exception:  # noqa: BLE001 - what the test is about
            return Sockets(listening=())

    return replace(fact, parse=parse)


def test_a_parser_that_defaults(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    reference, given = next((r, a) for r, a in hosts if any(d.kind == "unmanaged" for d in r.look.drift))
    monkeypatch.setattr(answer, "FACTS", tuple(_defaulting(f) if f.name == "sockets" else f for f in FACTS))
    damages = [(what, damaged) for what, damaged in damage_hosts.host_stopped_tools(given, 2) if "sockets." in what]
    _, violations = tried(reference, damages, exact=False)
    assert any("drift vanished" in violation for violation in violations)


def test_a_judge_that_takes_nothing_for_good(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    reference, given = next((r, a) for r, a in hosts if any(f.verdict is Verdict.FAIL for f in r.look.findings))
    judge = evaluator._Judge

    def careless(self: evaluator._Judge, rule: evaluator._Rule) -> tuple[Verdict, str]:
        return (Verdict.PASS, "") if self._evidence.failures else truly(self, rule)

    truly = judge._verdict
    monkeypatch.setattr(judge, "_verdict", careless)
    fresh = replace(reference, looker=Looker(reference.looker.federation, reference.looker.evaluator))
    violations = fresh.violations(given.saying(b""))
    assert any("FAIL became PASS" in violation for violation in violations)


def test_a_session_believed_without_frame_and_prompt(routers: Routers, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(transcript: str, command: str, target: str) -> tuple[int, str]:
        del command, target
        return 0, "\n".join(line for line in transcript.split("\n")[1:-1] if not line.startswith("luxops-end ")) + "\n"

    monkeypatch.setattr(platform, "shell_output", careless)
    monkeypatch.setattr(Frr, "parse", Frr.parse.__wrapped__)  # type: ignore[attr-defined]
    drifted, given = next((r, a) for r, a in routers if r.look.drift)
    _, violations = tried(drifted, damage_routers.router_lines(given))
    assert any("another value" in violation for violation in violations)
    older = next(a for r, a in routers if r.target.id == drifted.target.id and not r.look.drift)
    assert any("drift vanished" in violation for violation in drifted.violations(older))
