from __future__ import annotations

import stat
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from luxops.lab.cloud import Layout, conf, namespace_of_server
from luxops.lab.cloud.layout import ADDRESS, BRIDGES, PORTS, SERVER_SPACE, SWITCH_SPACE, ZONES, owns_space
from luxops.lab.inventory import derive
from luxops.lab.running import active
from luxops.lab.shell import LabError
from luxops.lab.state import State, write_json
from luxops.settings import LabSettings, Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    state = State(tmp_path / "lab")
    state.create()
    found = Layout(state)
    found.create()
    return found


def test_every_service_listens_on_the_clouds_own_loopback_address(layout: Layout) -> None:
    files = conf.rendered(layout, Path("/paste"))
    listening = {
        ("glance", files["glance.conf"]["DEFAULT"]["bind_host"], files["glance.conf"]["DEFAULT"]["bind_port"]),
        ("neutron", files["neutron.conf"]["DEFAULT"]["bind_host"], files["neutron.conf"]["DEFAULT"]["bind_port"]),
        (
            "nova",
            files["nova.conf"]["DEFAULT"]["osapi_compute_listen"],
            files["nova.conf"]["DEFAULT"]["osapi_compute_listen_port"],
        ),
        (
            "cinder",
            files["cinder.conf"]["DEFAULT"]["osapi_volume_listen"],
            files["cinder.conf"]["DEFAULT"]["osapi_volume_listen_port"],
        ),
    }
    assert listening == {(name, ADDRESS, PORTS[name]) for name in ("glance", "neutron", "nova", "cinder")}
    assert "skip-networking" in files["my.cnf"]["mysqld"]


def test_what_holds_the_password_is_for_its_owner_alone(layout: Layout) -> None:
    conf.write(layout, Path("/paste"))
    secret = layout.password()
    assert layout.password() == secret
    holding = [path for path in layout.state.folder.rglob("*") if path.is_file() and secret in path.read_text()]
    assert {layout.clouds_file, layout.password_file} < set(holding)
    assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}
    assert secret not in " ".join(layout.environment().values())


def test_the_clouds_file_is_what_openstacks_clients_read(layout: Layout) -> None:
    conf.write(layout, Path("/paste"))
    cloud = YAML(typ="safe").load(layout.clouds_file)["clouds"]["lab"]
    assert cloud["region_name"] == "RegionOne"
    assert str(cloud["identity_api_version"]) == "3"
    assert cloud["auth"]["auth_url"] == "http://127.0.77.1:5000/v3"
    assert (cloud["auth"]["username"], cloud["auth"]["project_name"]) == ("admin", "admin")


@pytest.mark.slow
def test_datacentres_are_the_federations(tmp_path: Path) -> None:
    state = State(tmp_path / "lab")
    state.create()
    declared = derive(ROOT / "inventory", state).file.datacentres
    assert {datacentre.availability_zone for datacentre in declared} == set(ZONES)
    assert {datacentre.physical_network for datacentre in declared} == set(BRIDGES)


@pytest.mark.parametrize(
    "wrong", ["", "mgmt", "../mgmt", "A2A5D1AE-52BB-4D33-A5DC-1B2D4CBD2E27", "a2a5d1ae52bb4d33a5dc1b2d4cbd2e27"]
)
def test_only_a_servers_id_names_its_namespace(wrong: str) -> None:
    with pytest.raises(LabError, match="no server's id"):
        namespace_of_server(wrong)


def test_namespaces_of_hosts_and_of_the_clouds_stand_ins_are_not_the_clouds() -> None:
    server = namespace_of_server("a2a5d1ae-52bb-4d33-a5dc-1b2d4cbd2e27")
    assert server == SERVER_SPACE + "a2a5d1ae-52bb-4d33-a5dc-1b2d4cbd2e27"
    assert [owns_space(name) for name in (server, SWITCH_SPACE)] == [True, True]
    assert not any(owns_space(f"luxops-{name}") for name in ("mgmt", "cloud-dc1", "chl-pacs1", "fibre"))


def test_a_folder_too_deep_for_sockets_is_refused_before_anything_starts(tmp_path: Path) -> None:
    state = State(tmp_path / ("x" * 90))
    state.create()
    with pytest.raises(LabError, match="too long"):
        Layout(state).create()


def test_a_note_of_a_cloud_that_is_gone_is_no_running_lab(layout: Layout) -> None:
    settings = Settings(lab=LabSettings(state=layout.state.folder))
    write_json(layout.note, {"recipe": "sha256:0", "space": 1})
    assert active(settings) is None
