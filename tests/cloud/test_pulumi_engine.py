"""The `pulumi` engine without the CLI: recorded events, a stand-in that plays them, states, locks, and what is kept secret."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import psycopg
import pytest
from moto.server import ThreadedMotoServer
from pulumi.automation.events import EngineEvent
from tests.support.postgres import PostgresServer

from luxops.domains.cloud.changes import CloudPlan, Effect, Operation, Outcome, PlannedChange, StackPlan
from luxops.domains.cloud.engines.pulumi import PulumiEngine, PulumiError, install_plugin, process, state
from luxops.domains.cloud.engines.pulumi.credentials import provider_environment
from luxops.domains.cloud.engines.pulumi.environment import Surroundings, shown_state, state_url, surroundings
from luxops.domains.cloud.engines.pulumi.events import Telling, line_of, planned_resources, stack_plan
from luxops.domains.cloud.engines.pulumi.locks import locks_in, locks_of
from luxops.domains.cloud.engines.pulumi.process import StackProcess
from luxops.domains.cloud.engines.pulumi.protocol import LINE, Ended, Request, Said, Step, Trouble, urn_of
from luxops.domains.cloud.engines.pulumi.protocol import Operation as Work
from luxops.domains.cloud.engines.pulumi.sessions import members
from luxops.domains.cloud.nouns import Declared, Graph, Ref, StackId, Urn
from luxops.errors import LuxopsError, UsageError
from luxops.model import digest_of
from luxops.progress import Silent
from luxops.settings import CloudSettings

RECORDED = Path(__file__).with_name("recorded")
STACK = StackId("tenant/small")
NETWORK = Urn("tenant/small::openstack:networking/network:Network::net0")
RULE = Urn("tenant/small::openstack:networking/secGroupRule:SecGroupRule::rule")
PROJECT = Urn("tenant/small::openstack:identity/project:Project::small")
GRAPH = Graph(resources={}, stacks=(), digest=digest_of("nothing"))
PASSPHRASE, PASSWORD = "correct horse", "cloud-password-7"
LOCK = {"pid": 4711, "username": "eve", "hostname": "desk", "timestamp": "2026-11-24T15:00:00.123456789+01:00"}


def steps(name: str) -> list[Step | Said]:
    """A recording's lines, as the worker tells them."""
    events = [EngineEvent.from_json(json.loads(line)) for line in (RECORDED / name).read_text().splitlines()]
    return [line for at, event in enumerate(events) if (line := line_of(event, float(at))) is not None]


def only_steps(name: str) -> list[Step]:
    return [line for line in steps(name) if isinstance(line, Step)]


# From events to plans and effects


def test_a_preview_of_nothing_yet_is_all_creates() -> None:
    plan = stack_plan(STACK, only_steps("preview-tenant.jsonl"))
    assert {change.op for change in plan.changes} == {Operation.CREATE}
    by_urn = {change.urn: change for change in plan.changes}
    assert set(by_urn) >= {NETWORK, RULE, PROJECT}
    assert by_urn[PROJECT].protected
    assert by_urn[NETWORK].name == "contract-small-net0"
    assert len(by_urn) == 4  # neither the stack nor its provider


def test_a_preview_tells_what_differs_property_by_property() -> None:
    changes = {change.urn: change for change in stack_plan(STACK, only_steps("preview-changes.jsonl")).changes}
    assert changes[NETWORK].op is Operation.UPDATE
    (path,) = changes[NETWORK].paths
    assert (path.path, path.desired) == ("description", "said twice")
    assert path.actual == "said anew"
    assert changes[NETWORK].live_id
    assert changes[RULE].op is Operation.REPLACE
    ports = {path.path: (path.actual, path.desired) for path in changes[RULE].paths}
    assert ports["portRangeMin"] == (443, 8443)


def test_policies_see_a_preview_in_the_terms_of_the_captured_graph() -> None:
    project = Ref(PROJECT)
    captured = Declared(
        urn=NETWORK, stack=STACK, type="x", name="net0", properties={"tenantId": project}, depends_on=(PROJECT,)
    )
    graph = Graph(resources={NETWORK: captured}, stacks=(STACK,), digest=digest_of("one"))
    found = planned_resources(STACK, only_steps("preview-tenant.jsonl"), graph)
    assert found[NETWORK].properties["tenantId"] == project
    assert found[NETWORK].properties["adminStateUp"] is True
    assert not any(key.startswith("__") for key in found[NETWORK].properties)
    assert found[RULE].properties["remoteIpPrefix"] == "192.0.2.0/24"
    assert found[RULE].properties["securityGroupId"] == "<?.id>"  # not known before the group is there
    assert found[PROJECT].protect


