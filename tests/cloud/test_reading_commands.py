"""Commands that only look, on the lab's cloud: what they print, what they write, how they end."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from luxops.cli.main import cli

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("provisioned")]


def luxops(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--lab", "cloud", *arguments], catch_exceptions=False, standalone_mode=False)


def test_capacity_as_json_has_each_owner_and_never_a_zero_for_what_is_unknown() -> None:
    ran = luxops("report", "capacity", "--output", "json")
    found = json.loads(ran.stdout)
    assert found["schema"] == "luxops/cloud-capacity/1"
    assert {place["datacentre"] for place in found["places"]} >= {"dc1", "dc2"}
    for owner in found["owners"]:
        for amount in owner["use"].values():
            assert amount["used"] is not None or amount["why"]


def test_capacity_as_files(tmp_path: Path) -> None:
    for suffix in (".csv", ".html", ".json"):
        path = tmp_path / f"capacity{suffix}"
        assert luxops("report", "capacity", "--to", str(path)).stdout.strip() == str(path)
    with (tmp_path / "capacity.csv").open(newline="") as file:
        assert {row["table"] for row in csv.DictReader(file)} >= {"owners", "trend", "datacentres", "shares"}
    assert (tmp_path / "capacity.html").read_text().startswith("<!doctype html>")


def test_datacentres_end_with_1_where_they_are_not_alike() -> None:
    ran = luxops("report", "datacentres", "--output", "json")
    found = json.loads(ran.stdout)
    assert ran.return_value == 1
    assert {"owner": "anim", "zone": "archive"}.items() <= next(u for u in found["unlike"] if u["owner"] == "anim").items()


def test_an_import_file_has_an_id_for_every_object_and_a_parent_for_each_but_the_first(tmp_path: Path) -> None:
    path = tmp_path / "import.json"
    luxops("adopt", "chl", "--write", str(path))
    resources = json.loads(path.read_text())["resources"]
    assert {entry["type"] for entry in resources} >= {"luxops:cloud:TenantCloud", "openstack:networking/network:Network"}
    assert all(entry.get("id") or entry.get("component") for entry in resources)
    assert [entry["name"] for entry in resources if "parent" not in entry] == [resources[0]["name"]]
    assert not [entry for entry in resources if "{" in entry.get("id", "")]


def test_a_draft_is_written_once(tmp_path: Path) -> None:
    ran = luxops("adopt", "--draft", str(tmp_path / "found"), "--output", "json")
    files = json.loads(ran.stdout)["files"]
    assert "hospitals/chl.yaml" in files
    assert all((tmp_path / "found" / name).is_file() for name in files)
    with pytest.raises(Exception, match="is there already"):
        luxops("adopt", "--draft", str(tmp_path / "found"))


def test_an_unlocked_stack_has_nothing_to_unlock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUXOPS_CLOUD__STATE", f"file://{tmp_path}")
    assert "No lock is held" in luxops("unlock", "tenant/chl").stdout
