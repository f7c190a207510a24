"""All domains, each with its transport: real sessions, or recorded answers in their place."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from luxops.domains.hosts.domain import HostsDomain
from luxops.domains.network import NetworkDomain
from luxops.model import TargetId
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
    issued: dict[TargetId, str] = {}

    def nonce(target: TargetId) -> str:
        issued[target] = secrets.token_hex(16)
        return issued[target]

    recorded = RecordingCommandRunner(ssh, settings.record, lambda request: issued[request.target])
    return HostsDomain(recorded, nonce), NetworkDomain(RecordingDeviceRunner(devices, settings.record))
