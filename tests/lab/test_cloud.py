from __future__ import annotations

import http.client
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import openstack
import pytest
from tests.support.lab import ROOT, luxops

from luxops.lab import bringup, cgroups, cloud, instance, safety, wiring
from luxops.lab.cloud import packages, processes
from luxops.lab.cloud.layout import ADDRESS, PORTS, SWITCH_SPACE, ZONES, owns_space
from luxops.lab.lab import Lab, Part
from luxops.lab.running import active
from luxops.lab.shell import LabError, run
from luxops.settings import Settings

pytestmark = pytest.mark.lab
DECLARED, UNDECLARED = 443, 22
TRANSFER = IPv4Network("10.255.10.0/29")


@pytest.fixture(scope="module")
def the_cloud() -> Iterator[Lab]:
    """This machine's lab with hosts and a cloud. What was up before is up afterwards, and nothing else."""
    if lacking := packages.lacking():
        pytest.skip("no cloud here: " + "; ".join(lacking))
    lab = Lab(Settings().lab.state, lambda _: None)
    before: set[Part] = {member.kind for member in lab.noted()} if lab.stands() else set()
    before |= {"cloud"} if lab.cloud.stands() else set()
    bringup.up(lab, ROOT / "inventory", ["host", "cloud"])
    yield lab
    if not before:
        lab.down()
        return
    if "cloud" not in before:
        lab.cloud.clear()
    if before == {"cloud"}:
        lab.clear()
    bringup.up(lab, ROOT / "inventory", sorted(before))


def _connect(lab: Lab) -> Any:  # noqa: ANN401 - its proxies differ by version, and their types say all versions
    os.environ["OS_CLIENT_CONFIG_FILE"] = str(lab.cloud.layout.clouds_file)
    return openstack.connect(cloud="lab")


@dataclass
class Tenant:
    """A project with a network behind a router of its own, and a server in each datacentre."""

    project: str
    router: str
    subnet: IPv4Network
    servers: list[str]


class Builder:
    """What the tests put into the cloud; `remove` takes it out again."""

    def __init__(self, lab: Lab) -> None:
        self.admin = _connect(lab)
        self.flavour = self.admin.compute.create_flavor(name="test", ram=64, vcpus=1, disk=1)
        self.image = self.admin.create_image(
            "test", data=b"\0" * 4096, disk_format="raw", container_format="bare", visibility="public", wait=True
        )
        self.tenants: list[Tenant] = []

    def tenant(self, name: str, subnet: IPv4Network, let_in: IPv4Network) -> Tenant:
        project = self.admin.identity.create_project(name=name, domain_id="default")
        user = self.admin.current_user_id
        self.admin.identity.assign_project_role_to_user(project, user, self.admin.identity.find_role("admin"))
        scoped = self.admin.connect_as_project(project)
        network = scoped.network.create_network(name=name)
        made = scoped.network.create_subnet(network_id=network.id, name=name, ip_version=4, cidr=str(subnet))
        router = scoped.network.create_router(name=name, availability_zone_hints=["dc1"])
        scoped.network.add_interface_to_router(router, made.id)
        group = scoped.network.create_security_group(name=name)
        rule = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "remote_ip_prefix": str(let_in)}
        scoped.network.create_security_group_rule(
            security_group_id=group.id, port_range_min=DECLARED, port_range_max=DECLARED, **rule
        )
        servers = []
        for number, zone in enumerate(ZONES):
            fixed = [{"subnet_id": made.id, "ip_address": str(subnet[10 + number])}]
            port = scoped.network.create_port(
                network_id=network.id, name=f"{name}-{zone}", security_group_ids=[group.id], fixed_ips=fixed
            )
            server = scoped.compute.create_server(
                name=f"{name}-{zone}",
                flavor_id=self.flavour.id,
                image_id=self.image.id,
                networks=[{"port": port.id}],
                availability_zone=zone,
            )
            servers.append(scoped.compute.wait_for_server(server, interval=0.3).id)
        self.tenants.append(Tenant(project.id, router.id, subnet, servers))
        return self.tenants[-1]

    def join(self, one: Tenant, other: Tenant) -> None:
        """A network between the routers of two tenants, and a route each way."""
        network = self.admin.network.create_network(name="transfer")
        subnet = self.admin.network.create_subnet(
            network_id=network.id, name="transfer", ip_version=4, cidr=str(TRANSFER), gateway_ip=None, enable_dhcp=False
        )
        for number, (here, there) in enumerate(((one, other), (other, one))):
            fixed = [{"subnet_id": subnet.id, "ip_address": str(TRANSFER[2 + number])}]
            port = self.admin.network.create_port(network_id=network.id, name=f"transfer-{number}", fixed_ips=fixed)
            self.admin.network.add_interface_to_router(here.router, None, port.id)
            route = {"destination": str(there.subnet), "nexthop": str(TRANSFER[3 - number])}
            self.admin.network.update_router(here.router, routes=[route])


@dataclass
class Two:
    admin: Any
    builder: Builder
    red: Tenant
    blue: Tenant


