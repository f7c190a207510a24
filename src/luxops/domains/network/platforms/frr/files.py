"""The files around FRR that make Debian a router: daemons, packet filter, time, log, SSH server."""

from __future__ import annotations

from collections.abc import Mapping

from luxops.domains.network.nouns import RouterDesign
from luxops.domains.network.platforms.frr.filters import render_filters
from luxops.domains.network.platforms.frr.render import render_configuration

CONFIGURATION = "/etc/frr/frr.conf"
FILTERS = "/etc/nftables.conf"
TIME = "/etc/systemd/timesyncd.conf.d/luxops.conf"
LOG = "/etc/rsyslog.d/luxops.conf"
SSH = "/etc/ssh/sshd_config.d/luxops.conf"
BANNER = "/etc/issue.net"
FORWARDING = "/etc/sysctl.d/90-luxops-router.conf"
IDLE_SECONDS = 300
LINES_SHOWN = 100
"""Of each file, when a router is asked for it. A longer one is not judged at all."""

DAEMONS = """\
bgpd=yes
bfdd=yes
vtysh_enable=yes
zebra_options="  -A 127.0.0.1 -s 90000000"
bgpd_options="   -A 127.0.0.1"
staticd_options="-A 127.0.0.1"
bfdd_options="   -A 127.0.0.1"
"""
"""Daemons not named do not run; each listens for its own command line on the loopback address alone."""

SSH_SERVER = f"""\
Banner {BANNER}
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
X11Forwarding no
AllowTcpForwarding no
ClientAliveInterval {IDLE_SECONDS}
ClientAliveCountMax 1
"""

KERNEL = """\
net.ipv4.ip_forward = 1
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.all.accept_source_route = 0
net.ipv6.conf.all.forwarding = 0
"""
"""No reverse-path check: answers may come over another core. The access lists check sources instead."""


def render_files(design: RouterDesign, password: str) -> Mapping[str, str]:
    """Path on the router → whole file."""
    return {
        CONFIGURATION: render_configuration(design, password),
        "/etc/frr/daemons": DAEMONS,
        "/etc/frr/vtysh.conf": "service integrated-vtysh-config\n",
        FILTERS: render_filters(design),
        TIME: f"[Time]\nNTP={' '.join(map(str, design.ntp))}\nFallbackNTP=\n",
        LOG: "".join(f"*.* @@{address}:514\n" for address in design.syslog),
        SSH: SSH_SERVER,
        BANNER: f"{design.banner}\n",
        FORWARDING: KERNEL,
    }
