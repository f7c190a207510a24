"""The `pulumi` engine's processes without the CLI: what they are told, what is kept secret, and how they end."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest
from tests.support.pulumi_states import NETWORK, RECORDED, RULE, STACK, exported

from luxops.domains.cloud.changes import CloudPlan, Effect, Operation, Outcome, PlannedChange, StackPlan
from luxops.domains.cloud.engines.pulumi import PulumiEngine, PulumiError, install_plugin, process, state
from luxops.domains.cloud.engines.pulumi.credentials import provider_environment
from luxops.domains.cloud.engines.pulumi.environment import Surroundings, shown_state, surroundings
from luxops.domains.cloud.engines.pulumi.process import StackProcess
from luxops.domains.cloud.engines.pulumi.protocol import Ended, Request, Said, Trouble
from luxops.domains.cloud.engines.pulumi.protocol import Operation as Work
from luxops.domains.cloud.engines.pulumi.sessions import members
from luxops.domains.cloud.nouns import Graph, StackId, Urn
from luxops.errors import LuxopsError, UsageError
from luxops.model import digest_of
from luxops.progress import Silent
from luxops.settings import CloudSettings

GRAPH = Graph(resources={}, stacks=(), digest=digest_of("nothing"))
PASSPHRASE, PASSWORD = "correct horse", "cloud-password-7"


# What is kept secret, and where the CLI is led


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CloudSettings:
    monkeypatch.setenv("MY_PASSPHRASE", PASSPHRASE)
    clouds = tmp_path / "clouds.yaml"
    user = f"username: admin, password: {PASSWORD}, project_name: admin, user_domain_id: default"
    auth = f"{{auth_url: 'http://cloud.example:5000/v3', {user}}}"
    clouds.write_text(f"clouds:\n  c:\n    region_name: RegionOne\n    auth: {auth}\n")
    for project in ("platform", "tenant", "fibre"):
        (tmp_path / "stacks" / project).mkdir(parents=True)
        (tmp_path / "stacks" / project / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
    where = {"stacks": tmp_path / "stacks", "state": f"file://{tmp_path}/state", "clouds_file": clouds}
    return CloudSettings(name="c", passphrase="env:MY_PASSPHRASE", **where)


def test_the_environment_of_the_cli(settings: CloudSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLOUD", "another")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://elsewhere.example")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "token")
    around = surroundings(settings, tmp_path / "inventory", "f00d")
    found = around.variables
    assert found["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/state"
    assert found["PULUMI_CONFIG_PASSPHRASE"] == PASSPHRASE
    assert found["PULUMI_PYTHON_CMD"] == sys.executable
    assert found["PULUMI_SKIP_UPDATE_CHECK"] == found["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert found["LUXOPS_INVENTORY"] == str(tmp_path / "inventory")
    assert found["LUXOPS_CLOUD__NAME"] == "c"
    assert (found["OS_PROJECT_ID"], found["OS_PASSWORD"]) == ("f00d", PASSWORD)
    # With these the provider would not work in a tenant's own project.
    assert not {"OS_CLOUD", "OS_CLIENT_CONFIG_FILE", "OS_PROJECT_NAME", "OS_TENANT_NAME", "PULUMI_ACCESS_TOKEN"} & set(found)
    assert around.shown(f"it said {PASSPHRASE} and {PASSWORD}") == "it said … and …"


def test_a_state_alone_needs_no_login(settings: CloudSettings, tmp_path: Path) -> None:
    assert not any(name.startswith("OS_") for name in surroundings(settings, tmp_path).variables)


def test_the_password_of_a_database_is_never_shown(settings: CloudSettings, tmp_path: Path) -> None:
    url = "postgres://luxops:op%2Fen@db.example/pulumi"
    around = surroundings(settings.model_copy(update={"state": url}), tmp_path)
    assert around.shown(f"cannot reach {url}: op/en") == "cannot reach postgres://luxops:…@db.example/pulumi: …"
    assert shown_state(url) == "postgres://luxops:…@db.example/pulumi"


def test_who_cannot_work_in_every_project_is_refused(settings: CloudSettings, tmp_path: Path) -> None:
    clouds = tmp_path / "other.yaml"
    clouds.write_text(
        "clouds:\n  c:\n    auth_type: v3applicationcredential\n"
        "    auth: {auth_url: 'http://cloud.example/v3', application_credential_id: a, application_credential_secret: b}\n"
    )
    with pytest.raises(LuxopsError, match="cannot log in as"):
        provider_environment(settings.model_copy(update={"clouds_file": clouds}), "f00d")


# The processes


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `pulumi` on the PATH that plays recordings; gives its folder."""
    folder = tmp_path / "stand-in"
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "pulumi"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("pulumi_stand_in.py")} "$@"\n')
    program.chmod(0o755)
    for name in ("preview-tenant.jsonl", "up-tenant.jsonl"):
        shutil.copy(RECORDED / name, folder)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN", str(folder))
    (folder / "state.json").write_text(json.dumps(exported()))
    return folder


