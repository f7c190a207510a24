from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from luxops.cli.context import CliContext
from luxops.cli.lab import lab as lab_command
from luxops.errors import UsageError
from luxops.lab import inventory
from luxops.lab.breaks import BREAKS, Break, find
from luxops.model.observation import FailureReason


def test_names_are_unique_and_plain() -> None:
    names = [fault.name for fault in BREAKS]
    assert len(names) == len(set(names)) >= 14
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", name) for name in names)


@pytest.mark.parametrize("fault", BREAKS, ids=lambda fault: fault.name)
def test_each_break_says_what_it_causes_on_targets_of_the_lab(fault: Break) -> None:
    kinds = {"hosts": inventory.HOSTS, "network": inventory.ROUTERS}
    assert fault.target in kinds[fault.domain]
    assert fault.causes
    for cause in fault.causes:
        assert cause.target in (*inventory.HOSTS, *inventory.ROUTERS)
        assert bool(cause.path) == (cause.kind == "drift")
        assert bool(cause.id) == (cause.kind == "policy") or cause.kind == "unknown"
        if cause.kind == "unknown" and not cause.id:
            assert cause.reason in set(FailureReason)


def test_both_domains_and_all_kinds_of_consequence_occur() -> None:
    assert {fault.domain for fault in BREAKS} == {"hosts", "network"}
    assert {cause.kind for fault in BREAKS for cause in fault.causes} == {"policy", "drift", "unknown"}


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean `sshd-root-login`"):
        find("sshd-root-logn")


def test_breaks_are_listed_as_json_without_a_lab(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUXOPS_LAB__STATE", f"{tmp_path}/none")
    result = CliRunner().invoke(lab_command, ["breaks", "--output", "json"], obj=CliContext())
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["schema"] == "luxops/lab-breaks/1"
    assert [entry["name"] for entry in document["breaks"]] == [fault.name for fault in BREAKS]
    assert not any(entry["active"] for entry in document["breaks"])
