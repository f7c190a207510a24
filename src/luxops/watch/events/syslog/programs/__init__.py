"""What programs and devices write when a configuration changes, one file each."""

from __future__ import annotations

from luxops.watch.events.syslog.programs.frr import Frr
from luxops.watch.events.syslog.programs.interface import Program, Told
from luxops.watch.events.syslog.programs.ios_xe import IosXe
from luxops.watch.events.syslog.programs.nft_monitor import NftMonitor
from luxops.watch.events.syslog.programs.sudo import Sudo

PROGRAMS: tuple[Program, ...] = (Frr(), IosXe(), NftMonitor(), Sudo())
"""The first that knows a message decides."""

__all__ = ["PROGRAMS", "Program", "Told"]
