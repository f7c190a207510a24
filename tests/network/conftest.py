"""A small federation: two hospitals, two datacentres, one external peer, one shared service."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

import pytest

from luxops.federation import Federation, Flow, FlowEnd
from luxops.federation.schema import FederationFile, HospitalFile, LinkDeclaration, RouterDeclaration, ServiceFile
from luxops.model import Digest

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFJeeueh3cBlRqAQDTjyGbvZ6u/bIEmZ1W+yLKNy97hW"
QUOTA = {"cores": 4, "ram_gib": 16, "volumes_gib": 100}


def _hospital(name: str, octet: int, as_number: int) -> HospitalFile:
    zones = {
        "clinical": {
            "dc1": f"10.{octet}.0.0/24", "dc2": f"10.{octet}.1.0/24", "campus": f"10.{octet}.2.0/24", "data": "health",
        },
        "imaging": {"dc1": f"10.{octet}.8.0/24", "campus": f"10.{octet}.3.0/24", "data": "health"},
    }  # fmt: skip
    return HospitalFile.model_validate({
        "id": name, "name": name, "kind": "acute", "prefix": f"10.{octet}.0.0/16", "as_number": as_number, "quota": QUOTA,
        "sites": [{"id": f"{name}-main", "city": "Luxembourg", "routers": [f"{name}-edge1", f"{name}-edge2"]}], "zones": zones,
    })  # fmt: skip


def _file() -> FederationFile:
    return FederationFile.model_validate({
        "id": "luxith", "name": "Luxith", "as_number": 64512,
        "datacentres": [
            {
                "id": f"dc{n}", "name": "", "city": "", "transit": f"10.250.25{n - 1}.0/24", "gateway": f"10.250.25{n - 1}.254",
                "cores": f"10.250.25{n - 1}.253", "physical_network": f"physnet-dc{n}", "availability_zone": f"dc{n}",
            }
            for n in (1, 2)
        ],
        "cloud": {
            "region": "RegionOne", "provisioning_key": KEY, "access": {},
            "flavours": [{"id": "small", "cores": 1, "ram_gib": 1, "disk_gib": 1}],
            "images": [{"id": "debian-12", "file": "debian-12.raw", "format": "raw"}],
        },
        "management": {
            "prefix": "10.255.0.0/20", "bastions": [{"id": "bastion1", "address": "10.255.0.5", "datacentre": "dc1"}],
            "secrets": {"bgp": "env:LUXOPS_BGP"},
        },
        "transit": "10.250.0.0/16", "loopbacks": "10.254.0.0/24", "services": "10.64.0.0/12",
        "ntp": ["10.255.0.11", "10.255.0.12"], "syslog": ["10.255.0.13"],
        "peers": [{"id": "healthnet", "name": "HealthNet", "as_number": 65100, "prefixes": ["172.20.0.0/16"]}],
    })  # fmt: skip


def _router(name: str, number: int, platform: str, **more: Any) -> RouterDeclaration:  # noqa: ANN401 - fields of the declaration
    role = "core" if "core" in name else "edge"
    return RouterDeclaration.model_validate({
        "id": name, "role": role, "platform": platform, **more,
        "management": f"10.255.1.{number}", "loopback": f"10.254.0.{number}",
    })  # fmt: skip


def _edge(hospital: str, octet: int, number: int, platform: str = "frr") -> RouterDeclaration:
    lan = {"lan-clinical": f"10.{octet}.2.{number}/24", "lan-imaging": f"10.{octet}.3.{number}/24"}
    return _router(f"{hospital}-edge{number}", octet + number, platform, hospital=hospital, lan=lan)


def _routers() -> dict[str, RouterDeclaration]:
    peer = {"peer": "healthnet", "interface": "to-healthnet", "address": "192.0.2.1/31", "neighbor": "192.0.2.0"}
    routers = [
        _edge("chl", 16, 1), _edge("chl", 16, 2), _edge("hrs", 32, 1), _edge("hrs", 32, 2, "ios-xe"),
        _router("dc1-core1", 101, "frr", datacentre="dc1", transit={"transit": "10.250.250.1/24"}, peers=[peer]),
        _router("dc2-core1", 102, "frr", datacentre="dc2", transit={"transit": "10.250.251.1/24"}),
    ]  # fmt: skip
    return {router.id: router for router in routers}


def _links() -> tuple[LinkDeclaration, ...]:
    ends = [("chl-edge1", "dc1-core1"), ("chl-edge1", "dc2-core1"), ("chl-edge2", "dc2-core1"), ("hrs-edge1", "dc1-core1"),
            ("hrs-edge2", "dc2-core1"), ("dc1-core1", "dc2-core1")]  # fmt: skip
    return tuple(
        LinkDeclaration.model_validate({
            "id": f"fibre-{n}", "a": {"router": a, "interface": f"to-{b}"}, "b": {"router": b, "interface": f"to-{a}"},
            "prefix": f"10.250.0.{2 * n}/31", "shared_risks": [f"duct-{n}"],
        })
        for n, (a, b) in enumerate(ends)
    )  # fmt: skip


def _flows(hospitals: Mapping[str, HospitalFile], service: ServiceFile) -> tuple[Flow, ...]:
    def zone(owner: str, name: str) -> tuple[FlowEnd, ...]:
        places = hospitals[owner].zones[name].prefixes
        return tuple(FlowEnd(owner=owner, zone=name, place=place, prefix=prefix) for place, prefix in places.items())

    archive = tuple(
        FlowEnd.model_validate({"owner": "anim", "zone": "archive", "place": place, "prefix": prefix})
        for place in ("dc1", "dc2")
        if (prefix := getattr(service.hosted_in, place))
    )
    peer = (FlowEnd(owner="healthnet", zone="", place="external", prefix=IPv4Network("172.20.0.0/16")),)
    consumers = (*zone("chl", "imaging"), *zone("hrs", "imaging"))
    return (
        Flow(id="anim/1", sources=consumers, destinations=archive, protocol="tcp", ports=((2762, 2762),), why="store studies"),
        Flow(id="anim/2", sources=peer, destinations=archive, protocol="tcp", ports=((443, 443),), why="consult"),
        Flow(id="chl/1", sources=zone("chl", "clinical"), destinations=zone("chl", "clinical"), protocol="udp",
             ports=((5060, 5061), (10000, 10999)), why="calls"),
        Flow(id="chl/2", sources=zone("chl", "clinical"), destinations=zone("chl", "imaging"), protocol="icmp", ports=(),
             why="monitoring"),
    )  # fmt: skip


@pytest.fixture(scope="session")
def federation() -> Federation:
    hospitals = {"chl": _hospital("chl", 16, 64601), "hrs": _hospital("hrs", 32, 64602)}
    service = ServiceFile.model_validate({
        "id": "anim", "name": "Archive", "provider": "luxith", "consumers": ["chl", "hrs"], "data": "health", "flows": [],
        "hosted_in": {"zone": "archive", "dc1": "10.64.0.0/24", "dc2": "10.64.1.0/24"},
        "recovery": {"rpo": "15m", "rto": "4h"}, "profile": "dicom-archive", "quota": QUOTA,
    })  # fmt: skip
    return Federation(
        file=_file(), hospitals=hospitals, services={"anim": service}, links=_links(), routers=_routers(), hosts={},
        flows=_flows(hospitals, service), digest=Digest("sha256:" + "0" * 64),
    )  # fmt: skip