@pytest.fixture
def engine(settings: CloudSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PulumiEngine:
    monkeypatch.setattr(PulumiEngine, "preflight", lambda _: {"project_id": "f00d", "user_id": "d00f"})
    return PulumiEngine(settings, tmp_path / "inventory")


def plan(*stacks: str) -> CloudPlan:
    change = PlannedChange(op=Operation.CREATE, urn=NETWORK, type="openstack:networking/network:Network", name="net0")
    dns = PlannedChange(op=Operation.UPDATE, urn=Urn("x::dns"), type="openstack:networking/subnet:Subnet", name="dns")
    own = PlannedChange(op=Operation.UPDATE, urn=Urn("x::own"), type="luxops:cloud:ClosedDefaultGroup", name="own")
    found = tuple(StackPlan(stack=StackId(stack), changes=(change, dns, own)) for stack in stacks)
    return CloudPlan(engine="pulumi", stacks=found, graph=GRAPH.digest)


def up(engine: PulumiEngine, *stacks: str) -> list[Effect]:
    return list(engine.up(plan(*stacks), Silent()))


@pytest.mark.slow
def test_a_run_from_end_to_end(engine: PulumiEngine, stand_in: Path) -> None:
    (stand_in / "state.json").unlink()
    (preview,) = engine.preview([STACK], Silent(), GRAPH)
    assert len(preview.plan.changes) == 4
    (stand_in / "state.json").write_text(json.dumps(exported()))
    effects = up(engine, STACK)
    assert [e.outcome for e in effects if e.urn == RULE] == [Outcome.FAILED]
    (untried,) = (e for e in effects if e.outcome is Outcome.SKIPPED)
    assert untried.urn == "x::dns"  # luxops sees to its own kinds itself
    calls = [json.loads(line) for line in (stand_in / "calls.jsonl").read_text().splitlines()]
    said = json.dumps([call["arguments"] for call in calls])
    assert PASSPHRASE not in said
    assert PASSWORD not in said
    run = next(call for call in calls if "up" in call["arguments"])
    assert {"--skip-preview", "--refresh", "--continue-on-error"} <= set(run["arguments"])
    assert run["environment"]["OS_PROJECT_ID"] == "f00d"
    assert not any(
        "select" in call["arguments"] or "--show-secrets" in call["arguments"][:4]
        for call in calls
        if "export" in call["arguments"]
    )


@pytest.mark.slow
def test_later_waves_wait_for_what_they_read(engine: PulumiEngine, stand_in: Path) -> None:
    (stand_in / "refusal.txt").write_text("error: cannot do that")
    effects = up(engine, "fibre/x", "tenant/small", "platform/x")
    failed = [(e.stack, "cannot do that" in e.detail) for e in effects if e.outcome is Outcome.FAILED]
    assert failed == [("platform/x", True)]
    assert {e.stack for e in effects if e.outcome is Outcome.SKIPPED} == {"tenant/small", "fibre/x"}


@pytest.mark.slow
def test_a_locked_stack_names_the_owner(engine: PulumiEngine, stand_in: Path) -> None:
    shutil.copy(RECORDED / "locked.txt", stand_in / "refusal.txt")
    (failed,) = up(engine, STACK)
    assert "is locked by eve@desk (process 4711) for" in failed.detail
    assert "luxops cloud unlock tenant/small" in failed.detail


@pytest.mark.slow
def test_creates_that_nobody_knows_the_end_of_stop_a_run(engine: PulumiEngine, stand_in: Path) -> None:
    (stand_in / "state.json").write_text(json.dumps(exported(("creating", "net0"))))
    (failed, *_) = up(engine, STACK)
    assert "net-net0" in failed.detail
    assert [p.name for p in engine.interrupted(STACK)] == ["net-net0"]
    engine.settle(STACK, {Urn("tenant/small::a:b:Network::net0"): "4f1e"})
    assert engine.interrupted(STACK) == ()
    assert json.loads((stand_in / "state.json").read_text())["deployment"]["resources"][1]["id"] == "4f1e"


@pytest.mark.slow
def test_protected_objects_are_not_destroyed_unless_it_is_said(engine: PulumiEngine, stand_in: Path) -> None:
    with pytest.raises(UsageError, match="1 protected objects would be deleted: small"):
        list(engine.destroy([STACK], Silent()))
    assert state.protected(json.loads((stand_in / "state.json").read_text())) == ("small",)


@pytest.mark.slow
@pytest.mark.parametrize("hearing", ["", "deaf"])
def test_nothing_outlives_a_run_that_is_stopped(
    engine: PulumiEngine, stand_in: Path, hearing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stand_in / "hang").write_text(hearing)
    if hearing:
        monkeypatch.setattr("luxops.domains.cloud.engines.pulumi.crew.PATIENCE", 1.0)
        monkeypatch.setattr(process, "PATIENCE", 1.0)
    begun: list[StackProcess] = []

    def start(request: Request, around: Surroundings) -> StackProcess:
        begun.append(StackProcess(request, around))
        return begun[-1]

    engine._start = start
    effects = engine.up(plan(STACK), Silent())
    next(effects)
    while not (stand_in / "plugin.pid").exists():
        time.sleep(0.05)
    plugin = int((stand_in / "plugin.pid").read_text())
    assert os.getpgid(plugin) != os.getpgid(begun[-1].session)
    effects.close()  # type: ignore[attr-defined] # a generator
    assert members(begun[-1].session) == []
    assert (stand_in / "interrupted").exists() is not bool(hearing)


@pytest.mark.slow
def test_a_worker_without_luxops_ends_by_itself(settings: CloudSettings, stand_in: Path, tmp_path: Path) -> None:
    (stand_in / "hang").write_text("")
    request = Request(operation=Work.UP, folder=settings.stacks / "tenant", stack=STACK)
    orphan = StackProcess(request, surroundings(settings, tmp_path))
    while not (stand_in / "plugin.pid").exists():
        time.sleep(0.05)
    orphan.stop()  # what happens to the pipe when luxops is killed
    deadline = time.monotonic() + 20
    while members(orphan.session) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert members(orphan.session) == []
    orphan.close()


def test_a_worker_that_dies_at_once_is_told_of(settings: CloudSettings, tmp_path: Path) -> None:
    request = Request(operation=Work.EXPORT, folder=tmp_path, stack=STACK)
    program = f"import sys; print('no json'); sys.exit('the passphrase is {PASSPHRASE}')"
    dead = StackProcess(request, surroundings(settings, tmp_path), [sys.executable, "-c", program])
    said, ended = dead.lines()
    dead.close()
    assert isinstance(said, Said)
    assert isinstance(ended, Ended)
    assert ended.trouble is Trouble.FAILED
    assert ended.text == "The process ended with 1: the passphrase is …"


# What is missing


def test_without_the_cli_nothing_stands_in_for_it(
    engine: PulumiEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LuxopsError, match="not on the PATH") as caught:
        up(engine, STACK)
    assert "luxops doctor" in caught.value.remedy
    with pytest.raises(LuxopsError, match="not on the PATH"):
        install_plugin(tmp_path / "pulumi-resource-openstack-v5.5.1-linux-amd64.tar.gz")


def test_a_project_that_is_not_there(engine: PulumiEngine, stand_in: Path) -> None:
    assert stand_in
    with pytest.raises(PulumiError, match="no Pulumi project"):
        engine.interrupted(StackId("services/anim"))


def test_a_plugin_is_known_by_its_files_name(stand_in: Path, tmp_path: Path) -> None:
    file = tmp_path / "pulumi-resource-openstack-v5.5.1-linux-amd64.tar.gz"
    with pytest.raises(LuxopsError, match="is not a plugin"):
        install_plugin(file)
    file.write_bytes(b"")
    assert install_plugin(file) == "5.5.1"
    (call,) = (stand_in / "calls.jsonl").read_text().splitlines()
    assert json.loads(call)["arguments"][:6] == ["plugin", "install", "resource", "openstack", "5.5.1", "--file"]
