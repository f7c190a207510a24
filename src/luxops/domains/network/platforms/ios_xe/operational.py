"""IOS-XE's tables of what it is doing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from typing import Any

from luxops.domains.network.operational import Bfd, Bgp, Interfaces, Routes
from luxops.domains.network.transcripts import ParseError

NO_BGP = "% BGP not active"
_INTERFACE = re.compile(r"(\S+) is (administratively down|down|up|reset|deleted), line protocol is (up|down)(?: .*)?")
_ADDRESS = re.compile(r" +Internet address is (\d[\d./]+)")
_MTU = re.compile(r" +MTU (\d+) bytes, .*")
_BGP_HEADER = re.compile(r"Neighbor +V +AS +MsgRcvd +MsgSent +TblVer +InQ +OutQ +Up/Down +State/PfxRcd *")
_BGP_PEER = re.compile(r"([\d.]+) +4 +(\d+)(?: +\d+){5} +\S+ +(\S+(?: \(\S+\))?) *")
_BFD_HEADER = re.compile(r"NeighAddr +LD/RD +RH/RS +State(?: +Int)? *")
_BFD_PEER = re.compile(r"([\d.]+) +\d+/\d+ +\S+ +(Up|Down|Init|AdminDown)(?: +\S+)? *")
_BFD_TITLES = re.compile(r"IPv[46] (?:Multihop )?Sessions *")
_SUBNETTED = re.compile(r" +[\d.]+/(\d+) is subnetted, .*")
_VARIABLY = re.compile(r" +[\d.]+/\d+ is variably subnetted, .*")
_ROUTE = re.compile(
    r"([A-Za-z])[* ]{1,2}(?:[A-Z0-9]{2})? +([\d.]+)(?:/(\d+))? (?:\[(\d+)/\d+\] via ([\d.]+)|is directly connected)(.*)"
)
_FURTHER = re.compile(r" +\[\d+/\d+\] via ([\d.]+)(.*)")
_PROTOCOLS = {"C": "connected", "L": "local", "S": "static", "B": "bgp", "O": "ospf", "R": "rip", "D": "eigrp", "i": "isis"}


def interfaces(text: str) -> Interfaces:
    """`show interfaces`. At least one answers over: none is an error."""
    found: dict[str, dict[str, Any]] = {}
    current: dict[str, Any] = {}
    for line in text.split("\n"):
        if line and not line.startswith(" "):
            if not (match := _INTERFACE.fullmatch(line)):
                raise ParseError("an interface's first line is garbled")
            current = {
                "administrative": "down" if match[2] == "administratively down" else "up",
                "operational": match[3], "addresses": [], "ipv6": False, "mtu": None,
            }  # fmt: skip
            if found.setdefault(match[1], current) is not current:
                raise ParseError(f"{match[1]} is listed twice")
        elif match := _ADDRESS.fullmatch(line):
            current["addresses"].append(match[1])
        elif match := _MTU.fullmatch(line):
            current["mtu"] = int(match[1])
    if not found:
        raise ParseError("no interface at all")
    return Interfaces.model_validate({"interfaces": found})


def bgp(text: str) -> Bgp:
    """`show bgp ipv4 unicast summary`. How many prefixes were sent is not in it."""
    if text.startswith(NO_BGP):
        return Bgp(running=False, neighbours={})
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or not lines[0].startswith("BGP router identifier "):
        raise ParseError("the BGP summary does not begin as one")
    start = next((place for place, line in enumerate(lines) if _BGP_HEADER.fullmatch(line)), None)
    peers = {}
    for line in lines[start + 1 :] if start is not None else ():
        if not (match := _BGP_PEER.fullmatch(line)):
            raise ParseError("a line of the BGP summary is garbled")
        established = match[3].isdecimal()
        peers[match[1]] = {
            "remote_as": int(match[2]),
            "state": "Established" if established else match[3],
            "prefixes_received": int(match[3]) if established else 0,
            "prefixes_sent": None,
        }
    return Bgp.model_validate({"running": True, "neighbours": peers})


def bfd(text: str) -> Bfd:
    """`show bfd neighbors`."""
    peers = {}
    for line in text.split("\n"):
        if not line.strip() or _BFD_HEADER.fullmatch(line) or _BFD_TITLES.fullmatch(line):
            continue
        if not (match := _BFD_PEER.fullmatch(line)):
            raise ParseError("a line of the BFD neighbours is garbled")
        peers[match[1]] = {"AdminDown": "shutdown"}.get(match[2], match[2].lower())
    return Bfd(peers=peers)


def routes(text: str) -> Routes:
    """`show ip route`, its legend left out. A router has at least the route to its own loopback."""
    found = dict(_routes(text.split("\n")))
    if not found:
        raise ParseError("no route at all")
    return Routes.model_validate({"routes": found})


def _routes(lines: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    starts = [place for place, line in enumerate(lines) if line.startswith("Gateway of last resort ")]
    if not starts:
        raise ParseError("the routing table does not begin as one")
    length = ""
    hops: list[dict[str, str]] = []
    for line in lines[starts[0] + 1 :]:
        if not line.strip() or _VARIABLY.fullmatch(line):
            continue
        if match := _SUBNETTED.fullmatch(line):
            length = match[1]
        elif match := _ROUTE.fullmatch(line):
            hops = [_hop(match[5], match[6])]
            route = {"distance": int(match[4] or 0), "installed": True, "next_hops": hops}
            yield f"{IPv4Address(match[2])}/{match[3] or length}", route | {"protocol": _PROTOCOLS.get(match[1], match[1])}
        elif match := _FURTHER.fullmatch(line):
            hops.append(_hop(match[1], match[2]))
        else:
            raise ParseError("a line of the routing table is garbled")


def _hop(address: str | None, rest: str) -> dict[str, str]:
    words = [word.strip() for word in rest.split(",")]
    interface = next((word for word in reversed(words) if re.fullmatch(r"[A-Za-z][\w./-]*\d", word)), "")
    return {"address": address or "", "interface": interface}