def test_effects_of_a_run_in_which_one_resource_fails() -> None:
    telling = Telling(STACK)
    effects = [effect for line in steps("up-tenant.jsonl") if (effect := telling.hears(line)) is not None]
    outcomes = {effect.urn: effect.outcome for effect in effects}
    assert outcomes[RULE] is Outcome.FAILED
    assert sum(outcome is Outcome.DONE for outcome in outcomes.values()) == 3
    (failed,) = (effect for effect in effects if effect.urn == RULE)
    assert failed.detail.startswith("Error creating openstack_networking_secgroup_rule_v2: ")
    assert "no prefix" in failed.detail
    assert "error occurred" not in failed.detail
    assert telling.failed
    assert telling.general == []  # "update failed" says nothing


def test_a_protected_resource_says_why_it_stays() -> None:
    telling = Telling(STACK)
    effects = [effect for line in steps("destroy-protected.jsonl") if (effect := telling.hears(line)) is not None]
    told = [*telling.general, *(effect.detail for effect in effects)]
    assert any("cannot be deleted" in text and "protected" in text for text in told)


def test_a_replacement_is_told_once() -> None:
    about: Mapping[str, Any] = {"urn": "urn:pulumi:small::tenant::a:b:C::x", "type": "a:b:C", "custom": True}
    telling = Telling(STACK)
    order = [("begun", "delete-replaced"), ("done", "delete-replaced"), ("done", "replace"), ("done", "create-replacement")]
    effects = [telling.hears(Step(stage=stage, op=op, at=float(n), **about)) for n, (stage, op) in enumerate(order)]
    (told,) = (effect for effect in effects if effect is not None)
    assert (told.op, told.outcome, told.seconds) == (Operation.REPLACE, Outcome.DONE, 3.0)


def test_urns_of_nested_resources() -> None:
    assert urn_of("urn:pulumi:chl::tenant::luxops:cloud:TenantCloud$a:b/c:D::chl::x") == "tenant/chl::a:b/c:D::chl::x"
    assert urn_of("") == "/::::"


@pytest.mark.parametrize("line", [Said(severity="error", text="no"), Ended(trouble=Trouble.LOCKED, text="by eve")])
def test_lines_survive_the_way(line: Said | Ended) -> None:
    assert LINE.validate_json(line.model_dump_json()) == line


# States


def exported(*operations: tuple[str, str]) -> dict[str, Any]:
    resource = {
        "urn": "urn:pulumi:small::tenant::a:b:Project::small",
        "type": "a:b:Project",
        "custom": True,
        "id": "1",
        "protect": True,
    }
    waiting = [
        {
            "type": operation,
            "resource": {
                "urn": f"urn:pulumi:small::tenant::a:b:Network::{name}",
                "type": "a:b:Network",
                "custom": True,
                "inputs": {"__defaults": [], "name": f"net-{name}"},
                "dependencies": [resource["urn"]],
            },
        }
        for operation, name in operations
    ]
    return {"version": 3, "deployment": {"resources": [resource], "pending_operations": waiting, "manifest": {"time": "t"}}}


def test_what_an_interrupted_run_has_left() -> None:
    found = state.pending(exported(("creating", "a"), ("updating", "b")))
    assert [(p.urn, p.operation, p.name, p.may_be_there) for p in found] == [
        ("tenant/small::a:b:Network::a", "creating", "net-a", True),
        ("tenant/small::a:b:Network::b", "updating", "net-b", False),
    ]
    assert found[0].inputs == {"name": "net-a"}
    assert state.pending({"version": 3, "deployment": None}) == ()


def test_settling_takes_over_what_was_made_and_forgets_the_rest() -> None:
    before = exported(("creating", "a"), ("creating", "b"), ("deleting", "c"))
    kept = json.dumps(before)
    after = state.settled(before, {Urn("tenant/small::a:b:Network::a"): "4f1e"})
    assert json.dumps(before) == kept
    resources = after["deployment"]["resources"]
    assert [(r["urn"].rpartition("::")[2], r["id"]) for r in resources] == [("small", "1"), ("a", "4f1e")]
    assert resources[1]["dependencies"] == [resources[0]["urn"]]
    assert state.pending(after) == ()
    assert after["deployment"]["manifest"] == {"time": "t"}
    assert state.settled(after, {Urn("tenant/small::a:b:Network::a"): "other"}) == after


