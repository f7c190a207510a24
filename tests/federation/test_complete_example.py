"""The example federation of Luxith: whole, plausible, and large enough to be worth its name."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import IPv4Address, IPv4Network

import pytest
from tests.support.drafts import COMPLETE

from luxops.federation import Federation, load_federation
from luxops.federation.schema import Platform

HOSPITALS = {"chl", "chdn", "chem", "hrs", "rehazenter", "incci", "cfb", "chnp", "his", "lns"}
SERVICES = {
    "sirhius", "hcps", "luxfact", "anim", "mirth", "esante-dsp", "esante-mpi", "esante-hpd", "servicedesk", "telephony",
    "videoconference", "earchive", "exchange", "security",
}  # fmt: skip


@pytest.fixture(scope="module")
def federation() -> Federation:
    return load_federation(COMPLETE)


def test_every_institution_and_service_is_declared(federation: Federation) -> None:
    assert set(federation.hospitals) == HOSPITALS
    assert set(federation.services) == SERVICES
    assert set(federation.hosts) == HOSPITALS | {"luxith"}
    assert {peer.id for peer in federation.file.peers} == {"esante", "healthnet"}
    assert {router.platform for router in federation.routers.values()} == set(Platform)


def test_all_addresses_are_examples(federation: Federation) -> None:
    file = federation.file
    private, documentation = IPv4Network("10.0.0.0/8"), ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    inside = [
        file.transit,
        file.loopbacks,
        file.services,
        file.management.prefix,
        *(h.prefix for h in federation.hospitals.values()),
    ]
    assert all(prefix.subnet_of(private) for prefix in inside)
    assert {str(prefix) for peer in file.peers for prefix in peer.prefixes} <= set(documentation)
    numbers = [file.as_number, *(p.as_number for p in file.peers), *(h.as_number for h in federation.hospitals.values())]
    assert all(64512 <= number <= 65534 for number in numbers)


def test_what_the_lab_needs_is_there(federation: Federation) -> None:
    hosts = {
        host.id: (owner, group.zone, host.place, group.collector, host.address)
        for owner, file in federation.hosts.items()
        for group in file.groups
        for host in group.hosts
    }
    assert hosts["chl-pacs1"] == ("chl", "imaging", "dc1", "sudo", IPv4Address("10.16.8.10"))
    assert hosts["hrs-his1"] == ("hrs", "clinical", "campus", "sudo", IPv4Address("10.19.128.10"))
    assert hosts["anim-dc1"] == ("luxith", "archive", "dc1", "installed", IPv4Address("10.8.6.10"))
    assert hosts["mirth-dc2"] == ("luxith", "integration", "dc2", "sudo", IPv4Address("10.8.9.10"))
    lab = ("chl-edge1", "chl-edge2", "hrs-edge1", "hrs-edge2", "dc1-core1", "dc2-core1")
    assert {federation.routers[name].platform for name in lab} == {Platform.FRR}
    # The lab keeps two hospitals: each service must still have a consumer then.
    assert all({"chl", "hrs"} & set(service.consumers) for service in federation.services.values())


def test_every_service_has_a_host_in_each_of_its_datacentres(federation: Federation) -> None:
    standing = {(group.service, host.place) for group in federation.hosts["luxith"].groups for host in group.hosts}
    assert standing == {(name, place) for name, service in federation.services.items() for place in service.hosted_in.prefixes}


def test_loading_needs_no_heavy_library() -> None:
    """What makes a cold start slow must not come in with the declaration."""
    code = "import sys, luxops.federation; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"networkx", "netmiko", "paramiko", "rich", "ruamel.yaml", "sqlalchemy"} & set(loaded)
