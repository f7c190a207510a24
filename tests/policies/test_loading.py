"""Folders of policies, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from luxops.errors import UsageError
from luxops.model import TargetKind, Unreadable
from luxops.policies import PolicyError, PolicySet, load_policies

MAPPING = """\
id: nis2
title: A framework
source: Somebody
requirements: {"11.3": Privileged accounts}
"""
POLICY = """\
- id: sshd-root-login
  title: Root cannot log in over SSH
  applies_to: host
  needs: [sshd]
  check: sshd.effective.permitrootlogin == "no"
  severity: high
  rationale: A shared login hides who acted.
  remediation: Set PermitRootLogin no.
  mappings: {nis2: ["11.3"]}
  examples:
    pass: {sshd: {effective: {permitrootlogin: "no"}}}
    fail: [{sshd: {effective: {permitrootlogin: "yes"}}}, {sshd: {effective: {permitrootlogin: "x"}}}]
    unknown: {sshd: !unreadable sudo was refused}
"""
WAIVER = """\
- id: old-gateway
  policy: sshd-root-login
  selector: chl-pacs1
  reason: Until it is replaced.
  approved_by: officer
  expires: 2027-03-31
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "host").mkdir()
    (tmp_path / "mappings").mkdir()
    (tmp_path / "host" / "sshd.yaml").write_text(POLICY)
    (tmp_path / "mappings" / "nis2.yaml").write_text(MAPPING)
    return tmp_path


def problems(folder: Path) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policies(folder)
    assert caught.value.diagnosis().endswith("in the policies")
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def edited(folder: Path, old: str, new: str) -> list[str]:
    assert old in POLICY
    (folder / "host" / "sshd.yaml").write_text(POLICY.replace(old, new))
    return problems(folder)


def test_a_good_folder(folder: Path) -> None:
    policies = load_policies(folder)
    (policy,) = policies.policies
    assert policy.remediation.text == "Set PermitRootLogin no."
    examples = policies.examples[policy.id]
    assert (len(examples.pass_), len(examples.fail), len(examples.not_applicable)) == (1, 2, 0)
    assert examples.unknown == ({"sshd": Unreadable(reason="sudo was refused")},)
    assert policies.for_target(TargetKind.HOST) == (policy,)
    assert policies.for_target(TargetKind.ROUTER) == ()


def test_an_unknown_key_is_told_with_its_place_and_the_nearest_word(folder: Path) -> None:
    (found,) = edited(folder, "  severity: high\n", "  severity: high\n  severty: low\n")
    assert found.startswith("host/sshd.yaml:7:3: unknown key")
    assert "did you mean `severity`?" in found


def test_a_missing_key(folder: Path) -> None:
    assert edited(folder, "  severity: high\n", "") == ["host/sshd.yaml:1:3: the key `severity` is missing"]


def test_a_syntax_error_in_a_check(folder: Path) -> None:
    (found,) = edited(folder, '== "no"', '== "no" && (')
    assert found.startswith("host/sshd.yaml:5:10: `check` is not an expression")


def test_a_fact_that_is_not_needed(folder: Path) -> None:
    (found,) = edited(folder, '== "no"', '== "no" || sshdd.x')
    assert "looks at `sshdd`; did you mean `sshd`?" in found


def test_a_need_that_nothing_looks_at(folder: Path) -> None:
    assert edited(folder, "[sshd]", "[sshd, kernel]")[0].startswith("host/sshd.yaml:4:17: a fact that no expression looks at")


def test_unknown_mappings(folder: Path) -> None:
    found = edited(folder, 'nis2: ["11.3"]', 'nis2: ["11.4"], nis3: ["1"]')
    assert [line.splitlines()[1].strip() for line in found] == [
        "`nis2` has no `11.4`; did you mean `11.3`?",
        "there is no mapping `nis3`; did you mean `nis2`?",
    ]


def test_an_id_given_twice_over_files(folder: Path) -> None:
    (folder / "host" / "other.yaml").write_text(POLICY)
    (found,) = problems(folder)
    assert found.startswith("host/sshd.yaml:1:7: id given twice")


def test_a_policy_in_the_wrong_folder(folder: Path) -> None:
    assert edited(folder, "applies_to: host", "applies_to: router")[0].startswith("host/sshd.yaml:3:15: in the wrong folder")


