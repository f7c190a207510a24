from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from tests.hosts.samples import HOST, NONCE, ROLE, frames
from tests.support.drafts import COMPLETE

from luxops.domains.hosts import script
from luxops.domains.hosts.domain import HostsDomain
from luxops.domains.hosts.drift import DeclaredSocket, DeclaredSockets, compare_sockets
from luxops.domains.hosts.facts import FACTS
from luxops.domains.hosts.facts.sockets import Socket, Sockets
from luxops.federation import Federation, load_federation
from luxops.model import Failure, FailureReason, Observation, TargetId, Unreadable
from luxops.progress import Progress, Silent
from luxops.transports.interface import CommandReply, CommandRequest


@pytest.fixture(scope="module")
def federation() -> Federation:
    return load_federation(COMPLETE)


class OneHost:
    """Answers for HOST; everyone else is unreachable. Last asked, first answered."""

    def __init__(self) -> None:
        self.asked: list[CommandRequest] = []

    def run(self, requests: Iterable[CommandRequest], progress: Progress) -> Iterator[CommandReply]:
        del progress
        self.asked = list(requests)
        for request in reversed(self.asked):
            if request.target == HOST:
                yield CommandReply(target=HOST, output=b"".join(frames().values()), exit_status=0)
            else:
                failure = Failure(reason=FailureReason.UNREACHABLE, detail="refused", retryable=True)
                yield CommandReply(target=request.target, failure=failure)


def test_one_request_a_host_and_one_observation_a_fact(federation: Federation) -> None:
    runner = OneHost()
    domain = HostsDomain(runner, lambda _target: NONCE)
    targets = domain.targets(federation)
    seen = {observations[0].target: observations for observations in domain.observe(targets, Silent())}
    assert [request.target for request in runner.asked] == [target.id for target in targets]
    assert set(seen) == {target.id for target in targets}
    facts = [*(fact.name for fact in FACTS if fact.role is None), "collection"]
    assert all([o.fact for o in observations] == facts for observations in seen.values())
    assert all(o.failure is None for o in seen[HOST])
    assert all(o.failure is not None for target, found in seen.items() if target != HOST for o in found)


class Controllers:
    """Everyone says the same, with what only controllers are asked or without it."""

    def __init__(self, role: str | None) -> None:
        self.role = role
        self.asked: list[CommandRequest] = []

    def run(self, requests: Iterable[CommandRequest], progress: Progress) -> Iterator[CommandReply]:
        del progress
        for request in requests:
            self.asked.append(request)
            output = b"".join(frames(request.target, role=self.role).values())
            yield CommandReply(target=request.target, output=output, exit_status=0)


def _as_controllers(federation: Federation, group: str) -> Federation:
    """The declaration, with one group of hosts declared controllers."""
    file = federation.hosts["chl"]
    groups = tuple(one.model_copy(update={"role": ROLE} if one.id == group else {}) for one in file.groups)
    return federation.model_copy(update={"hosts": {**federation.hosts, "chl": file.model_copy(update={"groups": groups})}})


def _openstack(federation: Federation, runner: Controllers) -> dict[str, Observation | None]:
    """What is known of OpenStack, of each host of the hospital CHL."""
    domain = HostsDomain(runner, lambda _target: NONCE)
    targets = [target for target in domain.targets(federation) if target.hospital == "chl"]
    seen = {found[0].target: found for found in domain.observe(targets, Silent())}
    return {target: next((o for o in found if o.fact == "openstack"), None) for target, found in seen.items()}


def test_only_declared_controllers_are_asked_for_openstack(federation: Federation) -> None:
    runner = Controllers(ROLE)
    found = _openstack(_as_controllers(federation, "pacs"), runner)
    asked = {request.target for request in runner.asked if b"openstack" in request.stdin}
    assert asked == {"chl-pacs1", "chl-pacs2"}
    assert {target for target, seen in found.items() if seen is not None and seen.failure is None} == asked
    assert {target for target, seen in found.items() if seen is None} == found.keys() - asked


def test_a_controller_whose_answer_is_not_a_controllers_has_no_facts(federation: Federation) -> None:
    """An answer recorded before the host was declared one, or by an older collector."""
    found = _openstack(_as_controllers(federation, "pacs"), Controllers(None))
    (one, two) = (found["chl-pacs1"], found["chl-pacs2"])
    assert one is not None
    assert two is not None
    assert one.failure is not None
    assert one.failure.reason is FailureReason.MALFORMED
    assert two.value is None


