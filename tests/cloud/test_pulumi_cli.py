"""The `pulumi` engine against the real CLI, the real provider and the lab's OpenStack.

No language registry carries the CLI, so most machines leave this out, visibly. docs/pulumi.md says which versions it was
run with.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from luxops.domains.cloud.changes import CloudPlan, Effect, Operation, Outcome, PlannedChange, StackPlan
from luxops.domains.cloud.engines.pulumi import PulumiEngine
from luxops.domains.cloud.engines.pulumi.process import StackProcess
from luxops.domains.cloud.engines.pulumi.sessions import members
from luxops.domains.cloud.nouns import Graph, StackId, Urn
from luxops.errors import UsageError
from luxops.model import FailureReason, digest_of
from luxops.progress import Silent
from luxops.settings import CloudSettings, Settings
from luxops.transports.openstack import CloudError, CloudSession

if TYPE_CHECKING:
    from luxops.domains.cloud.engines.pulumi.environment import Surroundings
    from luxops.domains.cloud.engines.pulumi.protocol import Request

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("pulumi") is None, reason="the Pulumi CLI is not on the PATH (`luxops doctor` says how to get it)"
    ),
]
PROGRAM = Path(__file__).with_name("pulumi_program.py")
NETWORK = "openstack:networking/network:Network"
GRAPH = Graph(resources={}, stacks=(), digest=digest_of("contract"))


class Bench:
    """One stack of one project on the lab, taken away at the end."""

    def __init__(self, folder: Path, settings: CloudSettings) -> None:
        self.stack = StackId(f"tenant/t{uuid.uuid4().hex[:8]}")
        self.settings = settings
        self.project = folder / "stacks" / "tenant"
        self.project.mkdir(parents=True)
        (self.project / "Pulumi.yaml").write_text("name: tenant\nruntime: python\n")
        self.inventory = folder
        self.processes: list[StackProcess] = []
        self.program()
        self.cloud = CloudSession(settings)

    def program(self, **changed: object) -> None:
        text = PROGRAM.read_text()
        for name, value in changed.items():
            line = next(line for line in text.splitlines() if line.startswith(f"{name} = "))
            text = text.replace(line, f"{name} = {value!r}")
        (self.project / "__main__.py").write_text(text)

    def engine(self, *, protected: bool = False) -> PulumiEngine:
        return PulumiEngine(self.settings, self.inventory, protected=protected, start=self._start)

    def _start(self, request: Request, around: Surroundings) -> StackProcess:
        self.processes.append(StackProcess(request, around))
        return self.processes[-1]

    def plan(self) -> StackPlan:
        (preview,) = self.engine().preview([self.stack], Silent(), GRAPH)
        return preview.plan

    def up(self, *, protected: bool = False) -> list[Effect]:
        return list(self.engine(protected=protected).up(self.all_of_it(), Silent()))

    def all_of_it(self) -> CloudPlan:
        """As if everything were to be made: the engine itself looks what is there."""
        change = PlannedChange(op=Operation.CREATE, urn=self.urn(NETWORK, "net0"), type=NETWORK, name="net0")
        return CloudPlan(engine="pulumi", stacks=(StackPlan(stack=self.stack, changes=(change,)),), graph=GRAPH.digest)

    def urn(self, type_: str, name: str) -> Urn:
        return Urn(f"{self.stack}::{type_}::{name}")

    def named(self, path: str, key: str) -> list[dict[str, Any]]:
        """What the cloud has of this stack."""
        prefix = f"contract-{self.stack.partition('/')[2]}"
        service = "identity" if path == "/projects" else "network"
        return [found for found in self.cloud.listed(service, path, key) if found["name"].startswith(prefix)]  # type: ignore[arg-type] # a service

    @property
    def networks(self) -> list[dict[str, Any]]:
        return self.named("/networks", "networks")

    @property
    def group(self) -> dict[str, Any]:
        (found,) = self.named("/security-groups", "security_groups")
        return found

    def empty(self) -> bool:
        lists = (("/networks", "networks"), ("/security-groups", "security_groups"), ("/projects", "projects"))
        return not any(self.named(path, key) for path, key in lists)


@pytest.fixture
def bench(lab_cloud: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("CONTRACT_PASSPHRASE", "hardly a secret")
    settings = lab_cloud.cloud.model_copy(
        update={"stacks": tmp_path / "stacks", "state": f"file://{tmp_path}/state", "passphrase": "env:CONTRACT_PASSPHRASE"}
    )
    made = Bench(tmp_path, settings)
    yield made
    engine = made.engine(protected=True)
    engine.unlock(made.stack)
    ids = {made.urn(NETWORK, network["name"].rpartition("-")[2]): network["id"] for network in made.networks}
    engine.settle(made.stack, ids)
    list(engine.destroy([made.stack], Silent()))
    for network in made.networks:
        made.cloud.send("DELETE", "network", f"/networks/{network['id']}")


def test_from_nothing_to_a_cloud_and_back(bench: Bench) -> None:
    planned = bench.plan()
    assert {change.op for change in planned.changes} == {Operation.CREATE}
    assert len(planned.changes) == 6
    assert bench.empty()

    effects = bench.up()
    assert [effect.outcome for effect in effects] == [Outcome.DONE] * 6
    assert all(effect.seconds > 0 for effect in effects)
    assert len(bench.networks) == 3
    assert len({network["project_id"] for network in bench.networks}) == 1

    assert bench.plan().changes == ()
    (again,) = bench.up()
    assert again.outcome is Outcome.SKIPPED  # planned, but Pulumi finds it there

    bench.program(DESCRIPTION="said anew")
    changed = bench.plan()
    assert [(c.op, [(p.path, p.actual, p.desired) for p in c.paths]) for c in changed.changes] == [
        (Operation.UPDATE, [("description", "made by a test", "said anew")])
    ] * 3

    with pytest.raises(UsageError, match="protected"):
        list(bench.engine().destroy([bench.stack], Silent()))
    assert len(bench.networks) == 3
    gone = list(bench.engine(protected=True).destroy([bench.stack], Silent()))
    assert {(effect.op, effect.outcome) for effect in gone} == {(Operation.DELETE, Outcome.DONE)}
    assert bench.empty()


def test_a_preview_shows_policies_what_would_be_there(bench: Bench) -> None:
    (preview,) = bench.engine().preview([bench.stack], Silent(), GRAPH)
    rule = preview.resources[bench.urn("openstack:networking/secGroupRule:SecGroupRule", "rule")]
    assert rule.properties["remoteIpPrefix"] == "192.0.2.0/24"
    assert rule.properties["portRangeMin"] == 443
    assert preview.resources[bench.urn("openstack:identity/project:Project", bench.stack.partition("/")[2])].protect


def test_refresh_sees_a_rule_that_is_gone_and_not_one_that_was_added(bench: Bench) -> None:
    bench.up()
    (rule,) = bench.group["security_group_rules"]
    added = {
        "security_group_id": bench.group["id"],
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "port_range_min": 22,
        "port_range_max": 22,
        "remote_ip_prefix": "0.0.0.0/0",
        "project_id": bench.group["project_id"],
    }
    bench.cloud.send("POST", "network", "/security-group-rules", {"security_group_rule": added})
    assert bench.plan().changes == ()  # only the sweep sees it
    bench.cloud.send("DELETE", "network", f"/security-group-rules/{rule['id']}")
    (seen,) = bench.plan().changes
    assert (seen.op, seen.urn.rpartition("::")[2]) == (Operation.CREATE, "rule")
    bench.up()
    assert {r["port_range_min"] for r in bench.group["security_group_rules"]} == {443, 22}


def test_what_nobody_declares_any_more_stays_until_the_plan_deletes_it(bench: Bench) -> None:
    bench.up()
    bench.program(NETWORKS=2)
    bench.up()
    assert len(bench.networks) == 3
    (doomed,) = bench.plan().changes
    assert doomed.op is Operation.DELETE
    plan = CloudPlan(engine="pulumi", stacks=(StackPlan(stack=bench.stack, changes=(doomed,)),), graph=GRAPH.digest)
    (effect,) = bench.engine().up(plan, Silent())
    assert (effect.op, effect.outcome) == (Operation.DELETE, Outcome.DONE)
    assert len(bench.networks) == 2


def test_a_killed_up_is_found_out_and_finished_without_duplicates(bench: Bench) -> None:
    bench.program(NETWORKS=8)
    effects = []
    for effect in bench.engine().up(bench.all_of_it(), Silent()):
        effects.append(effect)
        if effect.urn.endswith("::net") or NETWORK in effect.urn:
            bench.processes[-1].kill()  # with CLI, language host and provider
    assert effects[-1].outcome is not Outcome.DONE
    assert members(bench.processes[-1].session) == []

    engine = bench.engine()
    (lock,) = engine.locks(bench.stack)
    assert lock.user == "root"
    locked = next(effect for effect in bench.up() if effect.outcome is Outcome.FAILED)
    assert f"is locked by {lock.user}@{lock.host} (process {lock.pid}) for 0 min" in locked.detail
    assert f"luxops cloud unlock {bench.stack}" in locked.detail
    assert engine.unlock(bench.stack) == (lock,)
    assert engine.locks(bench.stack) == ()

    left = engine.interrupted(bench.stack)
    assert left
    assert {pending.operation for pending in left} == {"creating"}
    refused = next(effect for effect in bench.up() if effect.outcome is Outcome.FAILED)
    assert "second time" in refused.detail

    there = {network["name"]: network["id"] for network in bench.networks}
    engine.settle(bench.stack, {pending.urn: there[pending.name] for pending in left if pending.name in there})
    assert engine.interrupted(bench.stack) == ()
    assert all(effect.outcome is not Outcome.FAILED for effect in bench.up())
    names = [network["name"] for network in bench.networks]
    assert len(names) == len(set(names)) == 8
    assert bench.plan().changes == ()


def test_who_stops_leaves_neither_process_nor_lock(bench: Bench) -> None:
    bench.program(NETWORKS=20)
    effects = bench.engine().up(bench.all_of_it(), Silent())
    next(effects)
    effects.close()  # type: ignore[attr-defined] # a generator: as Ctrl-C does
    assert members(bench.processes[-1].session) == []
    assert bench.engine().locks(bench.stack) == ()
    assert len(bench.networks) < 20
    engine = bench.engine()
    there = {network["name"]: network["id"] for network in bench.networks}
    engine.settle(bench.stack, {p.urn: there[p.name] for p in engine.interrupted(bench.stack) if p.name in there})
    assert all(effect.outcome is not Outcome.FAILED for effect in bench.up())
    names = [network["name"] for network in bench.networks]
    assert len(names) == len(set(names)) == 20


def test_a_stale_lock_is_told_with_owner_and_age(bench: Bench) -> None:
    bench.up()
    folder = Path(bench.settings.state.removeprefix("file://")) / ".pulumi/locks/organization" / bench.stack
    folder.mkdir(parents=True, exist_ok=True)
    since = datetime.now(UTC) - timedelta(hours=26)
    note = {"pid": 4711, "username": "eve", "hostname": "desk", "timestamp": since.isoformat()}
    (folder / f"{uuid.uuid4()}.json").write_text(json.dumps(note))
    bench.program(DESCRIPTION="said anew")
    (effect,) = (effect for effect in bench.up() if effect.outcome is Outcome.FAILED)
    assert "locked by eve@desk (process 4711) for 1 d 2 h" in effect.detail
    assert [lock.user for lock in bench.engine().unlock(bench.stack)] == ["eve"]
    assert Outcome.FAILED not in {effect.outcome for effect in bench.up()}


def test_a_failed_resource_stops_only_what_needs_it(bench: Bench) -> None:
    program = (bench.project / "__main__.py").read_text()
    bad = program.replace('remote_ip_prefix="192.0.2.0/24"', 'remote_ip_prefix="no prefix"')
    (bench.project / "__main__.py").write_text(bad)
    effects = bench.up()
    (failed,) = (effect for effect in effects if effect.outcome is Outcome.FAILED)
    assert failed.urn.endswith("::rule")
    assert "no prefix" in failed.detail
    assert sum(effect.outcome is Outcome.DONE for effect in effects) == 5


def test_a_broken_program_is_told_in_a_line(bench: Bench) -> None:
    (bench.project / "__main__.py").write_text("raise RuntimeError('the inventory is not there')\n")
    (effect,) = (effect for effect in bench.up() if effect.outcome is Outcome.FAILED)
    assert "the inventory is not there" in effect.detail
    assert "Traceback" not in effect.detail


def test_preflight_logs_in(bench: Bench, tmp_path: Path) -> None:
    assert bench.engine().preflight()["project_id"]
    assert bench.settings.clouds_file is not None
    wrong = tmp_path / "wrong.yaml"
    lines = bench.settings.clouds_file.read_text().splitlines()
    wrong.write_text("\n".join("      password: wrong" if "password:" in line else line for line in lines))
    engine = PulumiEngine(bench.settings.model_copy(update={"clouds_file": wrong}), bench.inventory)
    with pytest.raises(CloudError) as caught:
        engine.preflight()
    assert caught.value.failure.reason is FailureReason.AUTHENTICATION


def test_no_password_is_kept(bench: Bench) -> None:
    bench.up()
    assert bench.settings.clouds_file is not None
    password = next(line.split()[1] for line in bench.settings.clouds_file.read_text().splitlines() if "password:" in line)
    folder = Path(bench.settings.state.removeprefix("file://"))
    kept = b"".join(path.read_bytes() for path in [*folder.rglob("*"), *bench.project.iterdir()] if path.is_file())
    assert password.encode() not in kept
    assert b"hardly a secret" not in kept
