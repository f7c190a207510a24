"""Recorded answers of the lab, the real domains and policies over them, and what damage must never do.

The rules are written down once, in `Reference.violations`. A recorded answer is observed, judged and compared undamaged;
then a damaged copy of it goes the same way, and each of its observations, verdicts and differences is held against them.

What counts as damage, and what does not: a mark that is made for one request, checksums, terminators and grammar show
what happens to an answer on its way, and a tool on the target that stops early. Whoever writes a whole section again,
with the right mark, length and checksum, is root on the target: no damage, but a lie, and out of reach. For routers
nothing marks one request, so a whole transcript of an earlier session with the same router would be believed; the
session itself, encrypted and with a verified host key, is what keeps it out.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from luxops.domains.hosts import answer, script
from luxops.domains.hosts.domain import HostsDomain
from luxops.domains.hosts.facts.interface import Answer, HostFact
from luxops.domains.interface import Domain
from luxops.domains.network import NetworkDomain
from luxops.domains.network.platforms.interface import RouterPlatform
from luxops.domains.network.transcripts import ParseError
from luxops.evaluation import Evaluator
from luxops.federation import Federation
from luxops.model import Digest, Drift, FactName, FactValue, Finding, Observation, Target, TargetId, Verdict
from luxops.model.observation import JsonForm
from luxops.progress import Progress, Silent
from luxops.transports.interface import CommandReply, CommandRequest, DeviceReply, DeviceRequest

STRESS = bool(os.environ.get("LUXOPS_STRESS"))
"""Many more damages, for `make stress`."""
RECORDINGS = Path(os.environ.get("LUXOPS_CORPUS", "")) if os.environ.get("LUXOPS_CORPUS") else None
"""Another folder of recordings, with the same layout as the one in the package."""
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""Ages are counted from here, so that equal answers give equal facts."""

driven = hypothesis_settings(
    max_examples=1500 if STRESS else 60,
    deadline=None,
    derandomize=not STRESS,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
_BETTER = frozenset({Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.WAIVED})
_UNREADABLE = re.compile(r'\{"\$unreadable":"(?:[^"\\]|\\.)*"\}')
_COST = answer.COLLECTION


@dataclass(frozen=True)
class HostAnswer:
    """What came back of a host, and the mark that its request carried."""

    nonce: str
    reply: CommandReply

    def saying(self, output: bytes, **changes: Any) -> HostAnswer:  # noqa: ANN401 - fields of the reply
        return replace(self, reply=self.reply.model_copy(update={"output": output, **changes}))


@dataclass(frozen=True)
class RouterAnswer:
    """What a router's session wrote down."""

    reply: DeviceReply

    def saying(self, transcripts: Mapping[str, str], **changes: Any) -> RouterAnswer:  # noqa: ANN401 - fields of the reply
        return RouterAnswer(self.reply.model_copy(update={"transcripts": dict(transcripts), **changes}))


RecordedAnswer = HostAnswer | RouterAnswer


@dataclass(frozen=True)
class Look:
    """One target, observed, judged and compared."""

    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...]
    drift: tuple[Drift, ...]


class Given:
    """Both kinds of runner: replies from memory, one a request."""

    def __init__(self, replies: Mapping[TargetId, RecordedAnswer]) -> None:
        self.replies = replies

    def run(self, requests: Iterable[CommandRequest], progress: Progress) -> Iterator[CommandReply]:
        del progress
        for request in requests:
            given = self.replies[request.target]
            assert isinstance(given, HostAnswer)
            yield given.reply

    def ask(self, requests: Iterable[DeviceRequest], progress: Progress) -> Iterator[DeviceReply]:
        del progress
        for request in requests:
            given = self.replies[request.target]
            assert isinstance(given, RouterAnswer)
            yield given.reply

    def nonce(self, target: TargetId) -> str | None:
        given = self.replies[target]
        return given.nonce if isinstance(given, HostAnswer) else None

    def domains(self) -> tuple[Domain, ...]:
        return HostsDomain(self, self.nonce), NetworkDomain(self)