@pytest.fixture(scope="module")
def two(the_cloud: Lab) -> Two:
    """Two tenants that let each other in on one port, with servers that answer there and on another."""
    builder = Builder(the_cloud)
    both = IPv4Network("10.16.0.0/15")
    red = builder.tenant("red", IPv4Network("10.16.0.0/22"), both)
    blue = builder.tenant("blue", IPv4Network("10.17.0.0/22"), both)
    for server in (*red.servers, *blue.servers):
        cloud.listen(the_cloud.cloud.layout, server, DECLARED, UNDECLARED)
    return Two(builder.admin, builder, red, blue)


def _eventually(source: str, address: str, port: int) -> bool:
    """Rules take a moment until the switch has them."""
    return any(cloud.connects(source, address, port) for _ in range(5))


def test_up_again_changes_nothing(the_cloud: Lab) -> None:
    before = {name: cgroups.processes_of(name) for name in processes.names()}
    assert bringup.up(the_cloud, ROOT / "inventory", ["cloud"]) is False
    assert {name: cgroups.processes_of(name) for name in processes.names()} == before
    assert {service.state for service in the_cloud.cloud.status()} == {"running"}


def test_hosts_and_routers_stay_as_they_are_while_the_cloud_is_made_afresh(the_cloud: Lab) -> None:
    before = {status.name: status.pid for status in the_cloud.status()}
    victim = min(cgroups.processes_of("cloud-glance"))
    os.kill(victim, signal.SIGKILL)
    while cgroups.processes_of("cloud-glance"):
        time.sleep(0.02)
    assert {s.name for s in the_cloud.cloud.status() if s.state != "running"} == {"glance"}
    assert luxops("lab", "status").returncode == 1
    assert bringup.up(the_cloud, ROOT / "inventory", ["cloud"]) is True
    assert {status.name: status.pid for status in the_cloud.status()} == before


def test_the_apis_listen_on_one_loopback_address_alone(the_cloud: Lab) -> None:
    the_cloud.members()
    listening = [line.split()[3] for line in run("ss", "-H", "-ltn").splitlines()]
    ours = sorted(address for address in listening if int(address.rpartition(":")[2]) in PORTS.values())
    assert ours == sorted(f"{ADDRESS}:{port}" for port in PORTS.values())


def test_no_bridge_and_no_tap_is_in_the_root_namespace(the_cloud: Lab, two: Two) -> None:
    the_cloud.members()
    names = [line.split()[1] for line in run("ip", "-o", "link", "show").splitlines()]
    assert [name for name in names if name.startswith(("br-", "tap", "ovs"))] == []
    assert "br-dc2" in run("ip", "-n", SWITCH_SPACE, "link", "show")
    nics = run("ip", "-n", cloud.namespace_of_server(two.red.servers[0]), "-o", "-4", "address", "show")
    assert "10.16.0.10/22" in nics


def test_the_password_is_only_where_root_alone_reads_it(the_cloud: Lab) -> None:
    layout = the_cloud.cloud.layout
    secret = layout.password().encode()
    for name in processes.names():
        for pid in cgroups.processes_of(name):
            assert secret not in Path(f"/proc/{pid}/cmdline").read_bytes(), name
    holders = [layout.clouds_file, layout.password_file, *layout.conf.iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in holders} == {0o600}
    assert [path.name for path in layout.logs.iterdir() if secret in path.read_bytes()] == []


def test_both_datacentres_are_availability_zones_of_every_service(two: Two) -> None:
    zones = sorted(ZONES)
    admin = two.admin
    assert sorted(zone.name for zone in admin.compute.availability_zones()) == zones
    assert sorted(zone.name for zone in admin.block_storage.availability_zones()) == zones
    assert sorted(zone.name for zone in admin.network.availability_zones()) == zones
    servers = [admin.compute.get_server(server) for server in two.red.servers]
    assert [(server.availability_zone, server.compute_host) for server in servers] == list(ZONES.items())
    for zone in zones:
        volume = admin.block_storage.create_volume(name=zone, size=1, availability_zone=zone)
        made = admin.block_storage.wait_for_status(volume, "available", failures=["error"], interval=0.3, wait=60)
        assert made.availability_zone == zone
        admin.block_storage.delete_volume(made)


def test_what_the_rest_of_luxops_asks_of_neutron_is_there(two: Two) -> None:
    aliases = {extension.alias for extension in two.admin.network.extensions()}
    wanted = {"rbac-policies", "rbac-security-groups", "security-group", "allowed-address-pairs", "port-security", "extraroute"}
    wanted |= {"quotas", "trunk", "address-group", "availability_zone", "router_availability_zone", "standard-attr-tag"}
    wanted |= {"security-groups-shared-filtering", "external-net", "provider", "standard-attr-description"}
    assert wanted - aliases == set()
    assert len(list(two.admin.compute.servers(all_projects=True))) == len(two.red.servers + two.blue.servers)


def test_a_rule_lets_its_port_pass_and_no_other(two: Two) -> None:
    here, there = two.red.servers
    address = str(two.red.subnet[11])
    assert {DECLARED, UNDECLARED} <= cloud.listening(there)
    assert _eventually(here, address, DECLARED)
    assert not cloud.connects(here, address, UNDECLARED)


