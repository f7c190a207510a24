"""One host's reply, judged: each fact's value, or why it has none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from luxops.domains.hosts import script
from luxops.domains.hosts.facts import FACTS
from luxops.domains.hosts.facts.interface import Answer, CannotAnswer, HostFact, ParseError
from luxops.domains.hosts.framing import Frames, unframe
from luxops.model import FactName, FactValue, Failure, FailureReason

if TYPE_CHECKING:
    from luxops.transports.interface import CommandReply

COLLECTION = FactName("collection")
_TICKS_PER_SECOND = 100


class Collection(FactValue):
    """What it cost to ask. Differs at every scan."""

    volatile = True

    cpu_seconds: float
    """Processor time of the script and its children on the host, to 0.01 s. What daemons spent to answer is not in it."""
    bytes: int
    """Size of the answer."""
    seconds: float
    """Wall time of the session, from connecting to the last byte."""
    sections: int
    """Sections that arrived whole."""
    root: bool
    """The privileged part ran."""


def outcomes(
    reply: CommandReply, nonce: str, collector: script.Collector, taken_at: datetime, role: str | None = None
) -> Mapping[FactName, FactValue | Failure]:
    """Value or failure of every fact that hosts of that role are asked for; `collection` last."""
    asked = [fact for fact in FACTS if fact.asked_of(role)]
    names = [*(fact.name for fact in asked), COLLECTION]
    try:
        frames = unframe(reply.output, nonce, script.expected_frames(collector, role))
    except ParseError as error:
        return dict.fromkeys(names, Failure(reason=FailureReason.MALFORMED, detail=str(error)))
    if (failure := _whole_answer(reply, frames)) is not None:
        return dict.fromkeys(names, failure)
    refused = _refused(frames, collector, role)
    lost = _lost(reply, frames)
    found: dict[FactName, FactValue | Failure] = {}
    for fact in asked:
        found[fact.name] = _outcome(fact, frames, refused, lost, taken_at)
    found[COLLECTION] = _collection(reply, frames, refused) if script.END in frames.sections else lost
    return found


def _whole_answer(reply: CommandReply, frames: Frames) -> Failure | None:
    """Why nothing of the answer counts: no session, no answer, or not this host's."""
    identity = frames.sections.get(script.IDENTITY)
    if identity is None:
        if reply.failure is not None:
            return reply.failure
        if not reply.output:
            said = reply.errors.decode(errors="replace").strip().partition("\n")[0][:200]
            detail = f"the host ran nothing (exit status {reply.exit_status}): {said}"
            return Failure(reason=FailureReason.REFUSED, detail=detail)
        return Failure(reason=FailureReason.MALFORMED, detail="the answer does not say whose it is", retryable=True)
    hostname = identity.stdout.decode(errors="replace").removesuffix("\n.").partition(".")[0]
    if hostname != reply.target:
        detail = f"the host calls itself {hostname[:64]!r}, not {reply.target!r}"
        return Failure(reason=FailureReason.WRONG_TARGET, detail=detail)
    return None


def _refused(frames: Frames, collector: script.Collector, role: str | None) -> str | None:
    """Why no privileged section ran, where the answer proves that none did."""
    if collector == "installed" and (copy := frames.sections.get(script.COPY)) is not None:
        seen = copy.stdout.decode(errors="replace").strip()
        if seen != script.collector_copy(role):
            return f"{script.INSTALLED} is not the expected copy: {seen[:120] or 'it is not there'}"
    ended = frames.sections.get(script.SUDO)
    ran = any(section.privileged and section.name in frames.sections for section in script.sections())
    if ended is None or ended.exit_status == 0 or ran:
        return None
    said = ended.stdout.decode(errors="replace").strip().partition("\n")[0][:200]
    return f"sudo was refused: {said or f'it ended with status {ended.exit_status}'}"


def _lost(reply: CommandReply, frames: Frames) -> Failure:
    """Why a section that was asked for is not there whole."""
    if reply.failure is not None:
        return reply.failure
    if script.END in frames.sections or frames.damaged:
        return Failure(reason=FailureReason.MALFORMED, detail="a section did not arrive whole", retryable=True)
    return Failure(reason=FailureReason.SESSION_LOST, detail="the answer stops before its end", retryable=True)


def _outcome(fact: HostFact, frames: Frames, refused: str | None, lost: Failure, taken_at: datetime) -> FactValue | Failure:
    names = [section.name for section in fact.sections]
    if repeated := [name for name in names if name in frames.repeated]:
        return Failure(reason=FailureReason.MALFORMED, detail=f"the section {repeated[0]} arrived more than once")
    without = {section.name: refused for section in fact.sections if section.privileged and refused is not None}
    present = {name: frames.sections[name] for name in names if name in frames.sections and name not in without}
    if len(present) + len(without) != len(names):
        return lost
    try:
        return fact.parse(Answer(taken_at=taken_at, sections=present, refused=without))
    except CannotAnswer as said:
        return said.failure
    except ParseError as error:
        return Failure(reason=FailureReason.MALFORMED, detail=f"{fact.name}: {error}")


def _collection(reply: CommandReply, frames: Frames, refused: str | None) -> FactValue | Failure:
    word, _, ticks = frames.sections[script.END].stdout.decode(errors="replace").partition(" ")
    if word != "ticks" or not ticks.isdecimal():
        return Failure(reason=FailureReason.MALFORMED, detail="the end of the answer does not say what it cost")
    return Collection(
        cpu_seconds=int(ticks) / _TICKS_PER_SECOND, bytes=len(reply.output), seconds=round(reply.seconds, 3),
        sections=len(frames.sections), root=refused is None,
    )  # fmt: skip