def test_protection_is_read_and_taken_away() -> None:
    assert state.protected(exported()) == ("small",)
    assert state.protected(state.unprotected(exported())) == ()
    assert state.owned(exported()) == ((Urn("tenant/small::a:b:Project::small"), "a:b:Project"),)


# Locks, wherever the state is


def test_the_clis_message_tells_whose_lock_it_is() -> None:
    (lock,) = locks_in((RECORDED / "locked.txt").read_text(), STACK)
    assert (lock.user, lock.host, lock.pid) == ("eve", "desk", 4711)
    assert (
        lock.told(datetime(2026, 11, 25, 17, 5, tzinfo=UTC))
        == "eve@desk (process 4711) for 1 d 2 h, since 2026-11-24 15:00:00 UTC"
    )


@pytest.fixture
def file_state(tmp_path: Path) -> str:
    folder = tmp_path / "state/.pulumi/locks/organization/tenant/small"
    folder.mkdir(parents=True)
    (folder / "1.json").write_text(json.dumps(LOCK))
    return f"file://{tmp_path}/state"


@pytest.fixture
def s3_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        s3 = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="eu-west-1")
        s3.create_bucket(Bucket="luxops", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        key = "clouds/.pulumi/locks/organization/tenant/small/1.json"
        s3.put_object(Bucket="luxops", Key=key, Body=json.dumps(LOCK).encode())
        yield f"s3://luxops/clouds?region=eu-west-1&endpoint={host}:{port}&disableSSL=true&s3ForcePathStyle=true"
    finally:
        server.stop()


@pytest.fixture
def postgres_state(postgres_server: PostgresServer) -> str:
    """The table as the CLI makes it."""
    name = f"pulumi_{time.monotonic_ns()}"
    content = json.dumps({"data": base64.b64encode(json.dumps(LOCK).encode()).decode()})
    address = f"host={postgres_server.folder} user=postgres"
    with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    with psycopg.connect(f"{address} dbname={name}") as connection:
        connection.execute(
            "CREATE TABLE pulumi_state (key TEXT PRIMARY KEY, data JSON NOT NULL, updated_at TIMESTAMPTZ DEFAULT now())"
        )
        connection.execute(
            "INSERT INTO pulumi_state VALUES (%s, %s)", (".pulumi/locks/organization/tenant/small/1.json", content)
        )
    return f"postgres://postgres@/{name}?host={postgres_server.folder}"


@pytest.mark.parametrize("backend", ["file", "s3", pytest.param("postgres", marks=pytest.mark.postgresql)])
def test_locks_are_read_where_the_state_is(backend: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue(f"{backend}_state")
    (lock,) = locks_of(url, STACK)
    assert (lock.user, lock.host, lock.pid) == ("eve", "desk", 4711)
    assert lock.since == datetime(2026, 11, 24, 14, 0, 0, 123456, tzinfo=UTC)
    assert locks_of(url, StackId("tenant/smal_")) == ()


def test_a_state_that_cannot_be_read_says_so(tmp_path: Path, file_state: str) -> None:
    (tmp_path / "state/.pulumi/locks/organization/tenant/small/2.json").write_text("half a lo")
    with pytest.raises(LuxopsError, match="cannot be read"):
        locks_of(file_state, STACK)
    with pytest.raises(LuxopsError, match="PostgreSQL cannot be read") as caught:
        locks_of("postgres://luxops:sesame@127.0.0.1:1/pulumi", STACK)
    assert "sesame" not in caught.value.diagnosis()
    with pytest.raises(LuxopsError, match="no proper name"):
        locks_of("postgres://x@127.0.0.1:1/pulumi?table=a%22b", STACK)


@pytest.mark.parametrize("url", ["https://api.pulumi.com", "~/state", "azblob://x", ""])
def test_a_state_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(LuxopsError, match="not where luxops can look"):
        state_url(url)


def test_a_states_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    assert state_url(f"file://{tmp_path}/new/state") == f"file://{tmp_path}/new/state"
    assert (tmp_path / "new/state").stat().st_mode & 0o777 == 0o700


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