def test_a_role_that_no_host_can_have_is_an_error(folder: Path) -> None:
    assert "role" in edited(folder, "  severity: high\n", "  severity: high\n  role: controler\n")[0]


def test_a_role_is_a_hosts(folder: Path) -> None:
    (folder / "router").mkdir(exist_ok=True)
    text = POLICY.replace("applies_to: host", "applies_to: router\n  role: controller").replace("- id: ", "- id: r-")
    (folder / "router" / "more.yaml").write_text(text)
    assert [line.splitlines()[0] for line in problems(folder)] == ["router/more.yaml:4:9: a role of hosts"]


def test_not_applicable_needs_when(folder: Path) -> None:
    assert "without `when`" in edited(folder, "  severity: high\n", "  severity: high\n  not_applicable: never\n")[0]


def test_all_mistakes_at_once(folder: Path) -> None:
    (folder / "host" / "broken.yaml").write_text("- id: [\n")
    (folder / "mappings" / "second.yaml").write_text("id: x\n")
    found = edited(folder, "severity: high", "severity: hi")
    assert [line.split(":")[0] for line in found] == ["host/broken.yaml", "host/sshd.yaml", *["mappings/second.yaml"] * 3]


def test_a_file_that_is_no_list(folder: Path) -> None:
    (folder / "host" / "map.yaml").write_text("id: x\n")
    assert problems(folder)[0].startswith("host/map.yaml:1:1: not a list")


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ('!unreadable ""', "`!unreadable` does not fit its value"),
        ("!unreadable [a]", "`!unreadable` does not fit its value"),
        ("!!python/object:os.system x", "tags are not allowed"),
        ("!other x", "tags are not allowed"),
    ],
)
def test_only_the_unreadable_tag_with_a_reason(folder: Path, tag: str, said: str) -> None:
    assert edited(folder, "!unreadable sudo was refused", tag)[0].startswith(f"host/sshd.yaml:13:21: {said}")


def test_no_policies_is_an_error_not_an_empty_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There are no policies"):
        load_policies(tmp_path)
    with pytest.raises(UsageError, match="There is no folder"):
        load_policies(tmp_path / "nowhere")


def test_the_digest_follows_meaning_not_layout(folder: Path) -> None:
    before = load_policies(folder).digest
    (folder / "host" / "sshd.yaml").write_text("# a comment\n" + POLICY.replace('permitrootlogin: "yes"', "permitrootlogin: y"))
    assert load_policies(folder).digest == before
    (folder / "host" / "sshd.yaml").write_text(POLICY.replace("severity: high", "severity: low"))
    assert load_policies(folder).digest != before


def test_waivers_are_read_and_checked(folder: Path) -> None:
    (folder / "waivers.yaml").write_text(WAIVER)
    (waiver,) = load_policies(folder).waivers
    assert waiver.expires.isoformat() == "2027-03-31"
    load_policies(folder).check_approvers(["officer", "other"])
    with pytest.raises(UsageError, match=r"did you mean `officers`\?"):
        load_policies(folder).check_approvers(["officers"])
    (folder / "waivers.yaml").write_text(WAIVER.replace("policy: sshd-root-login", "policy: sshd-rot-login"))
    assert "did you mean `sshd-root-login`?" in problems(folder)[0]
    (folder / "waivers.yaml").write_text(WAIVER.replace("selector: chl-pacs1", "selector: 'hospital:'"))
    assert problems(folder)[0].startswith("waivers.yaml:3:13")


def test_select(folder: Path) -> None:
    (folder / "host" / "second.yaml").write_text(POLICY.replace("sshd-root-login", "pam-other"))
    (folder / "waivers.yaml").write_text(WAIVER)
    policies = load_policies(folder)
    assert [p.id for p in policies.select([]).policies] == ["pam-other", "sshd-root-login"]
    chosen = policies.select(["pam-*"])
    assert ([p.id for p in chosen.policies], chosen.waivers) == (["pam-other"], ())
    with pytest.raises(UsageError, match=r"did you mean `sshd-root-login`\?"):
        policies.select(["sshd-rootlogin"])
    empty = policies.model_copy(update={"policies": ()})
    assert isinstance(empty, PolicySet)
    with pytest.raises(UsageError, match="There are no policies"):
        empty.select([])
