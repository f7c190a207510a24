"""The first start: database schemas, Keystone's catalogue, compute hosts and zones. Kept as an image for every later start."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from luxops.lab.cloud import conf, processes
from luxops.lab.cloud.api import Api
from luxops.lab.cloud.layout import ADDRESS, IDENTITY, PORTS, PYTHON, REGION, SERVICES, ZONES, Layout
from luxops.lab.cloud.processes import manage, once

SCHEMAS = ("keystone", "placement", "glance", "nova_api", "nova_cell0", "nova_cell1", "neutron", "cinder")
SYSTEM_TABLES = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
SHARE = Path("/usr/share/mysql")


def fill(layout: Layout) -> None:
    """Make all schemas and Keystone's content, on a fresh database that is left running. Raises LabError."""
    _initialise_database(layout)
    processes.start_database(layout)
    with ThreadPoolExecutor() as pool:  # a failure of one is raised when all have ended
        for done in [pool.submit(step, layout) for step in (_keystone, _nova, _others)]:
            done.result()
    processes.start_api(layout, "keystone")
    processes.wait_for_api("keystone")
    ports = [f"{name}={port}" for name, port in PORTS.items()]
    command = [PYTHON, str(SERVICES / "catalogue.py"), ADDRESS, *ports]
    once(layout, command, stdin=layout.password(), variables={"LUXOPS_REGION": REGION})


def set_zones(layout: Layout, client: Api) -> None:
    """Map the compute hosts into their cell, and each into its availability zone. All services run. Raises LabError."""
    manage(layout, "nova.cmd.manage", "cell_v2", "discover_hosts", config="nova.conf")
    for zone, host in ZONES.items():
        made = client.post("nova", "/v2.1/os-aggregates", {"aggregate": {"name": zone, "availability_zone": zone}})
        path = f"/v2.1/os-aggregates/{made['aggregate']['id']}/action"
        client.post("nova", path, {"add_host": {"host": host}})


def _initialise_database(layout: Layout) -> None:
    tables = "".join((SHARE / name).read_text() for name in SYSTEM_TABLES)
    schemas = "".join(f"create database {name};\n" for name in SCHEMAS)
    folder = f"--datadir={layout.data / 'mysql'}"
    quick = ("--log-warnings=0", "--innodb-log-file-size=32M")
    command = ["mariadbd", "--no-defaults", "--bootstrap", "--user=root", folder, *quick]
    once(layout, command, stdin=f"create database mysql;\nuse mysql;\n{tables}\n{schemas}")


def _keystone(layout: Layout) -> None:
    module, config = "keystone.cmd.manage", "keystone.conf"
    owner = ("--keystone-user", "root", "--keystone-group", "root")
    for sub in ("fernet", "credential"):
        (layout.data / "keystone" / sub).mkdir(mode=0o700, parents=True)
    manage(layout, module, "db_sync", config=config)
    manage(layout, module, "fernet_setup", *owner, config=config)
    manage(layout, module, "credential_setup", *owner, config=config)
    urls: Sequence[str] = [word for kind in ("public", "internal", "admin") for word in (f"--bootstrap-{kind}-url", IDENTITY)]
    secret = {"OS_BOOTSTRAP_PASSWORD": layout.password()}
    manage(layout, module, "bootstrap", "--bootstrap-region-id", REGION, *urls, config=config, variables=secret)


def _nova(layout: Layout) -> None:
    module, config = "nova.cmd.manage", "nova.conf"
    manage(layout, module, "api_db", "sync", config=config)
    cell0 = conf.database_url(layout, "nova_cell0")
    manage(layout, module, "cell_v2", "map_cell0", "--database_connection", cell0, config=config)
    manage(layout, module, "db", "sync", config=config)
    manage(layout, module, "cell_v2", "create_cell", "--name", "cell1", config=config)


def _others(layout: Layout) -> None:
    manage(layout, "glance.cmd.manage", "db", "sync", config="glance.conf")
    manage(layout, "placement.cmd.manage", "db", "sync", config="placement.conf")
    manage(layout, "cinder.cmd.manage", "db", "sync", config="cinder.conf")
    manage(layout, "neutron.db.migration.cli", "upgrade", "heads", config="neutron.conf")
