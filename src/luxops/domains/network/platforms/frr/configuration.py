"""From the answers of an FRR router to its configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from luxops.domains.network.blocks import Block, canonical, flattened
from luxops.domains.network.config import ANYWHERE, AclEntry, RouterConfig
from luxops.domains.network.platforms.frr import files_read, ruleset, running
from luxops.domains.network.platforms.frr.files import BANNER
from luxops.domains.network.platforms.frr.filters import CONTROL_PLANE, SSH_PORT
from luxops.domains.network.platforms.grammar import neighbours, prefix_lists, route_maps, value_of
from luxops.domains.network.transcripts import ParseError
from luxops.federation.schema import Platform
from luxops.model import FailureReason, TargetId

_STATIC = re.compile(r"ip route (\S+) (\S+)(?: .*)?")


def configuration(body: str, rules: str, files: Mapping[str, str], sockets: str | None, target: TargetId) -> RouterConfig:
    """`sockets`: None where nothing was asked of a router, only rendered for it: then no more listens than should.

    Raises ParseError, with WRONG_TARGET where the configuration is another router's.
    """
    blocks = running.normal_form(body)
    names = {block.text.removeprefix("hostname ") for block in blocks if block.text.startswith("hostname ")}
    if names != {target}:
        raise ParseError(f"this is the configuration of `{' '.join(names)}`, not of `{target}`", FailureReason.WRONG_TARGET)
    tables = ruleset.ruleset_blocks(rules)
    acls = ruleset.access_lists(tables)
    kept = [block for block in blocks if block.words[0] not in {"frr", "hostname"} or block.text.startswith("frr defaults")]
    everything = [
        *canonical(kept),
        *ruleset.normal_form(tables),
        *files_read.file_blocks(files),
    ]
    listening = files_read.listening(sockets) if sockets is not None else [("tcp", "0.0.0.0", SSH_PORT)]  # noqa: S104 - compared, not bound
    return RouterConfig.model_validate(
        {
            "platform": Platform.FRR,
            "hostname": target,
            "version": value_of(blocks, "frr version"),
            "interfaces": _interfaces(blocks, ruleset.bindings(tables)),
            "bgp": _bgp(blocks),
            "prefix_lists": prefix_lists(blocks),
            "route_maps": route_maps(blocks),
            "acls": acls,
            "control_plane_acl": CONTROL_PLANE if CONTROL_PLANE in acls else "",
            "static_routes": [{"prefix": m[1], "next_hop": m[2]} for block in blocks if (m := _STATIC.fullmatch(block.text))],
            "users": {},
            "passwords": {b.text.rpartition(" ")[0]: "plain" for b in blocks if b.words[0] in {"password", "enable"}},
            "management": files_read.management(listening, files_read.ssh_settings(files), _ssh_sources(acls)),
            "logging_hosts": files_read.logging_hosts(files),
            "logging_level": value_of(blocks, "log syslog"),
            "ntp_servers": files_read.ntp_servers(files),
            "banner": files.get(BANNER, ""),
            "services": [],
            "lines": tuple(flattened(everything)),
        }
    )


def _interfaces(blocks: Iterable[Block], bound: Mapping[str, dict[str, str]]) -> Mapping[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {name: {} for name in bound}
    for block in blocks:
        if block.text.startswith("interface "):
            lines = [child.text for child in block.children]
            found[block.words[1]] = {
                "description": value_of(block.children, "description"),
                "addresses": [line.split()[2] for line in lines if line.startswith("ip address ")],
                "shutdown": "shutdown" in lines,
            }
    for name, ways in bound.items():
        found[name] |= {f"acl_{way}": acl for way, acl in ways.items()}
    return found


def _bgp(blocks: Iterable[Block]) -> dict[str, Any] | None:
    block = next((b for b in blocks if re.fullmatch(r"router bgp \d+", b.text)), None)
    if block is None:
        return None
    family = next((b.children for b in block.children if b.text == "address-family ipv4 unicast"), [])
    lines, family_lines = [b.text for b in block.children], [b.text for b in family]
    return {
        "as_number": int(block.words[2]),
        "router_id": value_of(block.children, "bgp router-id") or None,
        "log_neighbour_changes": "bgp log-neighbor-changes" in lines,
        "default_ipv4_unicast": "no bgp default ipv4-unicast" not in lines,
        "requires_policy": "no bgp ebgp-requires-policy" not in lines,
        "networks": [line.split()[1] for line in family_lines if line.startswith("network ")],
        "redistributed": [line.removeprefix("redistribute ") for line in family_lines if line.startswith("redistribute ")],
        "neighbours": neighbours((*lines, *family_lines)),
    }


def _ssh_sources(acls: Mapping[str, Sequence[AclEntry]]) -> tuple[str, ...]:
    """From where the router's own filter lets SSH in; anywhere, where there is no filter or it has a rule for all."""
    if CONTROL_PLANE not in acls:
        return (f"{ANYWHERE}",)
    return tuple(
        f"{entry.source}"
        for entry in acls[CONTROL_PLANE]
        if entry.action == "permit" and not entry.established and entry.interface != "lo" and _reaches_ssh(entry)
    )


def _reaches_ssh(entry: AclEntry) -> bool:
    if entry.protocol not in {"tcp", "ip", "other"}:
        return False
    low, high = entry.destination_ports or (0, 65535)
    return low <= SSH_PORT <= high and entry.source_ports is None
