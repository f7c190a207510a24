"""`luxops network paths` over the complete example and over drafts of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.drafts import COMPLETE, SMALL

from luxops.cli.context import CliContext
from luxops.cli.network import COMMANDS, network
from luxops.domains.network.paths import Network, Survey, crossing, decision, flow_paths, outages, weaknesses
from luxops.errors import UsageError
from luxops.federation import Federation, load_federation

pytestmark = pytest.mark.slow


def run(*arguments: str, folder: Path = COMPLETE) -> tuple[Any, str]:
    """What the command returns, and what it writes to standard output."""
    context = CliContext(inventory=folder, use_lab=False)
    result = CliRunner().invoke(network, ["paths", *arguments], obj=context, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout


def as_json(*arguments: str, folder: Path = COMPLETE) -> tuple[Any, Any]:
    code, text = run(*arguments, "--output", "json", folder=folder)
    return code, json.loads(text)


@pytest.fixture(scope="module")
def complete() -> Federation:
    return load_federation(COMPLETE)


def test_json_has_every_crossing_flow_once(complete: Federation) -> None:
    code, answer = as_json()
    assert code == 1
    assert list(answer) == ["schema", "digest", "without", "coverage", "flows", "losses", "outages", "findings"]
    assert (answer["schema"], answer["digest"]) == ("luxops/network-paths/1", complete.digest)
    told = [flow["flow"] for flow in answer["flows"]]
    assert told == list(dict.fromkeys(pair.flow.id for pair in crossing(complete)))
    assert {flow["hospitals"][0] for flow in answer["flows"] if flow["hospitals"]} <= set(complete.hospitals)
    assert all(finding["severity"] and finding["remedy"] for finding in answer["findings"])
    assert {"router", "link", "shared risk", "datacentre", "attachment", "carrier"} == {
        element["kind"] for outage in answer["outages"] for element in outage["elements"]
    }


def test_every_hospital_has_a_path_to_both_datacentres(complete: Federation) -> None:
    survey = Survey(Network.declared(complete))
    legs = [leg for flow in flow_paths(survey, crossing(complete)) for leg in flow.legs]
    assert all(leg.paths for leg in legs)
    found = {(leg.source, leg.destination) for leg in legs}
    assert {(f"{name} campus", dc) for name in complete.hospitals for dc in ("dc1", "dc2")} <= found


def test_the_whole_example_settles_few_times(complete: Federation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Routes are computed by class of prefixes and only for outages that touch them."""
    calls = 0

    def counted(*arguments: Any) -> Any:  # noqa: ANN401 - handed on
        nonlocal calls
        calls += 1
        return decision.settle(*arguments)

    monkeypatch.setattr("luxops.domains.network.paths.network.settle", counted)
    whole = Network.declared(complete)
    survey, pairs = Survey(whole), crossing(complete)
    flows, found = flow_paths(survey, pairs), outages(survey, pairs)
    weaknesses(whole, flows, found, flows)
    elements = sum(len(outage.elements) for outage in found)
    assert (len(pairs) > 1000, elements > 100) == (True, True)
    assert len(whole.known.members) < 60
    assert calls < 1500


def test_a_table_fits_a_terminal_and_names_path_spare_and_findings() -> None:
    code, text = run("hospital:chl")
    assert code == 1
    assert "chl-edge2 → dc2-core2 → dc1-core2" in text
    assert "chl-edge1 → dc1-core1" in text
    assert "FINDING" in text
    assert "What to do" in text
    assert max(map(len, (line.rstrip() for line in text.splitlines()))) <= 160


def test_selectors_narrow_flows_and_their_legs() -> None:
    _, answer = as_json("hospital:rehazenter,place:dc1")
    places = {(leg["source"], leg["destination"]) for flow in answer["flows"] for leg in flow["legs"]}
    assert places == {("rehazenter campus", "dc1"), ("dc1", "rehazenter campus"), ("dc1", "dc2"), ("dc2", "dc1")} & places
    assert ("rehazenter campus", "dc1") in places
    assert {hospital for finding in answer["findings"] for hospital in finding["hospitals"]} <= {"rehazenter"}
    assert {flow["flow"] for flow in as_json("anim/1")[1]["flows"]} == {"anim/1"}


def test_what_if() -> None:
    code, answer = as_json("hospital:lns", "--without", "lns-edge1")
    assert code == 0  # the spare is gone, no path is
    assert answer["without"] == ["router lns-edge1"]
    assert {loss["lost"] for loss in answer["losses"]} <= {"spare"}
    code, answer = as_json("hospital:lns", "--without", "lns-edge1", "--without", "router:lns-edge2")
    assert code == 1
    assert {(loss["source"], loss["destination"]) for loss in answer["losses"] if loss["lost"] == "path"} >= {
        ("lns campus", "dc1"), ("lns campus", "dc2"),
    }  # fmt: skip
    text = run("hospital:lns", "--without", "lns-edge1", "--without", "lns-edge2")[1]
    assert "with router lns-edge1, router lns-edge2 out" in text
    assert "NONE: no router of lns campus is up" in text


def test_redundancy_on_paper_only_is_a_finding(tmp_path: Path) -> None:
    """A second link beside the first, in the same duct: the cross-checks see two links, an accident sees one."""
    third = """- id: rehazenter-edge1--dc1-core1-b
  a: {router: rehazenter-edge1, interface: fib-dc1-b}
  b: {router: dc1-core1, interface: fib-reha-b}
  prefix: 10.255.1.0/31
  shared_risks: [duct-kirchberg-east]
"""
    folder = Path(shutil.copytree(COMPLETE, tmp_path / "inventory", ignore=shutil.ignore_patterns("__pycache__")))
    links = folder / "links.yaml"
    links.write_text(links.read_text() + third)
    code, answer = as_json("hospital:rehazenter", folder=folder)
    assert code == 1
    (told,) = [finding for finding in answer["findings"] if finding["kind"] == "shared-risk"]
    assert told["title"] == "Links rehazenter-edge1--dc1-core1 and rehazenter-edge1--dc1-core1-b share duct-kirchberg-east"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("hospital:xyz",), "Nothing matches"),
        (("--without", "duct-city-eats"), "did you mean `duct-city-east`"),
        (("--without", "carrier:dc1"), "Nothing in the fibre network is called `dc1`"),
        (("chl/13",), "No flow that `chl/13` means crosses the fibre network"),
    ],
)
def test_what_is_not_there_is_an_error(arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        run(*arguments)


def test_observing_without_the_network_domain_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUXOPS_DOMAINS", '["hosts"]')
    with pytest.raises(UsageError, match="does not look at routers"):
        run("--observed", folder=SMALL)


def test_routers_that_cannot_be_reached_make_it_incomplete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replayed from a folder without answers: everything is UNKNOWN, nothing up."""
    monkeypatch.setenv("LUXOPS_REPLAY", str(tmp_path))
    _, answer = as_json("--observed", folder=SMALL)
    assert answer["coverage"]["observed"] == 0
    states = {leg["now"]["state"] for flow in answer["flows"] for leg in flow["legs"]}
    assert states == {"unknown"}
    code, text = run("--observed", "--without", "hrs-edge1", folder=SMALL)
    assert code == 3
    assert "UNKNOWN" in text


def test_the_group_lists_its_commands_without_importing_them() -> None:
    result = CliRunner().invoke(network, ["--help"])
    assert result.exit_code == 0
    assert all(name in result.stdout for name in COMMANDS)
    assert "Example:" in CliRunner().invoke(network, ["paths", "--help"]).stdout
    assert CliRunner().invoke(network, ["nothing"]).exit_code == 2
