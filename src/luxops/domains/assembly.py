"""All domains, each with its transport: real sessions, or recorded answers in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luxops.domains.hosts import HostsDomain
from luxops.domains.hosts.script import nonce_of
from luxops.domains.network import NetworkDomain
from luxops.domains.network.backups.fact import backup_facts
from luxops.model import utc_now
from luxops.transports.device import NetmikoRunner
from luxops.transports.recording import (
    RecordingCommandRunner,
    RecordingDeviceRunner,
    ReplayCommandRunner,
    ReplayDeviceRunner,
)
from luxops.transports.ssh import SshRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from luxops.domains.interface import Domain
    from luxops.domains.network.fetched import Fetched
    from luxops.settings import Settings


def all_domains(settings: Settings, configurations: Callable[[Fetched], None] | None = None) -> tuple[Domain, ...]:
    """Every domain that this installation looks at. Nothing is contacted yet.

    `configurations`: told of every running configuration that a look at a router has seen.
    Raises LuxopsError for a configured key or folder that cannot be read.
    """
    makers: dict[str, Callable[[Settings], Domain]] = {
        "hosts": _hosts,
        "network": lambda settings: network_domain(settings, configurations),
        "cloud": _cloud,
    }
    return tuple(make(settings) for name, make in makers.items() if name in settings.domains)


def _hosts(settings: Settings) -> Domain:
    if settings.replay is not None:
        replay = ReplayCommandRunner(settings.replay)
        return HostsDomain(replay, replay.nonce)
    runner = SshRunner(settings.connection)
    if settings.record is None:
        return HostsDomain(runner)
    return HostsDomain(RecordingCommandRunner(runner, settings.record, lambda request: nonce_of(request.stdin)))


def network_domain(settings: Settings, configurations: Callable[[Fetched], None] | None = None) -> NetworkDomain:
    """The routers alone; see `all_domains`."""
    if settings.replay is not None:
        return NetworkDomain(ReplayDeviceRunner(settings.replay), configurations)
    runner = NetmikoRunner(settings.connection)
    chosen = runner if settings.record is None else RecordingDeviceRunner(runner, settings.record)
    kept = settings.network
    return NetworkDomain(
        chosen, configurations, lambda targets: backup_facts(kept.backups, kept.backup_limit, targets, utc_now())
    )


def _cloud(settings: Settings) -> Domain:
    from luxops.domains.cloud import recording  # noqa: PLC0415 - costs half a second that other domains need not pay
    from luxops.domains.cloud.domain import CloudDomain  # noqa: PLC0415 - same

    if settings.replay is not None:
        return CloudDomain(settings.cloud, recording.replaying(settings.replay))
    look = recording.live(settings.cloud)
    return CloudDomain(settings.cloud, look if settings.record is None else recording.recording(look, settings.record))
