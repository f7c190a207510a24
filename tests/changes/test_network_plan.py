"""`luxops network plan`, over routers that answer what a test gives them, and the gates over what it proposes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.drafts import Draft

from luxops.changes import ChangeBook, GateContext, Proposal
from luxops.cli.main import cli
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.domain import targets_of
from luxops.domains.network.planning.assembly import declared as declared_configs
from luxops.domains.network.planning.assembly import plan_network, reread
from luxops.domains.network.planning.consequences import consequences, planned_configs, stopping
from luxops.domains.network.planning.gates import network_gates, plan_of
from luxops.domains.network.planning.judging import judge_plan, told
from luxops.domains.network.planning.judging import refusals as refused
from luxops.domains.network.platforms.interface import CONFIG
from luxops.errors import ExitCode, UsageError
from luxops.evaluation import Evaluator
from luxops.federation import Federation, load_federation
from luxops.model import Failure, FailureReason, Observation, Override, Target, TargetId, utc_now
from luxops.policies import load_policies
from luxops.progress import Progress
from luxops.store import open_store

pytestmark = pytest.mark.slow
POLICIES = Path(__file__).parents[2] / "policies"
SECOND = ("syslog: [10.250.0.10]", "syslog: [10.250.0.10, 10.250.0.11]")
SILENT = Failure(reason=FailureReason.TIMEOUT, detail="no answer within 30 s", retryable=True)


class Routers:
    """The network domain, with answers given by hand."""

    name = "network"

    def __init__(self, answers: dict[TargetId, RouterConfig | Failure]) -> None:
        self.answers = answers

    def targets(self, federation: Federation) -> Sequence[Target]:
        return targets_of(federation)

    def observe(self, targets: Sequence[Target], progress: Progress) -> Iterator[Sequence[Observation]]:
        del progress
        return ([Observation.of(t.id, CONFIG, self.answers[t.id], utc_now())] for t in targets)


class Desk:
    def __init__(self, folder: Path, inventory: Path, routers: Routers) -> None:
        self.routers = routers
        self.url = f"sqlite:///{folder}/luxops.db"
        self._environment = {"LUXOPS_STORE__URL": self.url, "LUXOPS_CONFIG": str(folder / "none.toml")}
        self.inventory = inventory

    def plan(self, *arguments: str) -> tuple[Any, str]:
        command = ["--inventory", str(self.inventory), "--no-lab", "network", "plan", *arguments]
        result = CliRunner().invoke(cli, command, env=self._environment, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.return_value, result.stdout

    def json(self, *arguments: str) -> tuple[Any, Any]:
        code, text = self.plan(*arguments, "--output", "json")
        return code, json.loads(text)

    def proposals(self) -> int:
        with open_store(self.url) as store:
            return len(ChangeBook(store).changes())


@pytest.fixture(scope="module")
def declared(declared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a second log server: with one, the declaration itself breaks a policy."""
    folder = Path(shutil.copytree(declared, tmp_path_factory.mktemp("plan") / "inventory"))
    Draft(folder).edit("federation.yaml", *SECOND)
    return folder


@pytest.fixture(scope="module")
def federation(declared: Path) -> Federation:
    return load_federation(declared)


@pytest.fixture(scope="module")
def configs(federation: Federation) -> Mapping[TargetId, RouterConfig]:
    return declared_configs(federation, [TargetId(name) for name in federation.routers])


@pytest.fixture
def desk(tmp_path: Path, declared: Path, configs: Mapping[TargetId, RouterConfig], monkeypatch: pytest.MonkeyPatch) -> Desk:
    routers = Routers(dict(configs))
    monkeypatch.setattr("luxops.domains.assembly.network_domain", lambda _: routers)
    return Desk(tmp_path, declared, routers)


def edge(configs: Mapping[TargetId, RouterConfig]) -> TargetId:
    return next(name for name in configs if "edge" in name and configs[name].platform == "frr")


def less(config: RouterConfig, start: str = "log syslog") -> RouterConfig:
    lines = [line for line in config.lines if not line.strip().startswith(start)]
    assert len(lines) < len(config.lines)
    return reread(config.platform, lines, TargetId(config.hostname))


def test_no_difference(desk: Desk) -> None:
    code, text = desk.plan()
    assert code == ExitCode.GOOD
    assert "No difference" in text
    assert desk.proposals() == 0