def memoised(fact: HostFact) -> HostFact:
    """The same fact, its parser run once for equal answers: damage of one section leaves the other facts' answers equal."""
    known: dict[object, FactValue | Exception] = {}

    def parse(given: Answer) -> FactValue:
        key = (given.taken_at, tuple(sorted(given.sections.items(), key=_first)), tuple(sorted(given.refused.items())))
        if key not in known:
            try:
                known[key] = fact.parse(given)
            except Exception as error:  # noqa: BLE001 - given again as it was
                known[key] = error
        found = known[key]
        if isinstance(found, Exception):
            raise found
        return found

    return replace(fact, parse=parse)


def _first(pair: tuple[str, object]) -> str:
    return pair[0]


Parse = Callable[[Any, FactName, Mapping[str, str], TargetId], FactValue]


def memoised_method(platform: RouterPlatform, parse: Parse) -> Parse:
    """The same for a router platform, by the transcripts that a fact is made of."""
    known: dict[object, FactValue | ParseError] = {}

    @wraps(parse)
    def again(self: RouterPlatform, fact: FactName, transcripts: Mapping[str, str], target: TargetId) -> FactValue:
        key = (fact, target, tuple(transcripts.get(command) for command in platform.commands[fact]))
        if key not in known:
            try:
                known[key] = parse(self, fact, transcripts, target)
            except ParseError as error:
                known[key] = error
        found = known[key]
        if isinstance(found, ParseError):
            raise found
        return found

    return again


JsonForming = Callable[[Any], tuple[JsonForm, Digest]]


def memoised_form(form: JsonForming) -> JsonForming:
    """The same JSON form and digest, made once for each value that memory gives again."""
    known: dict[int, tuple[Any, tuple[JsonForm, Digest]]] = {}

    def again(outcome: Any) -> tuple[JsonForm, Digest]:  # noqa: ANN401 - a value or failure
        if id(outcome) not in known:
            known[id(outcome)] = outcome, form(outcome)
        return known[id(outcome)][1]

    return again


class Looker:
    """Observes through the real domains, judges by the real policies, compares with the lab's declaration."""

    def __init__(self, federation: Federation, evaluator: Evaluator) -> None:
        self.federation = federation
        self.evaluator = evaluator
        domains = Given({}).domains()
        self.targets = {target.id: target for domain in domains for target in domain.targets(federation)}
        self._desired = {domain.name: domain.desired(federation) for domain in domains}
        self._judged: dict[object, tuple[tuple[Finding, ...], tuple[Drift, ...]]] = {}

    def look(self, target: Target, given: RecordedAnswer, *, memory: bool = True) -> Look:
        """`memory`: equal observations are judged and compared once."""
        hosts, network = Given({target.id: given}).domains()
        domain = hosts if isinstance(given, HostAnswer) else network
        (observed,) = domain.observe([target], Silent())
        # Which failure it is changes what a verdict says, not what it is.
        key = (target.id, tuple((o.fact, o.digest if o.failure is None else "") for o in observed))
        if not memory or key not in self._judged:
            findings = tuple(self.evaluator.evaluate(target, observed, NOW))
            self._judged[key] = findings, tuple(domain.compare(self._desired[domain.name], observed))
        findings, drift = self._judged[key]
        return Look(tuple(observed), findings, drift)


@dataclass(frozen=True)
class Reference:
    """One recorded answer and what it says undamaged."""

    name: str
    """`SET/TARGET`."""
    target: Target
    given: RecordedAnswer
    look: Look
    looker: Looker

    def violations(self, damaged: RecordedAnswer, *, exact: bool = True) -> list[str]:
        """What damage did and must not do.

        `exact`: framing shows this damage, so each fact is as it was or a failure. Otherwise only grammar can show it:
        then a fact may have another value, as long as nothing looks better for it.
        """
        after = self.looker.look(self.target, damaged)
        found = [*_observations(self.look, after, exact=exact), *_verdicts(self.look, after), *_drift(self.look, after)]
        return [f"{self.name}: {violation}" for violation in found]


def _observations(before: Look, after: Look, *, exact: bool) -> Iterator[str]:
    facts = [o.fact for o in after.observations]
    if sorted(facts) != sorted(o.fact for o in before.observations):
        yield f"not one observation for each fact: {facts}"
        return
    were = {o.fact: o for o in before.observations}
    for now in after.observations:
        if (now.value is None) == (now.failure is None):
            yield f"{now.fact}: neither a value nor a failure, or both"
        if now.failure is not None and not now.failure.detail:
            yield f"{now.fact}: a failure without a reason"
        if exact and now.fact != _COST and now.value is not None and not _same(were[now.fact], now):
            yield f"{now.fact}: another value"


