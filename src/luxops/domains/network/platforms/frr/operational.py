"""FRR's answers in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import ip_interface
from typing import Any

from luxops.domains.network.operational import Bfd, Bgp, Interfaces, Routes
from luxops.domains.network.transcripts import ParseError

_NO_BGP = "BGP instance not found"
_BFD_STATES = {"up", "down", "init", "shutdown"}


def interfaces(text: str) -> Interfaces:
    """`show interface json`. A router without interfaces does not answer over one: nothing is an error."""
    found = _object(text)
    if not found:
        raise ParseError("no interface at all")
    return Interfaces.model_validate({"interfaces": {name: _interface(state) for name, state in found.items()}})


def _interface(state: Mapping[str, Any]) -> dict[str, Any]:
    addresses = [entry["address"] for entry in state["ipAddresses"]]
    six = [ip_interface(address) for address in addresses if ":" in address]
    return {
        "administrative": state["administrativeStatus"],
        "operational": state["operationalStatus"],
        "addresses": [address for address in addresses if ":" not in address],
        "ipv6": any(not (address.ip.is_link_local or address.ip.is_loopback) for address in six),
        "mtu": state.get("mtu"),
    }


def bgp(text: str) -> Bgp:
    """`show bgp ipv4 unicast summary json`."""
    found = _object(text)
    if "peers" not in found:
        if found and _NO_BGP not in f"{found.get('warning', '')}{found.get('message', '')}":
            raise ParseError("the BGP summary has no peers and says not why")
        return Bgp(running=False, neighbours={})
    peers = {
        address: {
            "remote_as": peer["remoteAs"],
            "state": peer["state"],
            "prefixes_received": peer["pfxRcd"],
            "prefixes_sent": peer["pfxSnt"],
        }
        for address, peer in found["peers"].items()
    }
    if len(peers) != found["totalPeers"]:
        raise ParseError("the BGP summary counts other peers than it lists")
    return Bgp.model_validate({"running": True, "neighbours": peers})


def bfd(text: str) -> Bfd:
    """`show bfd peers json`."""
    found = _json(text)
    if not isinstance(found, list):
        raise ParseError("the BFD peers are no list")
    peers = {peer["peer"]: peer["status"] for peer in found}
    if len(peers) != len(found) or not set(peers.values()) <= _BFD_STATES:
        raise ParseError("the BFD peers are garbled")
    return Bfd(peers=peers)


def routes(text: str) -> Routes:
    """`show ip route json`. At the least the loopback's own route is there."""
    found = _object(text)
    if not found:
        raise ParseError("no route at all")
    selected = {}
    for prefix, candidates in found.items():
        for candidate in candidates:
            if candidate.get("selected"):
                selected[prefix] = {
                    "protocol": candidate["protocol"],
                    "distance": candidate["distance"],
                    "installed": candidate.get("installed", False),
                    "next_hops": [
                        {"address": hop.get("ip", ""), "interface": hop.get("interfaceName", "")}
                        for hop in candidate.get("nexthops", ())
                        if hop.get("fib")
                    ],
                }
    return Routes.model_validate({"routes": selected})


def _object(text: str) -> dict[str, Any]:
    found = _json(text)
    if not isinstance(found, dict):
        raise ParseError("the answer is no JSON object")
    return found


def _json(text: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ParseError(f"the answer is no JSON: {error.msg} at character {error.pos}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError("the answer says something twice")
    return found
