"""Flows: what their names resolve to, and what they carry."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from tests.support.drafts import COMPLETE, SMALL, Draft

from luxops.federation import WELL_KNOWN, Federation, Flow, load_federation
from luxops.federation.schema import ServicePorts


@pytest.fixture(scope="module")
def small() -> Federation:
    return load_federation(SMALL)


def _flow(federation: Federation, name: str) -> Flow:
    return next(flow for flow in federation.flows if flow.id == name)


def _ends(flow: Flow) -> tuple[list[str], list[str]]:
    sources, destinations = (
        [f"{end.owner}.{end.zone}@{end.place} {end.prefix}" for end in side] for side in (flow.sources, flow.destinations)
    )
    return sources, destinations


def test_flows_are_numbered_from_one_in_the_order_of_files(small: Federation) -> None:
    assert [flow.id for flow in small.flows] == ["chl/1", "chl/2", "anim/1", "anim/2", "anim/3", "mirth/1", "mirth/2"]
    assert _flow(small, "anim/2").origin == "anim"


def test_a_bare_zone_is_the_hospitals_own_at_all_its_places_unless_one_is_named(small: Federation) -> None:
    assert _ends(_flow(small, "chl/1")) == (["chl.imaging@campus 10.16.136.0/21"], ["chl.imaging@dc1 10.16.8.0/22"])
    assert _ends(_flow(small, "chl/2")) == (
        ["chl.clinical@dc1 10.16.0.0/22", "chl.clinical@campus 10.16.128.0/21"],
        ["hrs.clinical@dc1 10.19.0.0/22"],
    )


def test_consumers_stand_for_that_zone_of_each(small: Federation) -> None:
    assert _ends(_flow(small, "anim/1")) == (
        [
            "chl.clinical@dc1 10.16.0.0/22",
            "chl.clinical@campus 10.16.128.0/21",
            "hrs.clinical@dc1 10.19.0.0/22",
            "hrs.clinical@campus 10.19.128.0/21",
        ],
        ["anim.archive@dc1 10.8.6.0/24", "anim.archive@dc2 10.8.7.0/24"],
    )
    assert _ends(_flow(small, "mirth/2"))[1] == ["chl.clinical@campus 10.16.128.0/21"]


def test_a_service_and_a_peer_are_named_by_id(small: Federation) -> None:
    assert _ends(_flow(small, "mirth/1")) == (
        ["mirth.integration@dc2 10.8.9.0/24"],
        ["anim.archive@dc1 10.8.6.0/24", "anim.archive@dc2 10.8.7.0/24"],
    )
    assert _ends(_flow(small, "anim/3"))[0] == ["esante.@external 192.0.2.0/24", "esante.@external 198.51.100.0/25"]


def test_what_a_flow_carries(small: Federation) -> None:
    carried = {flow.id: (flow.protocol, flow.ports) for flow in small.flows}
    assert carried["chl/1"] == ("tcp", ((104, 104), (11112, 11112)))
    assert carried["chl/2"] == ("tcp", ((8443, 8443), (9000, 9010)))
    assert carried["mirth/2"] == ("icmp", ())


def test_every_service_name_has_its_ports() -> None:
    assert set(WELL_KNOWN) == set(ServicePorts)
    assert [name for name, (_, ports) in WELL_KNOWN.items() if not ports] == [ServicePorts.ICMP_ECHO]
    assert WELL_KNOWN[ServicePorts.RTP] == ("udp", ((10000, 20000),))


def test_flows_touching_a_prefix(small: Federation) -> None:
    def touching(prefix: str) -> list[str]:
        return [flow.id for flow in small.flows_touching(IPv4Network(prefix))]

    assert touching("10.16.8.10/32") == ["chl/1"]
    assert touching("10.19.0.0/16") == ["chl/2", "anim/1"]
    assert touching("192.0.2.7/32") == ["anim/3"]
    assert touching("172.16.0.0/12") == []


def test_a_flow_whose_file_names_itself_by_id_is_the_same(draft: Draft) -> None:
    """`chl.imaging` in CHL's own file means what `imaging` means there."""
    before = load_federation(draft.folder).flows
    draft.edit("hospitals/chl.yaml", "from: imaging@campus", "from: chl.imaging@campus")
    assert load_federation(draft.folder).flows == before


def test_the_complete_example_resolves_every_flow() -> None:
    federation = load_federation(COMPLETE)
    declared = sum(len(h.flows) for h in federation.hospitals.values()) + sum(
        len(s.flows) for s in federation.services.values()
    )
    assert len(federation.flows) == declared
    assert declared > 150
    for flow in federation.flows:
        assert flow.sources
        assert flow.destinations
        assert flow.ports or flow.protocol == "icmp"
