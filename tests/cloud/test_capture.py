"""Programs run under the SDK's mocks: what comes out is whole, the same every time, or refused where no plan could be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.cloud_graph import STACKS, small, small_graph
from tests.support.drafts import COMPLETE, SMALL, Draft

from luxops.domains.cloud import capture as capturing
from luxops.domains.cloud.capture import MAX_RESOURCES, CaptureError, capture
from luxops.domains.cloud.graph_cache import _key, declared_graph
from luxops.domains.cloud.matching import UnknownKindError, kind_of
from luxops.domains.cloud.nouns import Graph, Ref, Urn, references
from luxops.domains.cloud.programs import waves_of
from luxops.federation import Federation, InventoryError, load_federation


def whole(graph: Graph, federation: Federation) -> None:
    """What must hold of every graph."""
    assert set(graph.stacks) == {program.id for wave in waves_of(federation) for program in wave}
    for resource in graph.resources.values():
        kind_of(resource)
        assert resource.urn not in resource.depends_on
        for ref in references([resource.properties, resource.project]):
            if isinstance(ref, Ref):
                assert ref.urn in graph.resources
                assert ref.urn in resource.depends_on
    assert all(0 < len(resources) < MAX_RESOURCES for resources in graph.by_stack.values())


@pytest.mark.slow
def test_the_example_federation_compiles(tmp_path: Path) -> None:
    federation = load_federation(COMPLETE)
    graph = declared_graph(federation, STACKS, tmp_path)
    whole(graph, federation)
    assert len(graph.resources) > 3000
    assert declared_graph(federation, STACKS, tmp_path) == graph


def test_the_small_one_compiles() -> None:
    whole(small_graph(), small())


def test_each_stack_marks_what_can_carry_a_mark() -> None:
    for resource in small_graph().resources.values():
        mark = "luxops:" + resource.stack.replace("/", ":")
        if "tags" in resource.properties:
            assert resource.properties["tags"] == [mark]
        if resource.type.endswith(":SecGroupRule"):
            assert resource.properties["description"].split()[0] == mark


def test_what_would_lose_data_is_protected() -> None:
    protected = {r.type.rpartition(":")[2] for r in small_graph().resources.values() if r.protect}
    assert {"Project", "Instance", "Image", "Router", "Network"} <= protected


@pytest.mark.slow
def test_a_bastion_lets_its_operators_in_and_speaks_to_what_is_managed(tmp_path_factory: pytest.TempPathFactory) -> None:
    more = "datacentre: dc1, operators: [10.250.15.0/24], flavour: small, image: debian-12}"
    federation = edited(tmp_path_factory, [(FEDERATION, "10.250.0.5, datacentre: dc1}", f"10.250.0.5, {more}")])
    made = [r for r in capture(federation, STACKS, 1).resources.values() if r.name.startswith("bastion-dc")]
    assert {r.name for r in made if r.type.endswith(":Instance")} == {"bastion-dc1"}  # the other stands elsewhere
    (port,) = [r for r in made if r.type.endswith(":Port")]
    assert port.properties["fixedIps"][0]["ipAddress"] == "10.250.0.5"
    assert port.properties["portSecurityEnabled"] is True
    rules = [r.properties for r in made if r.type.endswith(":SecGroupRule")]
    sessions = {(r["direction"], r["remoteIpPrefix"]) for r in rules if r["portRangeMin"] == 22}
    assert sessions == {("ingress", "10.250.15.0/24"), ("egress", "10.250.0.0/20")}
    assert {r["remoteIpPrefix"] for r in rules if r["portRangeMin"] != 22} == {"10.250.0.9/32", "10.250.0.10/32"}


@pytest.mark.slow
def test_several_processes_give_the_same() -> None:
    assert capture(small(), STACKS, 2) == small_graph()


def test_again_gives_the_same() -> None:
    assert capture(load_federation(SMALL), STACKS, 1).digest == small_graph().digest


def test_the_cache_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "capture", lambda *_: small_graph())
    assert declared_graph(small(), STACKS, tmp_path) == small_graph()
    monkeypatch.setattr(capturing, "capture", lambda *_: pytest.fail("it ran again"))
    kept = declared_graph(small(), STACKS, tmp_path)
    assert kept == small_graph()
    assert capturing._digest(kept.resources.values()) == kept.digest


@pytest.mark.parametrize("damage", [
    lambda text: text[: len(text) // 2], lambda text: text[:-1], lambda _: "", lambda _: "{}", lambda _: "[]", lambda _: "null",
    lambda text: text.replace('"urn"', '"nru"', 1), lambda text: text.replace("\N{SYMBOL FOR END OF TEXT}", "", 1),
])  # fmt: skip
def test_a_damaged_cache_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[str], str]) -> None:
    ran: list[int] = []
    monkeypatch.setattr(capturing, "capture", lambda *_: (ran.append(1), small_graph())[1])  # type: ignore[func-returns-value] # counts calls
    declared_graph(small(), STACKS, tmp_path)
    # Written as it is in the file, so that the damage finds what it looks for.
    (file,) = tmp_path.glob("graph-*.json")
    file.write_text(damage(file.read_text().replace("\\u2403", "\N{SYMBOL FOR END OF TEXT}")))
    assert declared_graph(small(), STACKS, tmp_path) == small_graph()
    assert len(ran) == 2
    assert declared_graph(small(), STACKS, tmp_path) == small_graph()
    assert len(ran) == 2


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "capture", lambda *_: small_graph())
    (tmp_path / "file").write_text("")
    assert declared_graph(small(), STACKS, tmp_path / "file" / "cache") == small_graph()


def test_old_graphs_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "capture", lambda *_: small_graph())
    for number in range(12):
        path = tmp_path / f"graph-{number}.json"
        path.write_text("{}")
        os.utime(path, (number, number))
    declared_graph(small(), STACKS, tmp_path)
    old = {f"graph-{number}.json" for number in range(12)}
    left = {path.name for path in tmp_path.iterdir()}
    assert left & old == {f"graph-{number}.json" for number in range(5, 12)}
    assert len(left - old) == 1


def test_a_touched_program_has_another_key(tmp_path: Path) -> None:
    stacks = Path(shutil.copytree(STACKS, tmp_path / "stacks"))
    before = _key(small(), stacks)
    assert before == _key(small(), STACKS)
    (stacks / "tenant" / "__main__.py").write_text((stacks / "tenant" / "__main__.py").read_text() + "\n")
    assert _key(small(), stacks) != before


def edited(tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, str]]) -> Federation:
    draft = Draft(Path(shutil.copytree(SMALL, tmp_path_factory.mktemp("any") / "inventory")))
    for edit in edits:
        draft.edit(*edit)
    return load_federation(draft.folder)


CHL, HRS, ANIM, FEDERATION = "hospitals/chl.yaml", "hospitals/hrs.yaml", "services/anim.yaml", "federation.yaml"
EDITS = [
    (CHL, "cores: 400", "cores: 401"),
    (CHL, "why: shared wards", "why: other wards"),
    (CHL, "9000-9010", "9000-9011"),
    (CHL, "imaging:  {dc1: 10.16.8.0/22, dc2: 10.16.12.0/22,", "imaging:  {dc1: 10.16.8.0/22, dc2: 10.16.16.0/22,"),
    (HRS, "dc1: 10.255.10.12/30", "dc1: 10.255.10.16/30"),
    (HRS, "Schuman", "Schumann"),
    (ANIM, "consumers: [chl, hrs]", "consumers: [chl]"),
    (ANIM, "service: https", "service: ldaps"),
    ("hosts/chl.yaml", "address: 10.16.8.10", "address: 10.16.8.11"),
    ("services/mirth.yaml", "protocol: icmp", "protocol: udp, ports: [7]"),
    (FEDERATION, "observers: reader", "observers: member"),
    (FEDERATION, "disk_gib: 80", "disk_gib: 81"),
]
"""Each changes what is declared of the cloud."""


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: f"{edit[0]} {edit[2]}")
def test_another_declaration_has_another_digest(tmp_path_factory: pytest.TempPathFactory, edit: tuple[str, str, str]) -> None:
    federation = edited(tmp_path_factory, [edit])
    graph = capture(federation, STACKS, 1)
    whole(graph, federation)
    assert graph.digest != small_graph().digest


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
@given(st.sets(st.sampled_from(EDITS), min_size=2))
def test_any_declaration_gives_a_whole_graph(
    tmp_path_factory: pytest.TempPathFactory, edits: set[tuple[str, str, str]]
) -> None:
    try:
        federation = edited(tmp_path_factory, sorted(edits))
    except InventoryError:
        return
    graph = capture(federation, STACKS, 1)
    whole(graph, federation)
    assert capture(federation, STACKS, 1).digest == graph.digest != small_graph().digest


# Programs that no plan can be made of

HEAD = """
import pulumi
import pulumi_openstack as openstack
from pulumi_openstack.networking import Network, Router, RouterRoute
"""
A = 'a = Network("a", name="a")\n'


def declared(tmp_path: Path, program: str, *, fibre: str = "") -> Graph:
    """What is captured where the platform's program is this one."""
    for project in ("platform", "tenant", "services", "fibre"):
        (tmp_path / project).mkdir(parents=True, exist_ok=True)
        (tmp_path / project / "__main__.py").write_text("")
    (tmp_path / "platform" / "__main__.py").write_text(HEAD + program)
    (tmp_path / "fibre" / "__main__.py").write_text(HEAD + fibre)
    return capture(small(), tmp_path, 1)


