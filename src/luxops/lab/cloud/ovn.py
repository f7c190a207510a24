"""Open Virtual Network: two databases, a translator, and one chassis whose switch runs in a namespace of its own.

The switch forwards in user space, so no kernel module is needed.
"""

from __future__ import annotations

from ipaddress import IPv4Interface

from luxops.lab import reach
from luxops.lab.cloud.layout import BRIDGES, CHASSIS, PYTHON, SERVICES, SWITCH_SPACE, ZONES, Layout
from luxops.lab.cloud.processes import launch
from luxops.lab.shell import LabError, attempt, run
from luxops.lab.wiring import NAME_MAX

SECONDS = 30.0
QUIET = "-vconsole:err"
MTU = 1500
MAPPINGS = ",".join(f"{network}:{bridge}" for network, bridge in BRIDGES.items())
OPTIONS = f"enable-chassis-as-gw,availability-zones={':'.join(ZONES)}"
PARTS = ("cloud-ovn-nb", "cloud-ovn-sb", "cloud-ovs-db", "cloud-ovn-northd", "cloud-ovs-vswitchd", "cloud-ovn-controller")
"""Cgroups of its processes."""


def start(layout: Layout) -> None:
    """Start everything; it is ready when `registered` holds. Raises LabError."""
    _databases(layout)
    run("ip", "netns", "add", SWITCH_SPACE)
    run("ip", "-n", SWITCH_SPACE, "link", "set", "lo", "up")
    quiet = "net.ipv6.conf.default.disable_ipv6=1"
    run("ip", "netns", "exec", SWITCH_SPACE, "sysctl", "-qw", quiet)
    _configure_switch(layout)
    variables = layout.environment()
    nb, sb, switch = variables["OVN_NB_DB"], variables["OVN_SB_DB"], f"unix:{layout.switch_socket}"
    inside = ["ip", "netns", "exec", SWITCH_SPACE]
    keep = [PYTHON, str(SERVICES / "keep_switch.py"), SWITCH_SPACE]
    commands = {
        "cloud-ovn-northd": ["ovn-northd", f"--ovnnb-db={nb}", f"--ovnsb-db={sb}", f"--unixctl={layout.run}/northd.ctl", QUIET],
        "cloud-ovs-vswitchd": [
            *(*keep, "ovs-vswitchd", switch, "--disable-system", f"--unixctl={layout.run}/vswitchd.ctl", QUIET)
        ],
        "cloud-ovn-controller": [*inside, "ovn-controller", switch, QUIET],
    }
    for name, command in commands.items():
        launch(layout, name, command)


def register(layout: Layout) -> None:
    """Wait for the chassis, and make it known to Neutron. Raises LabError."""

    def registered() -> bool:
        return attempt("ovn-sbctl", "-t", "10", "get", "Chassis", CHASSIS, "name", env=layout.environment()).returncode == 0

    reach.wait_for({"the OVN chassis": registered}, SECONDS, lambda _: None)
    # This Neutron reads the chassis' external_ids; this OVN writes other_config only.
    pairs = {"ovn-bridge-mappings": MAPPINGS, "ovn-cms-options": OPTIONS}
    settings = [f'external_ids:{key}="{value}"' for key, value in pairs.items()]
    run("ovn-sbctl", "-t", "10", "set", "Chassis", CHASSIS, *settings, env=layout.environment())


def attach(layout: Layout, datacentre: str, interface: str, namespace: str, *addresses: IPv4Interface) -> None:
    """Give a namespace an interface on a datacentre's physical network, up and with these addresses. Raises LabError.

    It is a port of the switch itself, so checksums are right without further ado; after a restart of the switch it comes back.
    """
    bridge = BRIDGES.get(f"physnet-{datacentre}")
    if bridge is None or len(interface) > NAME_MAX:
        raise LabError(
            f"`{interface}` cannot be attached to `{datacentre}`", why=f"known: {', '.join(BRIDGES)}; names are short"
        )
    marks = {"space": namespace, "mtu": MTU, "addresses": " ".join(map(str, addresses)), "gateway": ""}
    settings = [f'external_ids:luxops-{key}="{value}"' for key, value in marks.items()]
    command = ["--may-exist", "add-port", bridge, interface, "--", "set", "Interface", interface, "type=internal", *settings]
    run("ovs-vsctl", "-t", "20", *command, env=layout.environment())
    run("ip", "-n", SWITCH_SPACE, "link", "set", interface, "netns", namespace)
    lines = [f"link set {interface} mtu {MTU} up", *(f"addr add {address} dev {interface}" for address in addresses)]
    run("ip", "-n", namespace, "-batch", "-", stdin="\n".join(lines) + "\n")


def _databases(layout: Layout) -> None:
    schemas = {
        "cloud-ovn-nb": (layout.data / "ovn/nb.db", layout.nb_socket, "/usr/share/ovn/ovn-nb.ovsschema"),
        "cloud-ovn-sb": (layout.data / "ovn/sb.db", layout.sb_socket, "/usr/share/ovn/ovn-sb.ovsschema"),
        "cloud-ovs-db": (layout.run / "conf.db", layout.switch_socket, "/usr/share/openvswitch/vswitch.ovsschema"),
    }
    for name, (file, socket, schema) in schemas.items():
        if not file.exists():
            run("ovsdb-tool", "create", str(file), schema)
        control = f"--unixctl={layout.run}/{name}.ctl"
        command = ["ovsdb-server", str(file), f"--remote=punix:{socket}", control, QUIET]
        launch(layout, name, command)
    waits = {name: socket.exists for name, (_, socket, _) in schemas.items()}
    reach.wait_for(waits, SECONDS, lambda _: None)


def _configure_switch(layout: Layout) -> None:
    variables = layout.environment()
    run("ovn-nbctl", "-t", "10", "--no-wait", "init", env=variables)
    run("ovn-sbctl", "-t", "10", "init", env=variables)
    run("ovs-vsctl", "-t", "10", "--no-wait", "init", env=variables)
    identity = {
        "system-id": CHASSIS,
        "hostname": CHASSIS,
        "ovn-remote": variables["OVN_SB_DB"],
        "ovn-encap-type": "geneve",
        "ovn-encap-ip": "127.0.0.1",  # of the switch's own namespace: there is no second chassis to tunnel to
        "ovn-bridge-mappings": MAPPINGS,
        "ovn-cms-options": OPTIONS,
        "ovn-monitor-all": "true",
        "ovn-bridge-datapath-type": "netdev",
    }
    settings = [f'external_ids:{key}="{value}"' for key, value in identity.items()]
    bridges: list[str] = []
    for bridge in ("br-int", *BRIDGES.values()):
        bridges += ["--", "--may-exist", "add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=netdev"]
    bridges += ["--", "set", "bridge", "br-int", "fail-mode=secure"]
    run("ovs-vsctl", "-t", "10", "--no-wait", "set", "Open_vSwitch", ".", *settings, *bridges, env=variables)
