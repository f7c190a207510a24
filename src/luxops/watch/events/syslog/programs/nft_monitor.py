"""`nft monitor` as a service: one line for each transaction of the packet filter, whoever made it.

`# new generation 15 by process 2332 (nft)`. The rules themselves, in the lines before it, say nothing more than that.
"""

from __future__ import annotations

import re

from luxops.watch.events.syslog.message import SyslogMessage
from luxops.watch.events.syslog.programs.interface import Told

PROGRAM = "nft-monitor"
_GENERATION = re.compile(r"# new generation \d{1,12} by process \d{1,10} \((.{1,32})\)")


class NftMonitor:
    name = "nft-monitor"

    def told(self, message: SyslogMessage) -> Told | None:
        if message.program != PROGRAM or not (found := _GENERATION.search(message.text, 0, 200)):
            return None
        return Told(f"the packet filter was changed by the program {found[1]}")