@pytest.mark.parametrize(("program", "told"), [
    (A + A, "platform/luxith::openstack:networking/network:Network::a is declared twice"),
    (A + 'Network("b", name=a.id.apply(lambda i: f"net-{i}"))',
     "Network::b: a property is a text made out of another resource's id"),
    (A + 'Network("b", name=pulumi.Output.concat("net-", a.id))', "made out of another resource's id"),
    ("1 / 0", "program of stack platform/luxith failed"),
    ("1 / 0", "platform/__main__.py:5: ZeroDivisionError"),
    ("import sys; sys.exit(0)", "program of stack platform/luxith failed"),
    ("if True print", "SyntaxError"),
    ('Network.get("a", "0123")', "look up by invokes; not openstack:networking/network:Network"),
    ('pulumi.StackReference("x", stack_name="organization/tenant/chl").outputs', "reads stack tenant/chl, which comes later"),
    (f"for i in range({MAX_RESOURCES}): Network(f'n{{i}}', name=f'n{{i}}')", "has 500 resources"),
])  # fmt: skip
@pytest.mark.slow
def test_what_cannot_be_planned_is_refused(tmp_path: Path, program: str, told: str) -> None:
    with pytest.raises(CaptureError) as refused:
        declared(tmp_path, program)
    assert told in refused.value.diagnosis()


