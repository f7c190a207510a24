from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from luxops.cli.context import CliContext
from luxops.cli.lab import lab as lab_command
from luxops.errors import UsageError
from luxops.lab import faults, inventory
from luxops.lab.breaks import BREAKS, Break, find
from luxops.lab.lab import Lab
from luxops.lab.state import write_json
from luxops.model.observation import FailureReason

STACKS = tuple(f"cloud-{name}" for name in ("platform", *inventory.HOSPITALS, *inventory.SERVICES, "fibre"))


def test_names_are_unique_and_plain() -> None:
    names = [fault.name for fault in BREAKS]
    assert len(names) == len(set(names)) >= 14
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", name) for name in names)


@pytest.mark.parametrize("fault", BREAKS, ids=lambda fault: fault.name)
def test_each_break_says_what_it_causes_on_targets_of_the_lab(fault: Break) -> None:
    targets: dict[str, tuple[str, ...]] = {"hosts": inventory.HOSTS, "network": inventory.ROUTERS, "cloud": STACKS}
    assert fault.target in targets[fault.domain]
    assert fault.causes
    assert (fault.domain == "cloud") is fault.name.startswith("cloud-")
    for cause in fault.causes:
        assert cause.target in (STACKS if fault.domain == "cloud" else (*inventory.HOSTS, *inventory.ROUTERS))
        assert bool(cause.path) == (cause.kind == "drift")
        assert bool(cause.id) == (cause.kind == "policy") or cause.kind == "unknown"
        if cause.kind == "unknown" and not cause.id:
            assert cause.reason in set(FailureReason)


def test_all_domains_and_all_kinds_of_consequence_occur() -> None:
    assert {fault.domain for fault in BREAKS} == {"hosts", "network", "cloud"}
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


def test_every_break_of_the_cloud_is_drift_of_its_own_path() -> None:
    paths = [(cause.target, cause.path) for fault in BREAKS for cause in fault.causes if cause.kind == "drift"]
    assert len(paths) == len(set(paths))
    assert all(any(cause.kind == "drift" for cause in fault.causes) for fault in BREAKS if fault.domain == "cloud")


def test_what_a_break_of_the_cloud_keeps_nothing_else_loses(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "lab", lambda _: None)
    lab.state.create()
    lab.cloud.layout.folder.mkdir()
    write_json(lab.state.breaks_note, {"acl-line": {"since": "2026-01-01T02:00:00+00:00", "saved": []}})
    write_json(lab.cloud.layout.breaks_note, {"cloud-quota": {"since": "2026-01-01T01:00:00+00:00", "saved": [], "kept": {}}})
    assert list(faults.active(lab)) == ["cloud-quota", "acl-line"]
    lab.state.breaks_note.unlink()
    assert list(faults.active(lab)) == ["cloud-quota"]


@pytest.mark.lab
def test_a_break_of_the_cloud_needs_a_cloud(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cloud is not up"):
        faults.apply(Lab(tmp_path / "none", lambda _: None), "cloud-quota")
