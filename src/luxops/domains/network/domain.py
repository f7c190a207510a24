"""The network domain: every router of the federation as a target, observed in one session each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from luxops.domains.network.backups.fact import BACKUP, Backup
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.design import design_router
from luxops.domains.network.drift import DOMAIN, differences, tree
from luxops.domains.network.fetched import Fetched
from luxops.domains.network.nouns import RouterDesign
from luxops.domains.network.platforms import PLATFORMS
from luxops.domains.network.platforms.interface import CONFIG, FACTS, RouterPlatform
from luxops.domains.network.transcripts import ParseError
from luxops.federation import Federation
from luxops.federation.schema import Platform, RouterDeclaration
from luxops.model import Drift, FactName, FactValue, Failure, FailureReason, Observation, Target, TargetId, TargetKind, utc_now
from luxops.progress import Progress
from luxops.transports.interface import DeviceReply, DeviceRequest, DeviceRunner, Endpoint

Desired = Mapping[TargetId, RouterDesign]
Backups = Callable[[Sequence[Target]], Mapping[TargetId, Backup]]
_RETRYABLE = frozenset({FailureReason.MALFORMED})
"""Another attempt may find the session whole."""


class NetworkDomain:
    """Routers over a device command line, real or recorded."""

    name = DOMAIN

    def __init__(
        self, runner: DeviceRunner, listener: Callable[[Fetched], None] | None = None, backups: Backups | None = None
    ) -> None:
        """`listener`: told of every running configuration that `observe` has seen, good or not, as it comes in.

        `backups`: how the backups of routers stand; without it none are kept.
        """
        self._backups = backups
        self._runner = runner
        self._listener = listener
        self._designed: tuple[Federation, Desired] | None = None
        """Of the last federation: one that is watched stays the same for many looks."""

    def targets(self, federation: Federation) -> Sequence[Target]:
        return targets_of(federation)

    def desired(self, federation: Federation) -> Desired:
        kept = self._designed
        if kept is None or kept[0] is not federation:
            designs = {TargetId(router): design_router(federation, router) for router in federation.routers}
            kept = self._designed = (federation, designs)
        return kept[1]

    def observe(self, targets: Sequence[Target], progress: Progress) -> Iterator[Sequence[Observation]]:
        """One sequence of six observations a router: configuration, interfaces, BGP, BFD, routes, and its backup."""
        known = {target.id: target for target in targets}
        backups = self._backups(targets) if self._backups else {}
        for reply in self._ask(targets, FACTS, progress):
            platform, taken_at = _platform(known[reply.target]), utc_now()
            outcomes: dict[FactName, FactValue | Failure] = {fact: _outcome(platform, fact, reply) for fact in FACTS}
            outcomes[BACKUP] = reply.failure or backups.get(reply.target, Backup(state="unset"))
            if self._listener is not None:
                self._listener(_fetched(known[reply.target], reply, outcomes[CONFIG], taken_at))
            yield [Observation.of(reply.target, fact, outcome, taken_at) for fact, outcome in outcomes.items()]

    def fetch(self, targets: Sequence[Target], progress: Progress) -> Iterator[Fetched]:
        """One running configuration or failure a router, and nothing else asked of it."""
        known = {target.id: target for target in targets}
        for reply in self._ask(targets, (CONFIG,), progress):
            target = known[reply.target]
            yield _fetched(target, reply, _outcome(_platform(target), CONFIG, reply), utc_now())

    def _ask(self, targets: Sequence[Target], facts: Sequence[FactName], progress: Progress) -> Iterator[DeviceReply]:
        return self._runner.ask([_request(target, _platform(target), facts) for target in targets], progress)

    def compare(self, desired: Desired, observations: Sequence[Observation]) -> Sequence[Drift]:
        """Differences of configuration. What a router does at the moment is the policies' matter, not a difference."""
        found: list[Drift] = []
        for observation in observations:
            if observation.fact == CONFIG and isinstance(observation.value, RouterConfig):
                design = desired[observation.target]
                platform = PLATFORMS[design.platform]
                wanted = tree(platform.configured(design).lines, platform.driver)
                found += differences(observation.target, wanted, tree(observation.value.lines, platform.driver))
        return found


def targets_of(federation: Federation) -> list[Target]:
    """Every router, in declared order."""
    return [_target(federation, router) for router in federation.routers.values()]


def _target(federation: Federation, router: RouterDeclaration) -> Target:
    management = federation.file.management
    return Target(
        id=TargetId(router.id),
        kind=TargetKind.ROUTER,
        hospital=router.hospital or federation.file.id,
        labels={
            "role": router.role,
            "platform": router.platform.value,
            "place": router.datacentre or "campus",
            "management": f"{router.management}",
            "user": management.user,
        },
    )


def _platform(target: Target) -> RouterPlatform:
    return PLATFORMS[Platform(target.labels["platform"])]


def endpoint_of(target: Target) -> Endpoint:
    """Where the router's management sessions go."""
    return Endpoint.model_validate({
        "alias": target.id, "address": target.labels["management"], "user": target.labels["user"],
    })  # fmt: skip


def _request(target: Target, platform: RouterPlatform, facts: Sequence[FactName]) -> DeviceRequest:
    asked = dict.fromkeys(command for fact in facts for command in platform.commands[fact])
    return DeviceRequest(
        target=target.id, endpoint=endpoint_of(target), device_type=platform.device_type, commands=tuple(asked)
    )


def _fetched(target: Target, reply: DeviceReply, outcome: FactValue | Failure, taken_at: datetime) -> Fetched:
    assert isinstance(outcome, RouterConfig | Failure)  # noqa: S101 - what every platform parses `config` into
    return Fetched(target=target, transcripts=reply.transcripts, outcome=outcome, taken_at=taken_at)


def _outcome(platform: RouterPlatform, fact: FactName, reply: DeviceReply) -> FactValue | Failure:
    if reply.failure is not None:
        return reply.failure
    try:
        return platform.parse(fact, reply.transcripts, reply.target)
    except ParseError as error:
        return Failure(reason=error.reason, detail=error.detail, retryable=error.reason in _RETRYABLE)