def test_a_missing_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=f"no program at `{tmp_path}/platform/__main__.py`"):
        capture(small(), tmp_path, 1)


@pytest.mark.parametrize(("program", "told"), [
    ('openstack.dns.Zone("a", name="a.lu.", email="a@a.lu")', "::openstack:dns/zone:Zone::a is of an unknown kind"),
    ('Network("a", name="a", transparent_vlan=True)', "Network::a declares `transparentVlan`, which nothing would compare"),
])  # fmt: skip
def test_what_the_table_of_kinds_does_not_know_is_refused(tmp_path: Path, program: str, told: str) -> None:
    (resource,) = declared(tmp_path, program).resources.values()
    with pytest.raises(UnknownKindError) as refused:
        kind_of(resource)
    assert told in refused.value.diagnosis()


def test_references_lead_from_stack_to_stack(tmp_path: Path) -> None:
    platform = A + 'pulumi.export("nets", {"a": a.id, "n": 4})'
    fibre = (
        'read = pulumi.StackReference("p", stack_name="organization/platform/luxith")\n'
        'openstack.networking.Subnet("s", network_id=read.outputs["nets"]["a"], ip_version=read.outputs["nets"]["n"])'
    )
    graph = declared(tmp_path, platform, fibre=fibre)
    network = Urn("platform/luxith::openstack:networking/network:Network::a")
    subnet = graph.resources[Urn("fibre/luxith::openstack:networking/subnet:Subnet::s")]
    expected: dict[str, Any] = {"networkId": Ref(network), "ipVersion": 4}
    assert subnet.properties == expected
    assert subnet.depends_on == (network,)


def test_a_reference_to_another_resource_of_the_same_name_has_another_digest(tmp_path: Path) -> None:
    both = A + 'b = Router("a", name="a")\nway = {"destination_cidr": "192.0.2.0/24", "next_hop": "10.0.0.1"}\n'
    one = declared(tmp_path, both + 'RouterRoute("x", router_id=a.id, opts=pulumi.ResourceOptions(depends_on=[b]), **way)')
    other = declared(tmp_path, both + 'RouterRoute("x", router_id=b.id, opts=pulumi.ResourceOptions(depends_on=[a]), **way)')
    assert one.digest != other.digest


def test_protection_parents_and_dependencies_are_kept(tmp_path: Path) -> None:
    graph = declared(tmp_path, """
class Both(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("x:y:Both", "both")
        opts = pulumi.ResourceOptions(parent=self, protect=True)
        a = Network("a", name="a", opts=opts)
        Network("b", name="b", opts=pulumi.ResourceOptions(parent=self, depends_on=[a]))
Both()
""")  # fmt: skip
    a, b = graph.resources.values()
    assert (a.protect, b.protect) == (True, False)
    assert a.lineage == b.lineage == (("x:y:Both", "both"),)
    assert b.depends_on == (a.urn,)