def test_a_difference_is_proposed_once(desk: Desk, configs: Mapping[TargetId, RouterConfig]) -> None:
    name = edge(configs)
    desk.routers.answers[name] = less(configs[name])
    code, answer = desk.json("--by", "network-admin-1")
    assert code == ExitCode.FINDINGS
    assert list(answer) == [
        "schema", "digest", "devices", "unknown", "impact", "findings", "refusals", "change", "proof",
    ]  # fmt: skip
    assert answer["schema"] == "luxops/network-plan/1"
    (device,) = answer["devices"]
    assert device["device"] == name
    assert device["diff"] == [{"path": "log syslog informational", "desired": "log syslog informational", "actual": None}]
    assert device["rollback"]
    assert answer["change"]["requested_by"] == "network-admin-1"
    _, again = desk.json("--by", "network-admin-1")
    assert (again["change"]["id"], again["digest"]) == (answer["change"]["id"], answer["digest"])
    assert desk.proposals() == 1
    _, text = desk.plan("--by", "network-admin-1", "--steps")
    assert "log syslog informational" in text
    assert "would undo it" in text
    assert answer["change"]["id"] in text
    _, emergency = desk.json("--by", "network-admin-1", "--emergency")
    assert emergency["change"]["emergency"]
    assert emergency["change"]["id"] != answer["change"]["id"]
    assert emergency["change"]["approvals_needed"] == 2


def test_who_asks_must_be_known(desk: Desk, configs: Mapping[TargetId, RouterConfig]) -> None:
    name = edge(configs)
    desk.routers.answers[name] = less(configs[name])
    with pytest.raises(UsageError, match="Nobody is named"):
        desk.plan()
    assert desk.proposals() == 0


def test_what_breaks_a_policy_is_proposed_only_with_a_reason(desk: Desk, configs: Mapping[TargetId, RouterConfig]) -> None:
    Draft(desk.inventory).edit("federation.yaml", *reversed(SECOND))
    try:
        name = edge(configs)
        _, answer = desk.json(name, "--by", "network-admin-1")
        assert (answer["change"], desk.proposals()) == (None, 0)
        assert any(text.startswith(f"router-logs-leave on {name}") for text in answer["refusals"])
        _, text = desk.plan(name, "--by", "network-admin-1")
        assert "REFUSED: router-logs-leave" in text
        _, answer = desk.json(name, "--by", "network-admin-1", "--override", "the other one is being replaced")
        assert answer["change"]["override"] == {
            "reason": "the other one is being replaced", "refusals": answer["refusals"],
        }  # fmt: skip
    finally:
        Draft(desk.inventory).edit("federation.yaml", *SECOND)


def test_a_silent_router_is_named_and_never_looks_complete(desk: Desk, configs: Mapping[TargetId, RouterConfig]) -> None:
    name = edge(configs)
    desk.routers.answers[name] = SILENT
    code, text = desk.plan()
    assert code == ExitCode.INCOMPLETE
    assert f"UNKNOWN: {name}: {SILENT}" in text
    assert "some routers could not be looked at" in text
    assert "every selected router is as declared" not in text


def test_a_selector_leaves_others_alone(desk: Desk, configs: Mapping[TargetId, RouterConfig]) -> None:
    name = edge(configs)
    desk.routers.answers[name] = SILENT
    other = next(router for router in configs if router != name)
    assert desk.plan(other)[0] == ExitCode.GOOD


def proposal_of(
    book: ChangeBook, federation: Federation, observed: RouterConfig, wanted: RouterConfig, override: Override | None = None
) -> Proposal:
    name = TargetId(wanted.hostname)
    plan = plan_network(federation, {name: observed}, {name: wanted})
    assert [device.device for device in plan.devices] == [name]
    body = plan.model_dump(mode="json")
    return book.propose("network", "plan", plan.digest, body, [name], "network-admin-1", override=override)


def test_gates_of_a_declared_change_are_open(
    book: ChangeBook, federation: Federation, configs: Mapping[TargetId, RouterConfig]
) -> None:
    wanted = configs[edge(configs)]
    proposal = proposal_of(book, federation, less(wanted), wanted)
    context = GateContext(federation, (), utc_now())
    gates = network_gates(Evaluator(load_policies(POLICIES)))
    assert [gate.name for gate in gates] == ["policies", "paths"]
    assert [gate.check(proposal, context) for gate in gates] == [None, None]


def test_a_gate_stays_shut_until_the_override_names_what_it_refuses(
    book: ChangeBook, federation: Federation, configs: Mapping[TargetId, RouterConfig]
) -> None:
    wanted = configs[edge(configs)]
    worse = less(less(wanted, "neighbor "), "no bgp default")
    proposal = proposal_of(book, federation, wanted, worse)
    context = GateContext(federation, (), utc_now())
    evaluator = Evaluator(load_policies(POLICIES))
    refusals = [refusal for gate in network_gates(evaluator) if (refusal := gate.check(proposal, context))]
    assert refusals
    plan = plan_of(proposal.body)
    reasons = [*map(told, refused(judge_plan(evaluator, federation, planned_configs(federation, plan))))]
    reasons += stopping(consequences(federation, plan).after)
    allowed = proposal_of(book, federation, wanted, worse, Override(reason="moved", refusals=tuple(reasons)))
    assert [gate.check(allowed, context) for gate in network_gates(evaluator)] == [None, None]
    partly = proposal_of(book, federation, wanted, worse, Override(reason="moved", refusals=tuple(reasons[1:])))
    assert [gate.check(partly, context) for gate in network_gates(evaluator)] != [None, None]
