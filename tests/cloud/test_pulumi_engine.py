"""The `pulumi` engine without the CLI: recorded events, states, and locks wherever the state is."""

from __future__ import annotations

import base64
import json
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
from tests.support.pulumi_states import NETWORK, PROJECT, RECORDED, RULE, STACK, exported

from luxops.domains.cloud.changes import Operation, Outcome
from luxops.domains.cloud.engines.pulumi import state
from luxops.domains.cloud.engines.pulumi.environment import state_url
from luxops.domains.cloud.engines.pulumi.events import Telling, line_of, planned_resources, stack_plan
from luxops.domains.cloud.engines.pulumi.locks import locks_in, locks_of
from luxops.domains.cloud.engines.pulumi.protocol import LINE, Ended, Said, Step, Trouble, urn_of
from luxops.domains.cloud.nouns import Declared, Graph, Ref, StackId, Urn
from luxops.errors import LuxopsError
from luxops.model import digest_of

GRAPH = Graph(resources={}, stacks=(), digest=digest_of("nothing"))
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
            "INSERT INTO pulumi_state VALUES (%s, %s)", (f"{name}/.pulumi/locks/organization/tenant/small/1.json", content)
        )
    return f"postgres://postgres@/{name}?host={postgres_server.folder}"


@pytest.mark.slow
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