def test_tenants_reach_each_other_only_by_the_way_between_them(two: Two) -> None:
    source, address = two.red.servers[0], str(two.blue.subnet[10])
    assert not cloud.connects(source, address, DECLARED)
    two.builder.join(two.red, two.blue)
    assert _eventually(source, address, DECLARED)
    assert not cloud.connects(source, address, UNDECLARED)


def test_the_way_is_there_again_after_the_switch_has_died(two: Two) -> None:
    source, address = two.red.servers[0], str(two.red.subnet[11])
    for pid in cgroups.processes_of("cloud-ovs-vswitchd"):
        if Path(f"/proc/{pid}/comm").read_text().strip() == "ovs-vswitchd":
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not cloud.connects(source, address, DECLARED, seconds=1.0):
        assert time.monotonic() < deadline
    assert not cloud.connects(source, address, UNDECLARED)


def test_a_deleted_server_takes_its_namespace_and_what_runs_in_it_along(two: Two) -> None:
    server = two.blue.servers.pop()
    assert cloud.namespace_of_server(server) in wiring.existing()
    two.admin.compute.delete_server(server)
    two.admin.compute.wait_for_delete(two.admin.compute.get_server(server), interval=0.3)
    deadline = time.monotonic() + 20
    while cloud.namespace_of_server(server) in wiring.existing():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with pytest.raises(LabError, match="no server"):
        cloud.connects(server, "10.17.0.10", DECLARED)


def test_what_is_no_server_id_names_no_namespace() -> None:
    with pytest.raises(LabError, match="no server's id"):
        cloud.namespace_of_server("../mgmt")


def test_other_commands_find_the_cloud_of_the_running_lab(the_cloud: Lab) -> None:
    settings = active(Settings(lab=Settings().lab.model_copy(update={"state": the_cloud.state.folder})))
    assert settings is not None
    assert settings.cloud.clouds_file == the_cloud.cloud.layout.clouds_file
    assert settings.cloud.name == "lab"


def test_what_a_killed_up_left_is_no_hindrance(the_cloud: Lab) -> None:
    before = {status.name: status.pid for status in the_cloud.status()}
    the_cloud.cloud.clear()
    command = [str(Path(sys.executable).with_name("luxops")), "lab", "up", "cloud"]
    killed = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not cgroups.processes_of("cloud-keystone"):
        assert time.monotonic() < deadline
        assert killed.poll() is None
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not the_cloud.cloud.stands()
    assert processes.names()
    assert bringup.up(the_cloud, ROOT / "inventory", ["cloud"]) is True
    assert {status.name: status.pid for status in the_cloud.status()} == before


def test_ctrl_c_takes_the_cloud_away_and_nothing_else(the_cloud: Lab) -> None:
    before = {status.name: status.pid for status in the_cloud.status()}
    the_cloud.cloud.clear()
    command = [str(Path(sys.executable).with_name("luxops")), "lab", "up", "cloud"]
    stopped = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not cgroups.processes_of("cloud-keystone"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=60)
    assert (stopped.returncode, "Traceback" in said) == (130, False), said
    assert _of_the_cloud() == ([], [])
    assert {status.name: status.pid for status in the_cloud.status()} == before
    assert safety.fenced()


def test_down_leaves_nothing_of_the_cloud(the_cloud: Lab) -> None:
    bringup.up(the_cloud, ROOT / "inventory", ["cloud"])
    builder = Builder(the_cloud)
    builder.tenant("red", IPv4Network("10.16.0.0/22"), IPv4Network("10.16.0.0/22"))
    assert the_cloud.down() is True
    assert (cgroups.names(), instance.mounts(), wiring.existing(), safety.fenced()) == ([], {}, [], set())
    assert _of_the_cloud() == ([], [])
    assert not the_cloud.cloud.layout.clouds_file.exists()
    assert not the_cloud.cloud.layout.folder.exists()
    for port in PORTS.values():
        with pytest.raises(ConnectionRefusedError):
            http.client.HTTPConnection(ADDRESS, port, timeout=2).request("GET", "/")
    assert active(Settings()) is None


def test_a_cloud_alone_is_fenced_in_and_hosts_join_it_later(the_cloud: Lab) -> None:
    the_cloud.down()
    assert bringup.up(the_cloud, ROOT / "inventory", ["cloud"]) is True
    safety.verify(safety.prefixes(the_cloud.federation()))
    assert the_cloud.noted() == []
    settings = active(Settings())
    assert settings is not None
    assert settings.inventory == the_cloud.state.inventory
    before = cgroups.processes_of("cloud-nova")
    assert luxops("lab", "status").returncode == 0
    assert bringup.up(the_cloud, ROOT / "inventory", ["host"]) is True
    assert cgroups.processes_of("cloud-nova") == before
    assert bringup.up(the_cloud, ROOT / "inventory", ["host", "cloud"]) is False


def _of_the_cloud() -> tuple[list[str], list[str]]:
    return processes.names(), [name for name in wiring.existing() if owns_space(name)]
