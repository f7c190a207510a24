"""The configuration of every service, as sections of options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from luxops.lab.cloud.layout import ADDRESS, CHASSIS, IDENTITY, PORTS, REGION, ZONES, Layout
from luxops.lab.running import CLOUD

SERVICE_USER = "svc"
SERVICE_PROJECT = "service"
DOMAIN = "default"
Options = Mapping[str, object]
Sections = Mapping[str, Options]

POOL: Options = {"max_pool_size": 5, "max_overflow": 40}
"""Threads and greenlets share a few connections; a peak may have more."""


def write(layout: Layout, paste: Path) -> None:
    """Write all configuration files; `paste` is the folder with what Debian's packages declare of the services' pipelines."""
    for name, sections in rendered(layout, paste).items():
        path = layout.conf / name
        path.touch(mode=0o600)
        path.write_text(_ini(sections))
    _write_clouds_file(layout)


def rendered(layout: Layout, paste: Path) -> dict[str, Sections]:
    """File → its sections. Pure but for the password, which is read."""
    return {
        "my.cnf": _database(layout),
        "keystone.conf": _keystone(layout),
        "placement.conf": _placement(layout),
        "glance.conf": _glance(layout, paste),
        "nova.conf": _nova(layout, paste),
        "neutron.conf": _neutron(layout, paste),
        "cinder.conf": _cinder(layout, paste),
    }


def _ini(sections: Sections) -> str:
    lines = []
    for section, options in sections.items():
        lines.append(f"[{section}]")
        lines += [name if value is None else f"{name} = {_value(value)}" for name, value in options.items()]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def database_url(layout: Layout, schema: str) -> str:
    """As SQLAlchemy reads it. There is no password: the socket lies in a folder of root's alone."""
    return f"mysql+pymysql://root@localhost/{schema}?unix_socket={layout.database_socket}&charset=utf8"


def _connection(layout: Layout, schema: str) -> Options:
    return {"connection": database_url(layout, schema), **POOL}


def _account(layout: Layout) -> Options:
    """How a service signs in to Keystone."""
    return {
        "auth_type": "password",
        "auth_url": IDENTITY,
        "username": SERVICE_USER,
        "password": layout.password(),
        "project_name": SERVICE_PROJECT,
        "user_domain_id": DOMAIN,
        "project_domain_id": DOMAIN,
    }


def _client(layout: Layout) -> Options:
    return {**_account(layout), "region_name": REGION}


def _common(layout: Layout) -> dict[str, Options]:
    """What every service that checks tokens has."""
    token = {"www_authenticate_uri": IDENTITY, "service_token_roles_required": True, **_account(layout)}
    return {"keystone_authtoken": token, "oslo_concurrency": {"lock_path": layout.data / "lock"}}


def _database(layout: Layout) -> Sections:
    options = {
        "user": "root",
        "datadir": layout.data / "mysql",
        "socket": layout.database_socket,
        "pid-file": layout.run / "mysqld.pid",
        "log-error": layout.logs / "mysqld.log",
        "skip-networking": None,
        "skip-grant-tables": None,  # who may open the socket is root
        "performance_schema": 0,
        "innodb_buffer_pool_size": "96M",
        "innodb_log_file_size": "32M",
        "innodb_flush_log_at_trx_commit": 0,  # a lab that ends is made afresh
        "innodb_doublewrite": 0,
        "innodb_flush_method": "O_DIRECT_NO_FSYNC",
        "max_connections": 300,
        "character-set-server": "utf8mb3",
        "collation-server": "utf8mb3_general_ci",
    }
    return {"mysqld": options}


def _keystone(layout: Layout) -> Sections:
    return {
        "DEFAULT": {"log_file": layout.logs / "keystone.log"},
        "database": _connection(layout, "keystone"),
        "token": {"provider": "fernet", "expiration": 86400},
        "fernet_tokens": {"key_repository": layout.data / "keystone/fernet"},
        "credential": {"key_repository": layout.data / "keystone/credential"},
        "identity": {"password_hash_rounds": 4},
        "cache": {"enabled": True, "backend": "oslo_cache.dict"},
    }


def _placement(layout: Layout) -> Sections:
    return {
        "DEFAULT": {"log_file": layout.logs / "placement.log"},
        "api": {"auth_strategy": "keystone"},
        "placement_database": _connection(layout, "placement"),
        **_common(layout),
    }


def _glance(layout: Layout, paste: Path) -> Sections:
    return {
        "DEFAULT": {
            "log_file": layout.logs / "glance.log",
            "bind_host": ADDRESS,
            "bind_port": PORTS["glance"],
            "workers": 0,
            "transport_url": "fake://",
            "enabled_backends": "files:file",
        },
        "glance_store": {"default_backend": "files"},
        "files": {"filesystem_store_datadir": layout.data / "glance"},
        "database": _connection(layout, "glance"),
        "paste_deploy": {"flavor": "keystone", "config_file": paste / "glance.ini"},
        **_common(layout),
    }


