from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from luxops.federation import Federation
from luxops.lab import inventory, prepare, wiring
from luxops.lab.state import State

SOURCE = Path(__file__).parents[2] / "inventory"


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Federation:
    state = State(tmp_path_factory.mktemp("state") / "lab")
    state.create()
    return inventory.derive(SOURCE, state)


@pytest.fixture(scope="module")
def plan(federation: Federation) -> wiring.Wiring:
    return wiring.plan(federation, inventory.HOSTS, inventory.ROUTERS)


def _ports(plan: wiring.Wiring) -> list[wiring.Port]:
    return [port for cable in plan.cables for port in (cable.a, cable.b)]


def test_everything_is_in_a_namespace_of_the_lab(plan: wiring.Wiring) -> None:
    assert len(plan.namespaces) == len(set(plan.namespaces)) >= 14
    assert all(name.startswith("luxops-") for name in plan.namespaces)
    used = {port.namespace for port in _ports(plan)} | {b.namespace for b in plan.bridges} | {r.namespace for r in plan.routes}
    assert used <= set(plan.namespaces)


def test_interface_names_are_the_kernels_length_and_unique_in_their_namespace(plan: wiring.Wiring) -> None:
    names = [(port.namespace, port.interface) for port in _ports(plan)] + [(b.namespace, b.name) for b in plan.bridges]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert [name for _, name in names if len(name) > wiring.NAME_MAX] == []


def test_no_address_is_given_twice(plan: wiring.Wiring) -> None:
    given = Counter(address.ip for port in _ports(plan) for address in port.addresses)
    given.update(address.ip for bridge in plan.bridges for address in bridge.addresses)
    assert [address for address, count in given.items() if count > 1] == []


def test_each_router_has_its_declared_interfaces_and_addresses(plan: wiring.Wiring, federation: Federation) -> None:
    for router in federation.routers.values():
        here = {p.interface: p.addresses for p in _ports(plan) if p.namespace == f"luxops-{router.id}"}
        wanted = {**router.lan, **router.transit}
        assert {name: here[name][0] for name in wanted} == wanted
        assert here["mgmt0"][0].ip == router.management
        links = federation.links_of(router.id)
        assert links
        for link in links:
            lower = link.a.router == router.id
            interface = (link.a if lower else link.b).interface
            assert here[interface][0].ip == (link.prefix[0] if lower else link.prefix[1])


def test_each_link_can_be_cut_by_itself(plan: wiring.Wiring, federation: Federation) -> None:
    assert set(plan.fibres) == {link.id for link in federation.links}
    ports = [port for pair in plan.fibres.values() for port in pair]
    assert len(ports) == len(set(ports)) == 2 * len(federation.links)


def test_each_host_stands_in_its_zone_with_a_way_out_that_someone_answers(plan: wiring.Wiring, federation: Federation) -> None:
    owned = {address.ip for port in _ports(plan) for address in port.addresses}
    owned |= {address.ip for bridge in plan.bridges for address in bridge.addresses}
    for name in inventory.HOSTS:
        host = wiring.host_of(federation, name)
        nic = next(p for p in _ports(plan) if (p.namespace, p.interface) == (f"luxops-{name}", "eth0"))
        assert nic.addresses[0].ip == host.address
        gateways = [route.via for route in plan.routes if route.namespace == f"luxops-{name}"]
        assert gateways
        assert all(gateway in owned and gateway in nic.addresses[0].network for gateway in gateways)


def test_only_routers_and_the_clouds_pass_packets_on(plan: wiring.Wiring) -> None:
    assert {name.removeprefix("luxops-") for name in plan.forwarding} == {*inventory.ROUTERS, "cloud-dc1", "cloud-dc2"}


def test_a_lab_of_hosts_alone_has_no_fibre(federation: Federation) -> None:
    plan = wiring.plan(federation, inventory.HOSTS, ())
    assert wiring.FIBRE not in plan.namespaces
    assert plan.fibres == {}


def test_a_hosts_packet_filter_lets_in_exactly_the_declared_flows_to_it(federation: Federation) -> None:
    place = prepare.place_of(federation, "anim-dc1")
    flows = list(prepare.flows_to(federation, place))
    assert {flow.id for flow in flows} == {"anim/1", "anim/2"}
