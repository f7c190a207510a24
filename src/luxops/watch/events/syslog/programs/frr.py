"""FRR with `log commands`: each daemon writes down every line that it is given, with the prompt it was given at.

`bgpd[7326]: [M7Q4P-46WDR] vty[17]@(config-router)# neighbor 10.0.0.1 shutdown`. What only reads is given at `#` or `>` without
a configuration mode; `show running-config` is `vty[17]@# do write terminal`. Who types is not said: see `sudo`.
"""

from __future__ import annotations

import re

from luxops.watch.events.syslog.message import SyslogMessage
from luxops.watch.events.syslog.programs.interface import Told

_TYPED = re.compile(r"(?:^|\] |\s)vty\[\d{1,6}\]@[\w.-]{0,64}\((config[\w-]{0,40})\)#")
_FROM_FILE = re.compile(r"(?:^|\] |\s)config-from-file#")
_DAEMONS = frozenset({
    "babeld", "bfdd", "bgpd", "eigrpd", "fabricd", "isisd", "ldpd", "mgmtd", "nhrpd", "ospf6d", "ospfd", "pathd", "pbrd",
    "pim6d", "pimd", "ripd", "ripngd", "staticd", "vrrpd", "zebra",
})  # fmt: skip


class Frr:
    name = "frr"

    def told(self, message: SyslogMessage) -> Told | None:
        if message.program not in _DAEMONS:
            return None
        if typed := _TYPED.search(message.text, 0, 200):
            return Told(f"a line was given to {message.program} in mode {typed[1]}")
        return Told(f"{message.program} read a configuration file") if _FROM_FILE.search(message.text, 0, 200) else None