def _nova(layout: Layout, paste: Path) -> Sections:
    return {
        "DEFAULT": {
            "log_file": layout.logs / "nova.log",
            "state_path": layout.data / "nova",
            "instances_path": layout.data / "nova",
            "host": CHASSIS,
            "my_ip": ADDRESS,
            "osapi_compute_listen": ADDRESS,
            "osapi_compute_listen_port": PORTS["nova"],
            "osapi_compute_workers": 1,
            "enabled_apis": "osapi_compute",
            "transport_url": "fake://",
            "compute_driver": "lab.LabDriver",
            "default_schedule_zone": next(iter(ZONES)),
            "vif_plugging_is_fatal": False,
            "vif_plugging_timeout": 0,
            "heal_instance_info_cache_interval": -1,
            "report_interval": 10,
            "service_down_time": 120,
        },
        "api_database": _connection(layout, "nova_api"),
        "database": _connection(layout, "nova_cell1"),
        "api": {"auth_strategy": "keystone"},
        "wsgi": {"api_paste_config": paste / "nova.ini"},
        "filter_scheduler": {"track_instance_changes": False},
        "vnc": {"enabled": False},
        "service_user": {"send_service_user_token": True, **_client(layout)},
        "placement": _client(layout),
        "neutron": _client(layout),
        "glance": _client(layout),
        "cinder": {"os_region_name": REGION, "catalog_info": "volumev3:cinderv3:publicURL", **_account(layout)},
        **_common(layout),
    }


def _neutron(layout: Layout, paste: Path) -> Sections:
    return {
        "DEFAULT": {
            "log_file": layout.logs / "neutron.log",
            "state_path": layout.data / "neutron",
            "bind_host": ADDRESS,
            "bind_port": PORTS["neutron"],
            "api_workers": 2,  # one is the bottleneck of all
            "rpc_workers": 1,
            "rpc_state_report_workers": 0,
            "agent_down_time": 31536000,  # under load a report may be late, and nothing is bound to a dead agent
            "transport_url": "fake://",
            "core_plugin": "ml2",
            "service_plugins": "ovn-router,trunk",
            "api_paste_config": paste / "neutron.ini",
            "max_allowed_address_pair": 50,
            "notify_nova_on_port_status_changes": True,
            "notify_nova_on_port_data_changes": True,
        },
        "database": _connection(layout, "neutron"),
        "nova": _client(layout),
        "placement": _client(layout),
        "ml2": {
            "type_drivers": "geneve,flat",
            "tenant_network_types": "geneve",
            "mechanism_drivers": "ovn",
            "extension_drivers": "port_security",
            "overlay_ip_version": 4,
        },
        "ml2_type_geneve": {"vni_ranges": "1:65536", "max_header_size": 38},
        "ml2_type_flat": {"flat_networks": "*"},
        "securitygroup": {"enable_security_group": True},
        "ovn": {
            "ovn_nb_connection": f"unix:{layout.nb_socket}",
            "ovn_sb_connection": f"unix:{layout.sb_socket}",
            "ovn_l3_scheduler": "leastloaded",
            "ovn_metadata_enabled": False,
            "enable_distributed_floating_ip": True,
        },
        **_common(layout),
    }


def _cinder(layout: Layout, paste: Path) -> Sections:
    backends = {
        zone: {
            "volume_driver": "lab_volumes.LabDriver",
            "volume_backend_name": zone,
            "backend_availability_zone": zone,
        }
        for zone in ZONES
    }
    return {
        "DEFAULT": {
            "log_file": layout.logs / "cinder.log",
            "state_path": layout.data / "cinder",
            "host": CHASSIS,
            "my_ip": ADDRESS,
            "osapi_volume_listen": ADDRESS,
            "osapi_volume_listen_port": PORTS["cinder"],
            "osapi_volume_workers": 1,
            "transport_url": "fake://",
            "auth_strategy": "keystone",
            "api_paste_config": paste / "cinder.ini",
            "resource_query_filters_file": paste / "resource_filters.json",
            "enabled_backends": ",".join(ZONES),
            "storage_availability_zone": next(iter(ZONES)),
            "default_volume_type": "__DEFAULT__",
            "report_interval": 3,  # also the time until its first report
            "service_down_time": 120,
            "glance_api_servers": f"http://{ADDRESS}:{PORTS['glance']}",
        },
        **backends,
        "database": _connection(layout, "cinder"),
        "nova": _client(layout),
        "service_user": {"send_service_user_token": True, **_account(layout)},
        **_common(layout),
    }


def _write_clouds_file(layout: Layout) -> None:
    fields = {
        "auth_url": IDENTITY,
        "username": "admin",
        "password": layout.password(),
        "project_name": "admin",
        "user_domain_id": DOMAIN,
        "project_domain_id": DOMAIN,
    }
    lines = [f"      {name}: {value}" for name, value in fields.items()]
    layout.clouds_file.touch(mode=0o600)
    layout.clouds_file.write_text(
        "\n".join(["clouds:", f"  {CLOUD}:", f"    region_name: {REGION}", "    identity_api_version: 3", "    auth:", *lines])
        + "\n"
    )
