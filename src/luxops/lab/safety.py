"""No lab packet ever leaves the machine: every lab prefix is unreachable in the root namespace before anything else exists."""

from __future__ import annotations

import ipaddress
import json
import socket
import sys
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

from luxops.federation import Federation
from luxops.lab.shell import LabError, attempt, run

PROTOCOL = "211"
"""Mark of the lab's routes (`ip route show proto 211`): what has it is the lab's, and nothing else is."""
_MAPPED = "0000000000000000FFFF0000"
"""An IPv4 address as part of IPv6, as /proc/net/tcp6 writes the words before it."""
_WORD = 8


def prefixes(federation: Federation) -> list[IPv4Network]:
    """Every prefix that the federation declares, merged, in order."""
    file = federation.file
    declared = [file.management.prefix, file.transit, file.loopbacks, file.services]
    declared += [hospital.prefix for hospital in federation.hospitals.values()]
    declared += [prefix for peer in file.peers for prefix in peer.prefixes]
    declared += [attachment.address.network for router in federation.routers.values() for attachment in router.peers]
    declared += [IPv4Network(address) for address in (*file.dns, *file.ntp, *file.syslog)]
    return list(ipaddress.collapse_addresses(declared))


def fence(wanted: Iterable[IPv4Network]) -> None:
    """Make the prefixes unreachable from the root namespace, and verify it. Raises LabError where that is not so."""
    prefixes = list(wanted)
    refuse_overlaps(prefixes, occupied(), [*resolvers(), *correspondents(), *mirrors()])
    lines = [f"route replace unreachable {prefix} proto {PROTOCOL}" for prefix in prefixes]
    lines += [f"route delete unreachable {prefix} proto {PROTOCOL}" for prefix in fenced() - set(prefixes)]
    run("ip", "-batch", "-", stdin="\n".join(lines) + "\n")
    verify(prefixes)


def verify(prefixes: Iterable[IPv4Network]) -> None:
    """Raises LabError unless every prefix is unreachable here and none of its addresses is this machine's."""
    wanted = set(prefixes)
    if not wanted:
        raise LabError("The federation declares no prefix", why="there is nothing that a lab could be built of")
    fences = fenced()
    if missing := sorted(prefix for prefix in wanted if not any(prefix.subnet_of(fence) for fence in fences)):
        raise LabError("Lab prefixes could leave this machine", why=f"no unreachable route for {', '.join(map(str, missing))}")
    for prefix in wanted:  # the kernel's own answer, whatever rules and tables there are
        answer = attempt("ip", "route", "get", str(prefix[-1]))
        if answer.returncode == 0:
            raise LabError(f"Packets to {prefix} could leave this machine", why=answer.stdout.strip())
    refuse_overlaps(wanted, occupied(), [])


def fenced() -> set[IPv4Network]:
    """The prefixes that the lab's routes make unreachable now."""
    routes = json.loads(run("ip", "-j", "-4", "route", "show", "type", "unreachable", "proto", PROTOCOL) or "[]")
    return {IPv4Network(route["dst"]) for route in routes}


def unfence() -> None:
    """Take the lab's routes away; the last step of `down`."""
    if fenced():
        run("ip", "-4", "route", "flush", "type", "unreachable", "proto", PROTOCOL)


def occupied() -> list[IPv4Network]:
    """What this machine uses itself: its own networks and routes, the default route and the lab's own left out."""
    addresses = json.loads(run("ip", "-j", "-4", "address", "show"))
    routes = json.loads(run("ip", "-j", "-4", "route", "show") or "[]")
    networks = [IPv4Network(info["local"]) for device in addresses for info in device["addr_info"]]
    foreign = [route for route in routes if route["dst"] != "default" and route.get("protocol") != PROTOCOL]
    networks += [IPv4Network(route["dst"]) for route in foreign]
    return networks


def resolvers(path: Path = Path("/etc/resolv.conf")) -> list[IPv4Address]:
    """The name servers of this machine, IPv4 only."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else []:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver" and ":" not in words[1]:
            found.append(IPv4Address(words[1]))
    return found


def correspondents(tables: Iterable[Path] = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))) -> list[IPv4Address]:
    """Who this machine has a TCP connection with now, whoever may be logged in from afar among them."""
    found = set()
    for table in tables:
        for line in table.read_text().splitlines()[1:] if table.exists() else []:
            remote = line.split()[2].partition(":")[0]
            # In both tables an IPv4 address is the last word, in the machine's own order; in the second one it is mapped.
            mapped = remote[-8:] if len(remote) == len(_MAPPED) + 8 and remote.startswith(_MAPPED) else remote
            if len(mapped) == _WORD:
                found.add(IPv4Address(int.from_bytes(bytes.fromhex(mapped), sys.byteorder)))
    return sorted(address for address in found if not address.is_unspecified)


def mirrors() -> list[IPv4Address]:
    """Where this machine's package archives are, as far as their names are known."""
    listing = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
    found = set()
    for host in {urlsplit(line).hostname for line in listing.splitlines()} - {None, ""}:
        try:
            found |= {info[4][0] for info in socket.getaddrinfo(host, None, socket.AF_INET)}
        except socket.gaierror:
            continue  # a name that is not known now cannot be cut off
    return sorted(IPv4Address(address) for address in found)


def refuse_overlaps(prefixes: Iterable[IPv4Network], networks: Iterable[IPv4Network], addresses: Iterable[IPv4Address]) -> None:
    """Raises LabError where a lab prefix is also part of the world this machine lives in."""
    used = [*networks, *(IPv4Network(address) for address in addresses)]
    clashes = sorted({f"{prefix} overlaps {network}" for prefix in prefixes for network in used if prefix.overlaps(network)})
    if clashes:
        raise LabError(
            "The lab's prefixes overlap what this machine uses",
            why="\n".join(clashes),
            remedy="Run the lab on another machine: its prefixes are made unreachable, and that would cut these off.",
        )
