from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from luxops.errors import UsageError
from luxops.federation import load_federation
from luxops.lab import inventory
from luxops.lab.state import State

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "inventory"


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "lab")
    state.create()
    return state


def test_the_labs_inventory_is_valid_and_has_exactly_the_labs_parts(state: State) -> None:
    federation = inventory.derive(SOURCE, state)
    hosts = [host.id for file in federation.hosts.values() for group in file.groups for host in group.hosts]
    assert set(federation.hospitals) == set(inventory.HOSPITALS)
    assert set(federation.routers) == set(inventory.ROUTERS)
    assert sorted(hosts) == sorted(inventory.HOSTS)
    assert set(federation.services) == set(inventory.SERVICES)
    assert len(federation.links) == 7
    assert federation.file.peers == ()
    assert federation == load_federation(state.inventory)


def test_flows_that_remain_are_declared_in_the_whole_federation_too(state: State) -> None:
    whole = load_federation(SOURCE)
    part = inventory.derive(SOURCE, state)
    assert part.flows
    for flow in part.flows:
        ends = {(end.owner, end.zone, end.place) for end in (*flow.sources, *flow.destinations)}
        assert any(
            flow.why == known.why
            and flow.protocol == known.protocol
            and flow.ports == known.ports
            and ends <= {(end.owner, end.zone, end.place) for end in (*known.sources, *known.destinations)}
            for known in whole.flows
        ), flow.id


def test_no_kept_flow_of_the_kept_hospitals_is_lost(state: State) -> None:
    whole, part = load_federation(SOURCE), inventory.derive(SOURCE, state)
    gone = {peer.id for peer in whole.file.peers} | (set(whole.hospitals) - set(inventory.HOSPITALS))
    gone |= set(whole.services) - set(inventory.SERVICES)
    for hospital in inventory.HOSPITALS:
        wanted = [
            f.why for f in whole.flows if f.origin == hospital and not {e.owner for e in (*f.sources, *f.destinations)} & gone
        ]
        assert wanted
        assert [f.why for f in part.flows if f.origin == hospital] == wanted


def test_deriving_again_replaces_what_was_there(state: State) -> None:
    first = inventory.derive(SOURCE, state)
    (state.inventory / "hosts/stray.yaml").write_text("owner: stray\ngroups: []\n")
    assert inventory.derive(SOURCE, state).digest == first.digest


def test_the_session_password_is_kept_by_reference_and_stays(state: State) -> None:
    federation = inventory.derive(SOURCE, state)
    reference = federation.file.management.secrets["bgp"]
    path = Path(reference.removeprefix("file:"))
    secret = path.read_text()
    assert len(secret.strip()) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret.strip() not in (state.inventory / "federation.yaml").read_text()
    inventory.derive(SOURCE, state)
    assert path.read_text() == secret


def test_an_inventory_without_the_labs_parts_is_refused_by_name(state: State, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(SOURCE, other, ignore=shutil.ignore_patterns("__pycache__"))
    hosts = other / "hosts/chl.yaml"
    hosts.write_text(hosts.read_text().replace("chl-pacs1", "chl-pacs9"))
    with pytest.raises(UsageError) as refused:
        inventory.derive(other, state)
    assert "chl-pacs1" in refused.value.why
    assert not state.inventory.exists()
