"""A small cloud as its APIs would list it, for tests of what is pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from luxops.domains.cloud.kinds import KINDS
from luxops.domains.cloud.sweep import Hole, Sweep
from luxops.model import Failure

Json = Any
TAKEN_AT = datetime(2026, 3, 9, 7, 15, tzinfo=UTC)


def swept(holes: dict[Hole, Failure] | None = None, **collections: list[Json]) -> Sweep:
    """A sweep that saw these items, and of everything else that there is none."""
    seen: dict[str, list[Json]] = {name: [] for kind in KINDS for name in kind.reads}
    seen |= {name: [] for name in ("projects", "users", "roles", "groups", "network_use")}
    return Sweep(TAKEN_AT, seen | collections, holes or {}, {"user_id": "u-admin", "project_id": "p-admin"})


def project(name: str, /, **more: Json) -> Json:
    return {
        "id": f"p-{name}", "name": name, "description": "", "enabled": True, "is_domain": False, "domain_id": "default",
        "tags": [], **more,
    }  # fmt: skip


def network(owner: str, name: str, /, **more: Json) -> Json:
    return {
        "id": f"n-{name}", "name": name, "project_id": f"p-{owner}", "description": "", "admin_state_up": True, "shared": False,
        "router:external": False, "provider:physical_network": None, "port_security_enabled": True, "mtu": 1442, "tags": [],
        **more,
    }  # fmt: skip


def subnet(owner: str, network_name: str, name: str, cidr: str, /, **more: Json) -> Json:
    return {
        "id": f"s-{name}", "name": name, "project_id": f"p-{owner}", "network_id": f"n-{network_name}", "cidr": cidr,
        "ip_version": 4, "gateway_ip": None, "enable_dhcp": True, "dns_nameservers": [], "allocation_pools": [],
        "host_routes": [], "description": "", "tags": [], **more,
    }  # fmt: skip


def port(owner: str, name: str, device: str, *addresses: tuple[str, str], groups: tuple[str, ...] = (), **more: Json) -> Json:
    """`addresses`: subnet's name and address."""
    return {
        "id": f"port-{name}", "name": name, "project_id": f"p-{owner}", "network_id": "n", "device_id": device,
        "device_owner": "compute:dc1", "mac_address": "fa:16:3e:00:00:01", "admin_state_up": True,
        "port_security_enabled": True, "allowed_address_pairs": [], "tags": [],
        "fixed_ips": [{"subnet_id": f"s-{subnet_name}", "ip_address": address} for subnet_name, address in addresses],
        "security_groups": [f"g-{group}" for group in groups], **more,
    }  # fmt: skip


def group(owner: str, name: str, /, **more: Json) -> Json:
    return {
        "id": f"g-{name}", "name": name, "project_id": f"p-{owner}", "description": "", "stateful": True, "tags": [], **more
    }  # fmt: skip


def rule(group_name: str, number: int, remote: str | None, ports: tuple[int, int] | None, **more: Json) -> Json:
    low, high = ports or (None, None)
    return {
        "id": f"r-{group_name}-{number}", "security_group_id": f"g-{group_name}", "project_id": "p", "direction": "ingress",
        "ethertype": "IPv4", "protocol": "tcp", "port_range_min": low, "port_range_max": high, "remote_ip_prefix": remote,
        "remote_group_id": None, "remote_address_group_id": None, "description": "", **more,
    }  # fmt: skip


def server(owner: str, name: str, zone: str, /, flavour: str = "large", volumes: tuple[str, ...] = (), **more: Json) -> Json:
    return {
        "id": f"i-{name}", "name": name, "tenant_id": f"p-{owner}", "OS-EXT-AZ:availability_zone": zone, "status": "ACTIVE",
        "flavor": {"id": flavour}, "image": {"id": "image-1"}, "metadata": {}, "OS-EXT-STS:vm_state": "active",
        "key_name": None, "config_drive": "True",
        "os-extended-volumes:volumes_attached": [{"id": f"v-{volume}"} for volume in volumes], **more,
    }  # fmt: skip


def volume(owner: str, name: str, zone: str, size: int, /, **more: Json) -> Json:
    return {
        "id": f"v-{name}", "name": name, "os-vol-tenant-attr:tenant_id": f"p-{owner}", "availability_zone": zone, "size": size,
        "description": "", "volume_type": None, "metadata": {}, "status": "in-use", "attachments": [], **more,
    }  # fmt: skip


def flavour(name: str, vcpus: int, ram: int) -> Json:
    return {
        "id": name, "name": name, "vcpus": vcpus, "ram": ram, "disk": 20, "swap": "", "OS-FLV-EXT-DATA:ephemeral": 0,
        "os-flavor-access:is_public": True, "extra_specs": {},
    }  # fmt: skip


def compute_use(owner: str, cores: tuple[int, int], ram: tuple[int, int]) -> Json:
    """Use and limit of each."""
    return {"$of": f"p-{owner}", **{name: _quota(*of) for name, of in (("cores", cores), ("ram", ram))}}


def volume_use(owner: str, gigabytes: tuple[int, int]) -> Json:
    return {"$of": f"p-{owner}", "gigabytes": _quota(*gigabytes)}


def _quota(used: int, limit: int) -> Json:
    return {"in_use": used, "limit": limit, "reserved": 0}