def test_each_request_has_a_mark_of_its_own(federation: Federation) -> None:
    runner = OneHost()
    domain = HostsDomain(runner)
    targets = domain.targets(federation)
    list(domain.observe(targets, Silent()))
    assert len({script.nonce_of(request.stdin) for request in runner.asked}) == len(targets)


def test_targets_carry_how_they_are_reached(federation: Federation) -> None:
    (target,) = [t for t in HostsDomain(OneHost()).targets(federation) if t.id == HOST]
    assert target.hospital == "chl"
    assert target.labels["management"] == "10.250.2.21"
    assert {"group", "zone", "place", "level", "user", "collector"} <= target.labels.keys()


def test_desired_follows_flows_listeners_and_management(federation: Federation) -> None:
    declared = HostsDomain(OneHost()).desired(federation)[HOST].sockets
    assert [d.why for d in declared if d.low == 22][:1] == ["management"]
    own = [d for d in declared if d.required]
    assert [(d.protocol, d.low, d.loopback_only) for d in own] == [("tcp", 5432, True)]
    assert all(not d.required for d in declared if d.why.startswith("flow "))
    assert any(d.why.startswith("flow ") for d in declared)


DECLARED = DeclaredSockets(
    sockets=(
        DeclaredSocket(protocol="tcp", low=22, high=22, why="management"),
        DeclaredSocket(protocol="tcp", low=11112, high=11120, why="flow"),
        DeclaredSocket(protocol="tcp", low=5432, high=5432, loopback_only=True, required=True, why="database"),
    )
)


def _socket(port: int, address: str = "0.0.0.0", protocol: str = "tcp", processes: object = ("it",)) -> Socket:  # noqa: S104
    return Socket.model_validate({
        "protocol": protocol, "address": address, "port": port, "interface": "", "loopback": address in {"127.0.0.1", "::1"},
        "processes": processes, "user": "root",
    })  # fmt: skip


def _drift(*sockets: Socket) -> list[tuple[str, str, str]]:
    found = compare_sockets("hosts", TargetId("h"), DECLARED, Sockets(listening=sockets))
    return [(drift.path, drift.kind.value, drift.severity.value) for drift in found]


def test_what_is_declared_is_no_drift() -> None:
    assert _drift(_socket(22), _socket(22, "::"), _socket(11115), _socket(5432, "127.0.0.1"), _socket(5432, "::1")) == []


def test_an_undeclared_listener_is_drift_whoever_owns_it() -> None:
    database = _socket(5432, "127.0.0.1")
    assert _drift(database, _socket(8080)) == [("sockets/tcp/0.0.0.0:8080", "unmanaged", "high")]
    assert _drift(database, _socket(8080, processes=Unreadable(reason="no"))) == [
        ("sockets/tcp/0.0.0.0:8080", "unmanaged", "high")
    ]
    assert _drift(database, _socket(8080, "::1")) == [("sockets/tcp/[::1]:8080", "unmanaged", "low")]
    assert _drift(database, _socket(22, protocol="udp")) == [("sockets/udp/0.0.0.0:22", "unmanaged", "high")]


def test_a_listener_wider_than_declared_is_drift() -> None:
    assert _drift(_socket(5432)) == [("sockets/tcp/0.0.0.0:5432", "changed", "high")]


def test_a_declared_listener_that_is_gone_is_drift_and_a_flows_port_is_not() -> None:
    assert _drift(_socket(22)) == [("sockets/tcp/5432", "missing", "low")]


def test_what_was_not_observed_is_not_compared(federation: Federation) -> None:
    domain = HostsDomain(OneHost(), lambda _target: NONCE)
    targets = domain.targets(federation)
    desired = domain.desired(federation)
    drifts = {found[0].target: domain.compare(desired, found) for found in domain.observe(targets, Silent())}
    assert all(not drift for target, drift in drifts.items() if target != HOST)
    assert {drift.path for drift in drifts[HOST]} == {
        "sockets/tcp/*:2049", "sockets/udp/127.0.0.53%lo:53", "sockets/tcp/5432",
    }  # fmt: skip
