from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxops.federation import load_federation
from luxops.lab import inventory, safety
from luxops.lab.shell import LabError
from luxops.lab.state import State

ROOT = Path(__file__).parents[2]
NETWORK = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False),
    st.integers(0, 2**32 - 1).map(IPv4Address),
    st.integers(8, 32),
)


def test_every_declared_prefix_is_fenced() -> None:
    federation = load_federation(ROOT / "inventory")
    fences = safety.prefixes(federation)
    file = federation.file
    declared = [file.management.prefix, file.transit, file.loopbacks, file.services]
    declared += [hospital.prefix for hospital in federation.hospitals.values()]
    declared += [prefix for peer in file.peers for prefix in peer.prefixes]
    addresses = [router.management for router in federation.routers.values()]
    addresses += [router.loopback for router in federation.routers.values()]
    addresses += [host.management for hosts in federation.hosts.values() for group in hosts.groups for host in group.hosts]
    addresses += [*file.dns, *file.ntp, *file.syslog]
    assert len(addresses) > 50
    declared += [IPv4Network(address) for address in addresses]
    assert [prefix for prefix in declared if not any(prefix.subnet_of(fence) for fence in fences)] == []


def test_an_overlap_with_a_network_of_the_machine_is_refused_and_named() -> None:
    with pytest.raises(LabError) as refused:
        safety.refuse_overlaps([IPv4Network("10.16.0.0/16")], [IPv4Network("10.16.3.0/24")], [])
    assert "10.16.0.0/16 overlaps 10.16.3.0/24" in refused.value.why


def test_a_name_server_inside_a_lab_prefix_is_refused() -> None:
    with pytest.raises(LabError, match="overlap"):
        safety.refuse_overlaps([IPv4Network("10.255.0.0/20")], [], [IPv4Address("10.255.0.53")])


@given(st.lists(NETWORK, max_size=5), st.lists(NETWORK, max_size=5))
def test_refusal_is_exactly_overlap(prefixes: list[IPv4Network], used: list[IPv4Network]) -> None:
    overlap = any(prefix.overlaps(network) for prefix in prefixes for network in used)
    try:
        safety.refuse_overlaps(prefixes, used, [])
    except LabError:
        assert overlap
    else:
        assert not overlap


def test_no_prefix_at_all_is_never_fenced_in() -> None:
    with pytest.raises(LabError, match="declares no prefix"):
        safety.verify([])


def test_name_servers_are_read_ipv4_only(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# nameserver 10.0.0.1\nsearch example\nnameserver 192.0.2.53\nnameserver fd00::53\n")
    assert safety.resolvers(file) == [IPv4Address("192.0.2.53")]
    assert safety.resolvers(tmp_path / "none") == []


@pytest.mark.slow
def test_external_peers_are_no_part_of_the_lab_and_not_fenced(tmp_path: Path) -> None:
    whole = load_federation(ROOT / "inventory")
    state = State(tmp_path / "lab")
    state.create()
    fences = safety.prefixes(inventory.derive(ROOT / "inventory", state))
    foreign = [prefix for peer in whole.file.peers for prefix in peer.prefixes]
    assert foreign
    assert not [fence for fence in fences if any(fence.overlaps(prefix) for prefix in foreign)]


def test_who_is_connected_from_afar_is_found_in_the_kernels_tables(tmp_path: Path) -> None:
    four, six = tmp_path / "tcp", tmp_path / "tcp6"
    four.write_text(
        "  sl  local_address rem_address   st\n   0: 00000000:0016 00000000:0000 0A\n   1: 020200C0:0016 0A80130A:D2F0 01\n"
    )
    six.write_text(
        "  sl  local_address remote_address st\n"
        "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A\n"
        "   1: 0000000000000000FFFF0000020200C0:0016 0000000000000000FFFF00000B80130A:D2F1 01\n"
        "   2: 000000FD000000000000000002000000:0016 000000FD000000000000000001000000:D2F1 01\n"
    )
    assert safety.correspondents([four, six, tmp_path / "none"]) == [IPv4Address("10.19.128.10"), IPv4Address("10.19.128.11")]
