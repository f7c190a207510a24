"""The network domain over recorded routers: one observation a fact, whatever came back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pytest
from tests.network.transcripts import recorded

from luxops.domains.network import NetworkDomain
from luxops.domains.network.platforms.interface import FACTS
from luxops.federation import Federation
from luxops.model import Failure, FailureReason, Observation, Target, TargetId
from luxops.progress import Progress, Silent
from luxops.transports.interface import DeviceReply, DeviceRequest

LOST = Failure(reason=FailureReason.SESSION_LOST, detail="the connection closed", retryable=True)


class Canned:
    """Replies as given; remembers what was asked."""

    def __init__(self, replies: Mapping[str, DeviceReply]) -> None:
        self.replies = replies
        self.asked: list[DeviceRequest] = []

    def ask(self, requests: Iterable[DeviceRequest], progress: Progress) -> Iterator[DeviceReply]:
        del progress
        for request in requests:
            self.asked.append(request)
            yield self.replies[request.target]


def targets(federation: Federation, *names: str) -> list[Target]:
    return [t for t in NetworkDomain(Canned({})).targets(federation) if t.id in names]


def observe(federation: Federation, reply: DeviceReply) -> list[Observation]:
    (observations,) = NetworkDomain(Canned({reply.target: reply})).observe(targets(federation, reply.target), Silent())
    return list(observations)


def test_targets(federation: Federation) -> None:
    found = {t.id: t for t in NetworkDomain(Canned({})).targets(federation)}
    assert len(found) == len(federation.routers)
    edge, core = found[TargetId("chl-edge1")], found[TargetId("dc1-core1")]
    assert (edge.hospital, core.hospital) == ("chl", "luxith")
    assert dict(edge.labels) == {
        "role": "edge", "platform": "frr", "place": "campus", "management": "10.255.1.17", "user": "luxops",
    }  # fmt: skip
    assert core.labels["place"] == "dc1"


def test_one_session_a_router_and_one_observation_a_fact(federation: Federation) -> None:
    reply = DeviceReply(target=TargetId("chl-edge1"), transcripts=recorded("chl-edge1"))
    runner = Canned({"chl-edge1": reply})
    (observations,) = NetworkDomain(runner).observe(targets(federation, "chl-edge1"), Silent())
    assert [o.fact for o in observations] == [*FACTS, "backup"]
    assert all(o.failure is None for o in observations)
    (request,) = runner.asked
    assert (request.device_type, str(request.endpoint.address), request.endpoint.user) == ("linux", "10.255.1.17", "luxops")
    assert len(set(request.commands)) == len(request.commands) == len(reply.transcripts)


def test_lost_session_is_a_failure_of_every_fact(federation: Federation) -> None:
    reply = DeviceReply(target=TargetId("chl-edge1"), transcripts=recorded("chl-edge1"), failure=LOST)
    observations = observe(federation, reply)
    assert [o.fact for o in observations] == [*FACTS, "backup"]
    assert {o.failure for o in observations} == {LOST}


def test_one_broken_answer_is_a_failure_of_its_fact_alone(federation: Federation) -> None:
    whole = recorded("chl-edge1")
    command = next(c for c in whole if "summary json" in c)
    reply = DeviceReply(target=TargetId("chl-edge1"), transcripts=whole | {command: whole[command][:80]})
    assert {o.fact: o.failure.reason for o in observe(federation, reply) if o.failure} == {"bgp": FailureReason.MALFORMED}


def test_another_routers_answers(federation: Federation) -> None:
    reply = DeviceReply(target=TargetId("chl-edge1"), transcripts=recorded("dc1-core1"))
    assert {o.failure.reason for o in observe(federation, reply) if o.failure} == {FailureReason.WRONG_TARGET}


def test_what_failed_is_not_compared(federation: Federation) -> None:
    domain = NetworkDomain(Canned({}))
    reply = DeviceReply(target=TargetId("chl-edge1"), failure=LOST)
    assert domain.compare(domain.desired(federation), observe(federation, reply)) == []


@pytest.mark.parametrize("router", ["chl-edge1", "dc1-core1"])
def test_unchanged_evidence_has_the_same_digest(federation: Federation, router: str) -> None:
    reply = DeviceReply(target=TargetId(router), transcripts=recorded(router))
    first, second = observe(federation, reply), observe(federation, reply)
    assert [o.digest for o in first] == [o.digest for o in second]
