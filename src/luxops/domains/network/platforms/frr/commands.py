"""What an FRR router is asked. Every command only reads, and closes with its exit status and checksum."""

from __future__ import annotations

from luxops.domains.network.platforms.frr.files import BANNER, LINES_SHOWN, LOG, SSH, TIME
from luxops.domains.network.transcripts import framed


def _vtysh(command: str) -> str:
    """Warnings are left out: whoever may not read FRR's files is told so before every answer."""
    return framed(f'{{ vtysh -c "{command}" 2>/dev/null; }}')


RUNNING = _vtysh("show running-config")
RULESET = framed("sudo -n nft list ruleset")
FILES = framed(f"head -v -n {LINES_SHOWN} {TIME} {LOG} {SSH} {BANNER}")
SOCKETS = framed("ss -Hlntu")
SHOW_INTERFACES = _vtysh("show interface json")
SHOW_BGP = _vtysh("show bgp ipv4 unicast summary json")
SHOW_BFD = _vtysh("show bfd peers json")
SHOW_ROUTES = _vtysh("show ip route json")
