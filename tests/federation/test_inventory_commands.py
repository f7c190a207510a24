"""`luxops inventory check|show|flows`, and the inventory that plain Ansible reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.drafts import COMPLETE, SMALL, Draft

from luxops.cli.context import CliContext
from luxops.cli.inventory import inventory
from luxops.errors import UsageError

pytestmark = pytest.mark.slow


def _run(*arguments: str, folder: Path = SMALL) -> tuple[Any, str]:
    """What the command returns, and what it writes to standard output."""
    context = CliContext(inventory=folder, use_lab=False)
    result = CliRunner().invoke(inventory, arguments, obj=context, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout


def _json(*arguments: str, folder: Path = SMALL) -> Any:  # noqa: ANN401 - a JSON document
    return json.loads(_run(*arguments, "--output", "json", folder=folder)[1])


def test_check_counts_what_holds() -> None:
    code, text = _run("check")
    assert code == 0
    assert "every cross-check passed" in text
    answer = _json("check")
    assert answer["schema"] == "luxops/inventory-check/1"
    assert answer["counts"] == {
        "hospitals": 2, "services": 2, "external peers": 1, "routers": 6, "links": 5, "hosts": 3, "flows": 7,
    }  # fmt: skip
    assert answer["problems"] == []


def test_check_shows_all_problems_and_fails(draft: Draft) -> None:
    draft.edit("services/anim.yaml", "to: archive@dc2", "to: archiv@dc2")
    draft.edit("links.yaml", "prefix: 10.255.0.8/31", "prefix: 10.253.0.8/31")
    code, text = _run("check", folder=draft.folder)
    assert code == 2
    assert "services/anim.yaml:13:29: flow to an unknown zone" in text
    assert "links.yaml:24:11: link outside the transit prefix" in text
    assert text.endswith("2 problems in the inventory\n")
    problems = _json("check", folder=draft.folder)["problems"]
    assert [(p["line"], p["column"], p["what"]) for p in problems] == [
        (24, 11, "link outside the transit prefix"),
        (13, 29, "flow to an unknown zone"),
    ]


def test_an_inventory_of_nothing_is_not_called_good(draft: Draft) -> None:
    for name in ("hospitals", "services", "hosts"):
        for file in (draft.folder / name).iterdir():
            file.unlink()
    draft.write("routers.yaml", "[]\n")
    draft.write("links.yaml", "[]\n")
    text = (draft.folder / "federation.yaml").read_text()
    draft.write("federation.yaml", text[: text.index("peers:")])
    with pytest.raises(UsageError, match="nothing to look after"):
        _run("check", folder=draft.folder)


def test_show_lists_everything_or_what_is_selected() -> None:
    def shown(*selectors: str) -> dict[str, list[str]]:
        answer = _json("show", *selectors)
        assert answer["schema"] == "luxops/inventory/1"
        names = ("hospitals", "routers", "links", "services", "hosts")
        return {name: [entry["id"] for entry in answer[name]] for name in names if answer[name]}

    everything = shown()
    assert {name: len(ids) for name, ids in everything.items()} == {
        "hospitals": 2, "routers": 6, "links": 5, "services": 2, "hosts": 3,
    }  # fmt: skip
    assert shown("hospital:hrs") == {
        "hospitals": ["hrs"],
        "routers": ["hrs-edge1", "hrs-edge2"],
        "links": ["hrs-dc1", "hrs-dc2"],
        "services": ["anim"],
    }
    assert shown("kind:link,risk:dc1-entry") == {"links": ["chl-dc1", "hrs-dc1"]}
    assert shown("kind:router,hospital:luxith", "chl-pacs*") == {
        "routers": ["dc1-core1", "dc2-core1"],
        "hosts": ["chl-pacs1", "chl-pacs2"],
    }


def test_show_as_tables_names_what_is_declared() -> None:
    _, text = _run("show", folder=COMPLETE)
    for word in ("Centre François Baclesse", "chl-edge1", "dc1-core1 fib-chl", "National imaging archive", "15m", "anim-dc1"):
        assert word in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "chl-edg1"), "Nothing matches `chl-edg1`; did you mean `chl-edge1`?"),
        (("show", "hospital:chk"), "Nothing matches `hospital:chk`; did you mean `chl`?"),
        (("show", "hopsital:chl"), "Nothing matches `hopsital:chl`; did you mean `hospital`?"),
        (("show", "chl-edge1", "zone:imagin"), "Nothing matches `zone:imagin`; did you mean `imaging`?"),
        (("flows", "animm"), "Nothing matches `animm`; did you mean `anim`?"),
        (("flows", "--to", "anin"), "There is no hospital, service or peer `anin`; did you mean `anim`?"),
        (("flows", "--to", "anim.archiv"), "There is no zone `archiv` in anim; did you mean `archive`?"),
        (("flows", "--from", "mirth.integration@dc1"), "`mirth.integration@dc1` is not in `dc1`"),
        (("flows", "--from", "esante@dc1"), "`esante@dc1` is not in `dc1`"),
        (("flows", "--from", "10.16.8.300"), "`10.16.8.300` is not an address or prefix"),
    ],
)
def test_what_is_not_there_is_an_error_not_an_empty_answer(arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError) as raised:
        _run(*arguments)
    assert raised.value.what == told


def test_flows_are_narrowed_to_the_ends_that_are_asked_for() -> None:
    def found(*arguments: str) -> dict[str, tuple[int, int]]:
        answer = _json("flows", *arguments)
        assert answer["schema"] == "luxops/flows/1"
        return {flow["id"]: (len(flow["sources"]), len(flow["destinations"])) for flow in answer["flows"]}

    assert len(found()) == 7
    assert found("--from", "chl.clinical", "--to", "anim") == {"anim/1": (2, 2)}
    assert found("--from", "chl.clinical@campus", "--to", "anim.archive@dc2") == {"anim/1": (1, 1)}
    assert found("--to", "10.16.8.10") == {"chl/1": (1, 1)}
    assert found("peer:esante") == {"anim/3": (2, 2)}
    assert found("mirth") == {"mirth/1": (1, 2), "mirth/2": (1, 1)}
    assert found("--from", "esante", "--to", "hrs") == {}


def test_no_flow_is_said_in_words() -> None:
    code, text = _run("flows", "--from", "esante", "--to", "hrs")
    assert not code
    assert text == "No flow is declared between them: no packet may pass.\n"


def test_the_program_ends_with_code_2_and_no_traceback(draft: Draft) -> None:
    draft.edit("services/anim.yaml", "to: archive@dc2", "to: archiv@dc2")
    for command in (["check"], ["show"], ["flows"]):
        program = [
            sys.executable,
            "-c",
            "from luxops.cli.main import main; main()",
            "--no-lab",
            "--inventory",
            str(draft.folder),
        ]
        done = subprocess.run([*program, "inventory", *command], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "flow to an unknown zone" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_every_command_shows_an_example() -> None:
    for arguments in ([], ["check"], ["show"], ["flows"]):
        result = CliRunner().invoke(inventory, [*arguments, "--help"])
        assert result.exit_code == 0
        assert "Example:\n" in result.stdout


ANSIBLE = Path(sys.executable).parent / "ansible-inventory"


def test_plain_ansible_reads_the_inventory(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = [str(ANSIBLE), "-i", str(COMPLETE / "ansible.py"), "--list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    hostvars = answer["_meta"]["hostvars"]
    assert len(hostvars) == 83
    assert (hostvars["chl-pacs1"]["ansible_host"], hostvars["chl-pacs1"]["ansible_user"]) == ("10.250.2.21", "luxops")
    assert answer["group_chl_pacs"]["hosts"] == ["chl-pacs1", "chl-pacs2"]
    assert set(answer["hospital_hrs"]["hosts"]) == {
        "hrs-edge1", "hrs-edge2", "hrs-his1", "hrs-his2", "hrs-ldap1", "hrs-pacs1", "hrs-proxy1",
    }  # fmt: skip
    assert "dc1-core1" in answer["platform_frr"]["hosts"]
    assert "chdn-edge1" in answer["platform_ios_xe"]["hosts"]
    assert {"chl-proxy1", "security-dc1"} <= set(answer["level_high"]["hosts"])
    assert "anim-dc1" in answer["service_anim"]["hosts"]
    assert len(answer["routers"]["hosts"]) == 24
    assert "WARNING" not in done.stderr


def _script(folder: Path, *arguments: str, isolated: bool = False) -> subprocess.CompletedProcess[str]:
    # Without site packages luxops is not there: `-S` leaves them out.
    command = [sys.executable, *(["-S"] if isolated else []), str(folder / "ansible.py"), *arguments]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_ansible_is_told_clearly_why_there_is_no_answer(complete_draft: Draft) -> None:
    folder = complete_draft.folder
    assert json.loads(_script(folder, "--host", "chl-edge1").stdout)["luxops"]["platform"] == "frr"
    unknown = _script(folder, "--host", "chl-edge9")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "There is no host or router `chl-edge9`" in unknown.stderr
    missing = _script(folder, "--list", isolated=True)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "luxops cannot be imported" in missing.stderr
    complete_draft.edit("federation.yaml", "id: luxith\n", "id: Luxith\n")
    wrong = _script(folder, "--list")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "federation.yaml:3:5: wrong value for `id`" in wrong.stderr
    assert "Traceback" not in wrong.stderr + missing.stderr + unknown.stderr
