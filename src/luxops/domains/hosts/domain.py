"""The hosts of the federation: one SSH session each, observed as facts, compared with the sockets that flows declare."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from luxops.domains.hosts import script
from luxops.domains.hosts.answer import outcomes
from luxops.domains.hosts.drift import DeclaredSockets, compare_sockets, declared_sockets
from luxops.domains.hosts.facts.sockets import Sockets
from luxops.model import Drift, FactName, Observation, Target, TargetId, TargetKind, utc_now
from luxops.transports.interface import CommandRequest, CommandRunner, Endpoint

if TYPE_CHECKING:
    from luxops.federation import Federation
    from luxops.progress import Progress

Desired = Mapping[TargetId, DeclaredSockets]
_SOCKETS = FactName("sockets")


class HostsDomain:
    """Debian hosts, reached by SSH. By convention a host's own name is its id in the inventory."""

    name = "hosts"

    def __init__(self, runner: CommandRunner, nonce: Callable[[TargetId], str | None] | None = None) -> None:
        """`nonce`: the mark of each request, for recordings given again; where it gives None, or by default, a random one."""
        self._runner = runner
        self._nonce = nonce or (lambda _target: None)

    def targets(self, federation: Federation) -> Sequence[Target]:
        return [
            Target(
                id=TargetId(host.id),
                kind=TargetKind.HOST,
                hospital=file.owner,
                labels={
                    "group": group.id, "zone": group.zone, "place": host.place, "level": group.level,
                    **({"service": group.service} if group.service else {}),
                    **({"role": group.role} if group.role else {}),
                    "management": str(host.management), "user": federation.file.management.user, "collector": group.collector,
                },
            )
            for file in federation.hosts.values()
            for group in file.groups
            for host in group.hosts
        ]  # fmt: skip

    def desired(self, federation: Federation) -> Desired:
        return {
            TargetId(host.id): declared_sockets(federation, file.owner, group, host)
            for file in federation.hosts.values()
            for group in file.groups
            for host in group.hosts
        }

    def observe(self, targets: Sequence[Target], progress: Progress) -> Iterator[Sequence[Observation]]:
        by_id = {target.id: target for target in targets}
        nonces = {target.id: self._nonce(target.id) or secrets.token_hex(16) for target in targets}
        requests = (_request(target, nonces[target.id]) for target in targets)
        for reply in self._runner.run(requests, progress):
            target, now = by_id[reply.target], utc_now()
            found = outcomes(reply, nonces[target.id], _collector(target), now, target.labels.get("role"))
            yield [Observation.of(reply.target, fact, outcome, now) for fact, outcome in found.items()]

    def compare(self, desired: Desired, observations: Sequence[Observation]) -> Sequence[Drift]:
        return [
            drift
            for seen in observations
            if seen.fact == _SOCKETS and isinstance(seen.value, Sockets) and seen.target in desired
            for drift in compare_sockets(self.name, seen.target, desired[seen.target], seen.value)
        ]


def _collector(target: Target) -> script.Collector:
    return cast("script.Collector", target.labels["collector"])


def _request(target: Target, nonce: str) -> CommandRequest:
    endpoint = Endpoint.model_validate(
        {"alias": target.id, "address": target.labels["management"], "user": target.labels["user"]}
    )
    text = script.compose(nonce, _collector(target), target.labels.get("role"))
    return CommandRequest(target=target.id, endpoint=endpoint, command=script.COMMAND, stdin=text)
