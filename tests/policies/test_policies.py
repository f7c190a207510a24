"""The policies that come with luxops, against their own examples and the real facts' classes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cel
import pytest
from click.testing import CliRunner

from luxops.cli.main import cli
from luxops.cli.shapes import fact_shapes
from luxops.errors import ExitCode, LuxopsError
from luxops.evaluation.examples import judge_examples
from luxops.model import TargetKind
from luxops.policies import PolicySet, load_policies

FOLDER = Path(__file__).resolve().parents[2] / "policies"


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    return load_policies(FOLDER)


@pytest.mark.slow
def test_every_policy_holds_against_its_examples(policies: PolicySet) -> None:
    results = judge_examples(policies, fact_shapes())
    assert [(r.policy, r.defects) for r in results if r.defects] == []
    assert all(result.checks >= 4 for result in results)


def test_there_are_as_many_as_promised(policies: PolicySet) -> None:
    assert len(policies.for_target(TargetKind.HOST)) >= 80
    subjects = Counter(policy.id.partition("-")[0] for policy in policies.for_target(TargetKind.HOST))
    assert subjects["openstack"] >= 54
    assert {
        "sshd", "pam", "sudo", "accounts", "kernel", "filesystem", "services", "firewall", "logging", "audit", "time",
        "packages", "certificates",
    } <= subjects.keys()  # fmt: skip


def test_policies_that_can_meet_something_unreadable_have_an_example(policies: PolicySet) -> None:
    hosts = policies.for_target(TargetKind.HOST)
    assert [policy.id for policy in hosts if not policies.examples[policy.id].unknown] == []


def test_every_check_answers_as_plain_cel_does_on_its_examples(policies: PolicySet) -> None:
    """Luxops hands CEL single values instead of whole facts; that must change no answer."""
    answers = 0
    for policy in policies.policies:
        examples = policies.examples[policy.id]
        for example, wanted in [*((e, True) for e in examples.pass_), *((e, False) for e in examples.fail)]:
            target = {"id": "example", "hospital": "example", "labels": {}, **example.get("target", {})}
            assert cel.evaluate(policy.check, {**example, "target": target, "now": 1768435200}) is wanted, policy.id
            answers += 1
    assert answers > 2 * len(policies.policies)


def test_nothing_is_waived_as_delivered(policies: PolicySet) -> None:
    assert policies.waivers == ()


def run(*arguments: str, folder: Path = FOLDER) -> tuple[object, str]:
    result = CliRunner().invoke(cli, ["--no-lab", "--policies", str(folder), "policy", *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout


@pytest.mark.slow
def test_the_test_command() -> None:
    code, output = run("test", "sshd-*", "--output", "json")
    answer = json.loads(output)
    assert code == ExitCode.GOOD
    assert answer["schema"] == "luxops/policy-test/1"
    assert answer["policies"] == len(answer["results"]) > 20
    assert answer["failed"] == 0


def test_the_test_command_fails_for_a_policy_without_examples(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    text = (FOLDER / "host" / "time.yaml").read_text().replace("synchronised: true", "synchronized: true")
    (tmp_path / "host" / "time.yaml").write_text(text)
    (tmp_path / "mappings").symlink_to(FOLDER / "mappings")
    code, output = run("test", folder=tmp_path)
    assert code == ExitCode.FINDINGS
    assert "did you mean `synchronised`?" in output


def test_the_list_command() -> None:
    _, output = run("list", "--severity", "critical", "--kind", "host", "--output", "json")
    answer = json.loads(output)
    assert answer["schema"] == "luxops/policies/1"
    assert {(p["severity"], p["applies_to"]) for p in answer["policies"]} == {("critical", "host")}
    with pytest.raises(LuxopsError, match=r"did you mean `anssi-bp-028`\?"):
        run("list", "--framework", "anssi-bp-28")


@pytest.mark.slow
def test_the_show_command() -> None:
    _, output = run("show", "sshd-root-login")
    assert "11.3      Privileged and administration accounts" in output
    with pytest.raises(LuxopsError, match=r"did you mean `sshd-root-login`\?"):
        run("show", "sshd-root-logi")
    _, output = run("show", "sshd-root-login", "--output", "json")
    assert json.loads(output)["requirements"]["anssi-bp-028"].keys() == {"R33", "R79"}
