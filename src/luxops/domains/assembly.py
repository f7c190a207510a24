"""All domains, each with its transport: real sessions, or recorded answers in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luxops.domains.hosts import HostsDomain
from luxops.domains.hosts.script import nonce_of
from luxops.domains.network import NetworkDomain
from luxops.transports.device import NetmikoRunner
from luxops.transports.recording import (
    RecordingCommandRunner,
    RecordingDeviceRunner,
    ReplayCommandRunner,
    ReplayDeviceRunner,
)
from luxops.transports.ssh import SshRunner

if TYPE_CHECKING:
    from luxops.domains.interface import Domain
    from luxops.settings import Settings


def all_domains(settings: Settings) -> tuple[Domain, ...]:
    """Every domain there is. Nothing is contacted yet.

    Raises LuxopsError for a configured key or folder that cannot be read.
    """
    if settings.replay is not None:
        replay = ReplayCommandRunner(settings.replay)
        return HostsDomain(replay, replay.nonce), NetworkDomain(ReplayDeviceRunner(settings.replay))
    ssh, devices = SshRunner(settings.connection), NetmikoRunner(settings.connection)
    if settings.record is None:
        return HostsDomain(ssh), NetworkDomain(devices)
    recorded = RecordingCommandRunner(ssh, settings.record, lambda request: nonce_of(request.stdin))
    return HostsDomain(recorded), NetworkDomain(RecordingDeviceRunner(devices, settings.record))
