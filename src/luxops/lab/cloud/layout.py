"""Where the lab's cloud is: its addresses, its namespaces, its files, and what its programs find in their environment."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from luxops.lab.cgroups import ENVIRONMENT, PREFIX
from luxops.lab.running import SWITCH
from luxops.lab.shell import LabError
from luxops.lab.state import State

REGION = "RegionOne"
ADDRESS = "127.0.77.1"
"""Every API listens here and nowhere else: all of 127.0.0.0/8 is this machine's own."""
PORTS: Mapping[str, int] = {
    "keystone": 5000,
    "placement": 8778,
    "glance": 9292,
    "neutron": 9696,
    "nova": 8774,
    "cinder": 8776,
}
IDENTITY = f"http://{ADDRESS}:{PORTS['keystone']}/v3"
ZONES: Mapping[str, str] = {"dc1": "dc1-compute1", "dc2": "dc2-compute1"}
"""Availability zone → its compute host."""
BRIDGES: Mapping[str, str] = {"physnet-dc1": "br-dc1", "physnet-dc2": "br-dc2"}
"""Physical network → the bridge that carries it, one a datacentre."""
CHASSIS = "lab-network"
"""The one OVN chassis; every port is bound to it, whichever compute host its server is on."""
SWITCH_SPACE = SWITCH
"""Namespace of ovs-vswitchd and ovn-controller: bridges and taps are born in it, never in the root namespace."""
SERVER_SPACE = f"{PREFIX}vm-"
"""Namespace of a server, before its id."""
PYTHON = "/usr/bin/python3"
"""The interpreter that Debian's OpenStack packages are installed for."""
SERVICES = Path(__file__).with_name("services")
_SOCKET_PATH = 107
"""The kernel's limit on the path of a unix socket."""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Layout:
    """Paths of the cloud below the lab's folder."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.folder = state.folder / "cloud"
        self.data = self.folder / "data"
        """Databases, Keystone's keys, images: what the bootstrapped image is a copy of."""
        self.conf = self.folder / "conf"
        self.logs = self.folder / "log"
        self.run = self.folder / "run"
        self.note = state.folder / "cloud.json"
        self.breaks_note = self.folder / "breaks.json"
        """Which breaks are in it; gone with it."""
        self.clouds_file = state.folder / "clouds.yaml"
        self.password_file = state.keys / "cloud-password"
        self.database_socket = self.run / "mysql.sock"
        self.nb_socket = self.run / "nb.sock"
        self.sb_socket = self.run / "sb.sock"
        self.switch_socket = self.run / "db.sock"

    def create(self) -> None:
        """Make the empty folders. Raises LabError where a socket in them could not be named."""
        longest = self.run / "br-dc1.snoop.long"
        if len(str(longest)) > _SOCKET_PATH:
            raise LabError(
                f"The path of {self.folder} is too long",
                why=f"unix sockets lie in it, and their paths may have {_SOCKET_PATH} characters",
                remedy="Choose a shorter folder: LUXOPS_LAB__STATE=/path",
            )
        for folder in (self.folder, self.data, self.conf, self.logs, self.run):
            folder.mkdir(mode=0o700, exist_ok=True)
        (self.folder / "pulumi").mkdir(mode=0o700, exist_ok=True)
        for name in ("mysql", "ovn", "glance", "nova", "neutron", "cinder", "lock"):
            (self.data / name).mkdir(mode=0o700, exist_ok=True)

    def password(self) -> str:
        """The one password of the cloud's accounts: made once, kept for root alone."""
        if not self.password_file.exists():
            self.password_file.touch(mode=0o600)
            self.password_file.write_text(secrets.token_urlsafe(24) + "\n")
        return self.password_file.read_text().strip()

    def environment(self) -> dict[str, str]:
        """Variables for OVN's, Open vSwitch's and OpenStack's programs; no secret among them."""
        return {
            **ENVIRONMENT,
            "OVS_RUNDIR": str(self.run),
            "OVN_RUNDIR": str(self.run),
            "OVS_LOGDIR": str(self.logs),
            "OVN_LOGDIR": str(self.logs),
            "OVN_NB_DB": f"unix:{self.nb_socket}",
            "OVN_SB_DB": f"unix:{self.sb_socket}",
            "OS_KEYSTONE_CONFIG_FILES": str(self.conf / "keystone.conf"),
            "OS_PLACEMENT_CONFIG_DIR": str(self.conf),
            "PYTHONPATH": str(SERVICES),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",
            "LUXOPS_SERVER_SPACE": SERVER_SPACE,
            "LUXOPS_SWITCH_SPACE": SWITCH_SPACE,
            "LUXOPS_CHASSIS": CHASSIS,
            "LUXOPS_COMPUTE_HOSTS": " ".join(ZONES.values()),
            "LUXOPS_WAIT_FOR": f"{ADDRESS} {PORTS['keystone']} {PORTS['placement']}",
        }


def namespace_of_server(server_id: str) -> str:
    """The network namespace that stands for a server: its NICs are in it. Raises LabError for what is no server's id."""
    if not _ID.fullmatch(server_id):
        raise LabError(f"`{server_id}` is no server's id", why="Nova's ids are lower-case UUIDs")
    return SERVER_SPACE + server_id


def owns_space(namespace: str) -> bool:
    """Whether a namespace of the lab belongs to its cloud."""
    return namespace == SWITCH_SPACE or namespace.startswith(SERVER_SPACE)
