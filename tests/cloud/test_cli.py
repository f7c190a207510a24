"""`luxops cloud` as a user meets it: what it prints, what it refuses and why, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.cloud_graph import small_graph, urn_of
from tests.support.cloud_http import PROJECT, USER, Cloud, says, serving, settings_for
from tests.support.cloud_served import served
from tests.support.cloud_world import OWN_PROJECT, CloudWorld, Thing
from tests.support.cloud_world import USER as ME
from tests.support.drafts import SMALL, Draft

from luxops.domains.cloud.graph_cache import _key, _write
from luxops.federation import load_federation

pytestmark = pytest.mark.slow

LUXOPS = Path(sys.executable).with_name("luxops")
ROOT = Path(__file__).resolve().parents[2]
Done = subprocess.CompletedProcess[str]


class Desk:
    """One user's folder, with a cloud behind it."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder, self.cloud = folder, cloud
        self.draft = Draft(Path(shutil.copytree(SMALL, folder / "inventory")))
        self.clouds_file = settings_for(cloud, folder).clouds_file
        why = "{kind: project, name: admin, why: in which luxops works}"
        self.draft.edit("federation.yaml", "  region: RegionOne\n", f"  region: RegionOne\n  ignored: [{why}]\n")
        # What the programs declare is known already: no test here is about that, and what is ignored has no say in it.
        key = _key(load_federation(self.draft.folder), ROOT / "stacks")
        _write(folder / "cache" / f"graph-{key}.json", small_graph())

    def luxops(self, *arguments: str, **variables: str) -> Done:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "LUXOPS_INVENTORY": str(self.draft.folder),
            "LUXOPS_POLICIES": str(ROOT / "policies"), "LUXOPS_STORE__URL": f"sqlite:///{self.folder}/luxops.db",
            "LUXOPS_CLOUD__NAME": "here", "LUXOPS_CLOUD__CLOUDS_FILE": str(self.clouds_file),
            "LUXOPS_CLOUD__STACKS": str(ROOT / "stacks"), "LUXOPS_CLOUD__CACHE": str(self.folder / "cache"),
            "LUXOPS_CLOUD__RETRIES": "0", "LUXOPS_CLOUD__ENGINE": "reconcile", "LUXOPS_CLOUD__STATE": f"file://{self.folder}",
        }  # fmt: skip
        return subprocess.run(
            [LUXOPS, "--no-lab", "cloud", *arguments], env=environment | variables, cwd=self.folder, capture_output=True,
            text=True, check=False, stdin=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip

    def plan(self, *arguments: str, code: int) -> dict[str, Any]:
        done = self.luxops("plan", *arguments, "--output", "json")
        assert done.returncode == code, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def changed_nothing(self) -> bool:
        return not [line for line in self.cloud.requests if line.split()[0] != "GET" and "/auth/tokens" not in line]


@pytest.fixture
def world() -> CloudWorld:
    """The session's user and project are those of the HTTP server."""
    made = CloudWorld.of(small_graph())
    for thing in list(made.things.values()):
        for name, value in thing.properties.items():
            thing.properties[name] = {ME: USER, OWN_PROJECT: PROJECT}.get(value, value) if isinstance(value, str) else value
        if thing.id == OWN_PROJECT:
            made.drop(thing)
            made.make(thing.kind, PROJECT, thing.properties).urn = thing.urn
    admin = {"name": "admin", "domainId": "default", "enabled": True, "isDomain": False, "description": "", "tags": []}
    made.things["project", PROJECT] = Thing("project", PROJECT, PROJECT, admin)
    return made


@pytest.fixture
def desk(world: CloudWorld, tmp_path: Path) -> Iterator[Desk]:
    with serving(Cloud()) as cloud:
        made = Desk(tmp_path, cloud)
        show(made, world)
        yield made


def show(desk: Desk, world: CloudWorld) -> None:
    """From now on, the cloud is this one."""
    desk.cloud.always = served(world).always


def refused(done: Done, *said: str, code: int = 2) -> None:
    """It says so on standard error alone, and without a traceback."""
    assert done.returncode == code, done.stdout + done.stderr
    for words in said:
        assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr
    assert "WARNING" not in done.stderr


# Plan


def test_a_cloud_as_declared_ends_with_0(desk: Desk) -> None:
    found = desk.plan(code=0)
    assert found["schema"] == "luxops/cloud-plan/1"
    assert found["engine"] == "reconcile"
    assert [stack["stack"] for stack in found["stacks"]] == list(small_graph().stacks)
    assert all(stack["changes"] == [] for stack in found["stacks"])
    assert found["unknown"] == []
    assert desk.changed_nothing()


def test_a_difference_ends_with_1_and_says_what_it_is(desk: Desk, world: CloudWorld) -> None:
    world.at(urn_of("network", "chl-clinical")).properties["adminStateUp"] = False
    world.drop(world.at(urn_of("port", "chl-pacs1")))
    show(desk, world)
    found = desk.plan("chl", code=1)
    (stack,) = found["stacks"]
    assert stack["stack"] == "tenant/chl"
    changes = {(change["op"], change["type"].rpartition(":")[2], change["name"]) for change in stack["changes"]}
    assert ("update", "Network", "chl-clinical") in changes
    assert ("create", "Port", "chl-pacs1") in changes
    (update,) = [change for change in stack["changes"] if change["name"] == "chl-clinical"]
    assert update.keys() >= {"op", "urn", "type", "paths"}
    assert update["paths"] == [{"path": "adminStateUp", "desired": True, "actual": False}]
    table = desk.luxops("plan", "chl")
    assert table.returncode == 1
    assert "adminStateUp: false → true" in table.stdout


def test_what_could_not_be_looked_at_ends_with_3(desk: Desk) -> None:
    desk.cloud.always["GET /network/v2.0/ports"] = says(500, "database is locked")
    found = desk.plan(code=3)
    assert all(stack["changes"] == [] for stack in found["stacks"])
    assert any("Port::chl-pacs1" in line and "database is locked" in line for line in found["unknown"])
    table = desk.luxops("plan")
    assert table.returncode == 3
    assert "UNKNOWN" in table.stdout
    assert "500: database is locked" in table.stdout


def test_a_difference_outweighs_what_could_not_be_looked_at(desk: Desk, world: CloudWorld) -> None:
    world.at(urn_of("network", "chl-clinical")).properties["adminStateUp"] = False
    show(desk, world)
    desk.cloud.always["GET /compute/v2.1/servers/detail"] = says(500)
    assert desk.plan(code=1)["unknown"]


# What is refused before anything is looked at


def test_no_clouds_file(desk: Desk, tmp_path: Path) -> None:
    done = desk.luxops("plan", LUXOPS_CLOUD__CLOUDS_FILE=str(tmp_path / "none.yaml"))
    refused(done, "There is no cloud `here`", "none.yaml", "LUXOPS_CLOUD__CLOUDS_FILE")
    assert done.stdout == ""


def test_a_wrong_password(desk: Desk, tmp_path: Path) -> None:
    settings_for(desk.cloud, tmp_path, password="s3cret-and-wrong")
    done = desk.luxops("plan")
    refused(done, "authentication", "Check the credentials in clouds.yaml.")
    assert "s3cret" not in done.stdout + done.stderr


def test_a_cloud_that_is_not_there(desk: Desk, tmp_path: Path) -> None:
    settings_for(Cloud(address="http://127.0.0.1:9"), tmp_path)
    refused(desk.luxops("plan"), "unreachable", "127.0.0.1", "auth_url")


@pytest.mark.parametrize("command", ["plan", "up", "destroy"])
def test_an_unknown_stack(desk: Desk, command: str) -> None:
    refused(desk.luxops(command, "chk"), "There is no stack `chk`; did you mean `chl`?", "tenant/hrs")
    assert desk.changed_nothing()


def test_an_inventory_that_is_wrong(desk: Desk) -> None:
    desk.draft.edit("hospitals/chl.yaml", "as_number: 64601", "as_number: no")
    refused(desk.luxops("plan"), "hospitals/chl.yaml:5")
    assert desk.cloud.requests == []


def test_the_pulumi_engine_without_its_cli(desk: Desk, world: CloudWorld, tmp_path: Path) -> None:
    world.at(urn_of("network", "chl-clinical")).properties["adminStateUp"] = False
    show(desk, world)
    (tmp_path / "bin").mkdir()
    done = desk.luxops(
        "up", "chl", "--yes", "--engine", "pulumi", "--override", "for a test", PATH=str(tmp_path / "bin"),
        PULUMI_CONFIG_PASSPHRASE="x",
    )  # fmt: skip
    refused(done, "Pulumi CLI", "luxops doctor")
    assert desk.changed_nothing()


# What is refused afterwards


def test_nothing_to_do_does_nothing(desk: Desk) -> None:
    done = desk.luxops("up", "--yes")
    assert done.returncode == 0, done.stderr
    assert "Nothing to do." in done.stdout
    assert desk.changed_nothing()


def test_without_an_answer_nothing_is_done(desk: Desk, world: CloudWorld) -> None:
    world.at(urn_of("network", "chl-clinical")).properties["adminStateUp"] = False
    show(desk, world)
    done = desk.luxops("up", "chl", "--override", "for a test")
    assert done.returncode not in {0, 1}
    assert desk.changed_nothing()


def test_a_subnet_that_would_take_protected_servers_with_it(desk: Desk, world: CloudWorld) -> None:
    world.at(urn_of("subnet", "chl-imaging-dc1")).properties["cidr"] = "10.16.24.0/22"
    show(desk, world)
    done = desk.luxops("up", "chl", "--yes", "--override", "for a test")
    refused(done, "1 protected objects would be deleted: chl-pacs1", "--protected")
    assert "± " in done.stdout
    assert "cidr: 10.16.24.0/22 → 10.16.8.0/22" in done.stdout
    assert desk.changed_nothing()


def test_a_stack_that_left_the_inventory_stays_until_it_is_destroyed_by_name(desk: Desk, world: CloudWorld) -> None:
    project = world.ids[urn_of("project", "chl")]
    world.make("network", project, {"name": "old", "tenantId": project, "tags": ["luxops:tenant:gone"]})
    show(desk, world)
    for arguments in (["up", "--yes"], ["up", "--yes", "--delete"]):
        done = desk.luxops(*arguments)
        assert done.returncode == 1, done.stderr
        assert "Stack tenant/gone is declared no more, and 1 objects carry its mark" in done.stderr
        assert "luxops cloud destroy tenant/gone" in done.stderr
    assert desk.changed_nothing()
    found = desk.plan(code=1)
    (left,) = [stack for stack in found["stacks"] if stack["stack"] == "tenant/gone"]
    assert [change["op"] for change in left["changes"]] == ["delete"]


def test_a_stack_on_which_others_stand_is_not_destroyed(desk: Desk) -> None:
    refused(desk.luxops("destroy", "tenant/chl", "--yes", "--protected"), "objects of other stacks stand on", "fibre/luxith")
    assert desk.changed_nothing()


def test_protected_objects_are_not_destroyed(desk: Desk) -> None:
    everything = list(small_graph().stacks)
    refused(desk.luxops("destroy", *everything, "--yes"), "protected objects would be deleted", "--protected")
    assert desk.changed_nothing()


def test_repair_of_what_is_as_declared(desk: Desk) -> None:
    refused(desk.luxops("repair", "chl-clinical", "--yes"), "Nothing called `chl-clinical` differs from what is declared")
    assert desk.changed_nothing()
