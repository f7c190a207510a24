"""NICs of servers: a port of the OVN switch each, moved into the server's network namespace.

What a NIC needs is noted on its port in Open vSwitch, so that all can be plugged again after the switch has been restarted.
"""

import json
import logging
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

BRIDGE = "br-int"
MARK = "luxops-"
SPACES = Path("/run/netns")
LOG = logging.getLogger("nova.virt.lab")


class Nic(NamedTuple):
    """One port of the switch, as its namespace must have it."""

    device: str
    namespace: str
    mac: str
    """Empty: whatever the switch gives it."""
    mtu: str
    addresses: tuple
    gateway: str


def device_of(port):
    """The interface that carries a Neutron port."""
    return f"tap{port}"[:14]


def space_of(server):
    return os.environ["LUXOPS_SERVER_SPACE"] + server


def make_server(server):
    """The server's namespace, with nothing but its loopback."""
    namespace = space_of(server)
    if not (SPACES / namespace).exists():
        _run("ip", "netns", "add", namespace)
    _run(
        "ip",
        "netns",
        "exec",
        namespace,
        "sysctl",
        "-qw",
        "net.ipv6.conf.all.disable_ipv6=1",
        "net.ipv6.conf.default.disable_ipv6=1",
    )
    _run("ip", "-n", namespace, "link", "set", "lo", "up")


def remove_server(server):
    """End whatever runs in the server's namespace, and take it away."""
    namespace = space_of(server)
    if not (SPACES / namespace).exists():
        return
    for pid in _run("ip", "netns", "pids", namespace).split():
        subprocess.run(["kill", "-KILL", pid], check=False)
    _run("ip", "netns", "delete", namespace)


def plug(nic, port, server):
    """Make a server's NIC; repeating it changes nothing."""
    make_server(server)
    marks = {
        "iface-id": port,
        "attached-mac": nic.mac,
        "vm-uuid": server,
        f"{MARK}space": nic.namespace,
        f"{MARK}mtu": nic.mtu,
        f"{MARK}addresses": " ".join(nic.addresses),
        f"{MARK}gateway": nic.gateway,
    }
    settings = [f'external_ids:{key}="{value}"' for key, value in marks.items()]
    add = ("--may-exist", "add-port", BRIDGE, nic.device, "--", "set", "Interface", nic.device, "type=internal", *settings)
    _run("ovs-vsctl", "-t", "20", *add)
    _move(nic)


def unplug(port):
    """Take a server's NIC away, if it is there."""
    _run("ovs-vsctl", "-t", "20", "--if-exists", "del-port", BRIDGE, device_of(port))


def noted():
    """Every NIC that is in some namespace, as Open vSwitch remembers it."""
    columns = ("-f", "json", "--columns=name,external_ids", "find", "Interface", "type=internal")
    for name, (_, pairs) in json.loads(_run("ovs-vsctl", "-t", "20", *columns))["data"]:
        marks = dict(pairs)
        if f"{MARK}space" in marks:
            mtu, addresses, gateway = (marks[MARK + key] for key in ("mtu", "addresses", "gateway"))
            yield Nic(name, marks[f"{MARK}space"], marks.get("attached-mac", ""), mtu, tuple(addresses.split()), gateway)


def plug_again():
    """After a restart of the switch: it has made new taps, the namespaces still have dead ones or none."""
    for nic in noted():
        if (SPACES / nic.namespace).exists():
            _run("ip", "-n", nic.namespace, "link", "delete", nic.device, check=False)
            _move(nic)


def _move(nic):
    origin = os.environ["LUXOPS_SWITCH_SPACE"]
    if _run("ip", "-n", origin, "link", "set", nic.device, "netns", nic.namespace, check=False) is None and not _has(nic):
        raise OSError(f"{nic.device} is neither in {origin} nor in {nic.namespace}")
    lines = [f"link set {nic.device} {f'address {nic.mac} ' if nic.mac else ''}mtu {nic.mtu} up"]
    lines += [f"addr replace {address} dev {nic.device}" for address in nic.addresses]
    lines += [f"route replace default via {nic.gateway} dev {nic.device}"] if nic.gateway else []
    _run("ip", "-n", nic.namespace, "-batch", "-", stdin="\n".join(lines) + "\n")


def _has(nic):
    return _run("ip", "-n", nic.namespace, "link", "show", nic.device, check=False) is not None


def _run(*command, stdin=None, check=True):
    """Standard output; None where the command failed and that is no error."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout
    if check:
        LOG.error("%s: %s", " ".join(command), done.stderr.strip())
        raise OSError(f"{command[0]} failed: {done.stderr.strip()}")
    return None