def _same(before: Observation, after: Observation) -> bool:
    """Equal, whatever reason stands beside a part that could not be read."""
    if before.digest == after.digest:
        return True
    if before.value is None or after.value is None:
        return False
    return _without_reasons(before.value) == _without_reasons(after.value)


def _without_reasons(value: FactValue) -> str:
    return _UNREADABLE.sub("", json.dumps(value.model_dump(mode="json"), sort_keys=True, separators=(",", ":")))


def _verdicts(before: Look, after: Look) -> Iterator[str]:
    now = {f.policy: f for f in after.findings}
    if now.keys() != {f.policy for f in before.findings}:
        yield "not one finding for each policy"
        return
    for was in before.findings:
        verdict = now[was.policy].verdict
        if verdict is not was.verdict and verdict in _BETTER:
            yield f"{was.policy}: {was.verdict} became {verdict}"


def _drift(before: Look, after: Look) -> Iterator[str]:
    """Drift of either domain is found in one fact; where that is observed, the difference must still be there."""
    lost = {(d.path, d.kind) for d in before.drift} - {(d.path, d.kind) for d in after.drift}
    if lost and any(o.fact in {FactName("sockets"), FactName("config")} and o.value is not None for o in after.observations):
        yield f"drift vanished: {sorted(lost)[:3]}"


def recorded_answers(folder: Path) -> dict[TargetId, RecordedAnswer]:
    """Every recording in a folder."""
    found: dict[TargetId, RecordedAnswer] = {}
    for file in sorted(folder.glob("*.json.gz")):
        kept = json.loads(gzip.decompress(file.read_bytes()))
        target = TargetId(kept["target"])
        if file.name.endswith(".device.json.gz"):
            found[target] = RouterAnswer(
                DeviceReply.model_validate({name: kept[name] for name in ("target", "transcripts", "seconds", "failure")})
            )
        else:
            fields = {name: kept[name] for name in ("target", "exit_status", "seconds", "failure")}
            texts = {name: kept[name].encode("utf-8", "surrogateescape") for name in ("output", "errors")}
            found[target] = HostAnswer(kept["nonce"], CommandReply.model_validate(fields | texts))
    return found


Damage = tuple[str, RecordedAnswer]
"""What was done, and what it made."""
Framed = tuple[bytes, bytes]
"""Head with its newline, body with its newline."""


def frames_of(output: bytes) -> list[Framed]:
    """An undamaged host answer, split."""
    found = []
    position = 0
    while position < len(output):
        head = output[position : output.index(b"\n", position) + 1]
        end = position + len(head) + int(head.split(b" ")[4]) + 1
        found.append((head, output[position + len(head) : end]))
        position = end
    return found


def name_of(frame: Framed) -> str:
    return frame[0].split(b" ")[2].decode()


def joined(frames: Iterable[Framed]) -> bytes:
    return b"".join(head + body for head, body in frames)


def reframed(nonce: str, name: str, status: int, body: bytes) -> Framed:
    """A frame as the host's script writes it, checksum and all."""
    signed = f"#luxops1 {nonce} {name} {status} {len(body)}".encode()
    digest = hashlib.sha256(signed + b"\n" + body).hexdigest().encode()
    return signed + b" " + digest + b"\n", body + b"\n"


def whole(given: RecordedAnswer) -> bool:
    """Something arrived, and all of it."""
    if given.reply.failure is not None:
        return False
    if isinstance(given, RouterAnswer):
        return bool(given.reply.transcripts)
    return bool(given.reply.output) and f" {script.END} ".encode() in given.reply.output


def tried(reference: Reference, damages: Iterable[Damage], *, exact: bool = True) -> tuple[int, list[str]]:
    """How many damages, and what they did that must not be."""
    count = 0
    found: list[str] = []
    for what, damaged in damages:
        count += 1
        found += [f"{violation}  [{what}]" for violation in reference.violations(damaged, exact=exact)]
    return count, found
