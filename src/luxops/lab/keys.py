"""The lab's keys, for the client, each instance and each person: made once and kept, so that known_hosts stays true."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path

from luxops.lab.shell import run
from luxops.lab.state import State


def client_key(state: State) -> str:
    """Public half of the key that opens luxops' account on every instance."""
    return _pair(state.client_key, "luxops lab").read_text().strip()


def person_key(state: State, person: str) -> str:
    """Public half of a key that stands for a person of the lab's federation; the private one is `keys/person-ID`."""
    return _pair(state.keys / f"person-{person}", person).read_text().strip()


def host_key(state: State, name: str) -> Path:
    """The instance's private host key; the public half lies beside it as `.pub`."""
    key = state.keys / f"host-{name}"
    _pair(key, name)
    return key


def write_known_hosts(state: State, addresses: Mapping[str, IPv4Address]) -> None:
    """Trust exactly the lab's instances, by name and by address."""
    lines = []
    for name, address in sorted(addresses.items()):
        kind, key = _public(host_key(state, name)).read_text().split()[:2]
        lines.append(f"{name},{address} {kind} {key}\n")
    fresh = state.known_hosts.with_name(".known_hosts.new")
    fresh.write_text("".join(lines))
    fresh.replace(state.known_hosts)


def _pair(private: Path, comment: str) -> Path:
    public = _public(private)
    if not (private.exists() and public.exists()):
        private.unlink(missing_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(private))
    return public


def _public(private: Path) -> Path:
    return private.with_name(f"{private.name}.pub")
