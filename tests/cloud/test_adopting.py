"""Adopting: import files as the provider documents them, marks, and drafts of an inventory. Pure, and once on the lab."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.support import clouds

from luxops.domains.cloud.adopting import Adoptable, import_file, mark
from luxops.domains.cloud.changes import Outcome
from luxops.domains.cloud.desk import look_at_everything
from luxops.domains.cloud.drafting import Draft, drafted, places_of, refuse_existing, slug
from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.nouns import Declared, Live, ProjectId, StackId, Urn
from luxops.domains.cloud.sweep import Hole
from luxops.errors import UsageError
from luxops.federation.documents import read_document
from luxops.federation.schema import HospitalFile, HostsFile
from luxops.federation.shapes import shaped
from luxops.model import Failure, FailureReason
from luxops.progress import Silent
from luxops.settings import Settings
from luxops.transports.openstack import CloudSession

T = TypeVar("T")
CHL = StackId("tenant/chl")
TENANT = ("luxops:cloud:TenantCloud", "chl")
TAGS = ["luxops:tenant:chl"]
PROJECT = ("luxops:cloud:Project", "chl")


def adoptable(
    kind_name: str,
    name: str,
    live_id: str,
    /,
    *,
    bears: tuple[str, ...] = (),
    lineage: tuple[tuple[str, str], ...] = (TENANT,),
    live: dict[str, Any] | None = None,
    **properties: object,
) -> Adoptable:
    kind = BY_NAME[kind_name]
    urn = Urn(f"{CHL}::{kind.type}::{name}")
    declared = Declared(urn=urn, stack=CHL, type=kind.type, name=name, properties=properties, lineage=lineage)
    found = Live(kind=kind_name, id=live_id, project=ProjectId("p"), name=name, properties=live or {}, tags=frozenset(bears))
    return Adoptable(declared, kind, found)


@pytest.mark.parametrize(
    ("kind", "live_id", "imported"),
    [
        ("project", "89c60255", "89c60255"),
        ("compute_quota", "2a0f2240", "2a0f2240/RegionOne"),
        ("volume_quota", "2a0f2240", "2a0f2240/RegionOne"),
        ("network_quota", "2a0f2240", "2a0f2240/RegionOne"),
        ("role_assignment", "/0143//4142/ea25", "/0143//4142/ea25"),
        ("router_interface", "port-id", "port-id"),
        ("router_routes", "router-id", "router-id"),
        ("port_groups", "port-id", "port-id"),
        ("volume_attachment", "server/volume", "server/volume"),
        ("subnet_route", "s-route-10.0.1.0/24-10.0.0.25", "s-route-10.0.1.0/24-10.0.0.25"),
    ],
)
def test_ids_are_in_the_form_that_the_provider_documents(kind: str, live_id: str, imported: str) -> None:
    (component, entry) = import_file([adoptable(kind, "x", live_id)], "RegionOne")["resources"]
    assert component["component"]
    assert entry["id"] == imported


def test_a_key_pair_is_imported_by_its_name() -> None:
    entry = import_file([adoptable("key_pair", "chl", "user/chl")], "R")["resources"][-1]
    assert entry["id"] == "chl"


def test_a_role_assignment_s_id_has_its_five_parts_in_order() -> None:
    item = {"role": {"id": "role"}, "user": {"id": "user"}, "scope": {"project": {"id": "project"}}}
    (live,) = BY_NAME["role_assignment"].read({"role_assignments": [item]})
    assert BY_NAME["role_assignment"].import_id(live) == "/project//user/role"


def test_an_import_file_names_each_entry_once_and_each_parent_before_its_children() -> None:
    found = [
        adoptable("project", "chl", "p1", lineage=(TENANT, PROJECT)),
        adoptable("network", "chl-imaging", "n1"),
        adoptable("subnet", "chl-imaging-dc1", "s1"),
        adoptable("security_group", "chl-imaging-dc1", "g1"),
        adoptable("default_group", "chl-default", "g0", lineage=(TENANT, PROJECT)),
    ]
    resources = import_file(found, "R")["resources"]
    names = [entry["name"] for entry in resources]
    assert len(set(names)) == len(names)
    for number, entry in enumerate(resources):
        assert entry.get("parent") is None or entry["parent"] in names[:number]
        assert ("id" in entry) != entry.get("component", False)
    assert [entry.get("logicalName", entry["name"]) for entry in resources] == [
        "chl", "chl", "chl", "chl-imaging", "chl-imaging-dc1", "chl-imaging-dc1",
    ]  # fmt: skip
    assert not [entry for entry in resources if "ClosedDefaultGroup" in entry["type"]]


class Asked:
    """A session that keeps what it is asked to send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, object]] = []

    def send(self, method: str, _service: str, path: str, body: object = None, **_: object) -> None:
        self.sent.append((method, path, body))


def marked(*found: Adoptable) -> tuple[list[Outcome], list[tuple[str, str, object]]]:
    cloud = Asked()
    outcomes = [effect.outcome for effect in mark(cloud, found, Silent())]  # type: ignore[arg-type] # what it asks of a session
    return outcomes, cloud.sent


def test_a_mark_changes_tags_and_nothing_else() -> None:
    network = adoptable(
        "network", "chl-imaging", "n1", live={"name": "chl-imaging", "adminStateUp": False}, name="chl-imaging",
        adminStateUp=True, tags=TAGS,
    )  # fmt: skip
    assert not network.owned
    outcomes, sent = marked(network)
    assert outcomes == [Outcome.DONE]
    assert sent == [
        ("PUT", "/networks/n1", {"network": {"name": "chl-imaging"}}),
        ("PUT", "/networks/n1/tags", {"tags": ["luxops:tenant:chl"]}),
    ]


def test_what_another_stack_has_made_keeps_its_mark() -> None:
    theirs = adoptable("network", "x", "n1", bears=("luxops:tenant:hrs",), live={"name": "x"}, name="x", tags=TAGS)
    assert marked(theirs) == ([Outcome.SKIPPED], [])


def test_a_rule_cannot_be_marked_and_says_why() -> None:
    rule = adoptable("security_group_rule", "r", "r1", description="luxops:tenant:chl chl/1: why")
    assert not rule.owned
    assert "replaces it" in rule.why_not
    assert marked(rule) == ([Outcome.SKIPPED], [])


def test_what_can_carry_no_mark_is_owned_by_being_declared() -> None:
    assert adoptable("compute_quota", "q", "p1", cores=4).owned


# Drafts


def estate(**more: Any) -> Draft:  # noqa: ANN401 - lists of items, and holes
    """CHL with imaging in two datacentres and one server, HRS with one zone."""
    found: dict[str, Any] = {
        "projects": [clouds.project(name, description='CHL: "the" # hospital') for name in ("chl", "hrs", "empty")],
        "networks": [clouds.network("chl", "chl-imaging"), clouds.network("hrs", "hrs-clinical")],
        "subnets": [
            clouds.subnet("chl", "chl-imaging", "chl-imaging-dc1", "10.16.8.0/22"),
            clouds.subnet("chl", "chl-imaging", "chl-imaging-dc2", "10.16.12.0/22"),
            clouds.subnet("hrs", "hrs-clinical", "wards", "10.19.0.0/22"),
        ],
        "servers": [
            clouds.server("chl", "chl-pacs1", "dc1", volumes=("chl-pacs1-studies",)),
            clouds.server("hrs", "hrs-his1", "dc2"),
        ],
        "volumes": [clouds.volume("chl", "chl-pacs1-studies", "dc1", 8000)],
        "flavors": [clouds.flavour("large", 8, 65536)],
        "images": [{"id": "image-1", "name": "debian-12", "status": "active"}],
        "ports": [
            clouds.port("chl", "a", "i-chl-pacs1", ("chl-imaging-dc1", "10.16.8.10"), groups=("pacs",)),
            clouds.port("chl", "b", "i-chl-pacs1", ("management", "10.250.2.21")),
            clouds.port("hrs", "c", "i-hrs-his1", ("wards", "10.19.0.10")),
        ],
        "security_groups": [clouds.group("chl", "pacs"), clouds.group("chl", "unused")],
        "security_group_rules": [
            clouds.rule("pacs", 1, "10.19.0.0/22", (2762, 2762), description="fetch studies"),
            clouds.rule("pacs", 2, "10.16.128.0/21", (104, 104)),
            clouds.rule("pacs", 3, None, (22, 22)),
            clouds.rule("pacs", 4, "10.19.0.0/22", None, protocol="112"),
            clouds.rule("unused", 5, "10.19.0.0/22", (443, 443)),
        ],
        "compute_use": [clouds.compute_use("chl", (8, 400), (65536, 1638400)), clouds.compute_use("hrs", (3, -1), (4096, -1))],
        "volume_use": [clouds.volume_use("chl", (8000, 200000))],
    }  # fmt: skip
    seen = clouds.swept(**(found | more))
    return drafted(seen, places_of(seen, {}))


def loaded(text: str, shape: type[T], folder: Path) -> T:
    path = folder / "draft.yaml"
    path.write_text(text)
    value, mistakes = shaped(read_document(path), shape)
    assert not mistakes
    assert value is not None
    return value


def test_a_draft_has_zones_quota_and_what_is_only_guessed_is_marked(tmp_path: Path) -> None:
    draft = estate()
    chl = loaded(draft.files["hospitals/chl.yaml"], HospitalFile, tmp_path)
    assert {place: str(prefix) for place, prefix in chl.zones["imaging"].prefixes.items()} == {
        "dc1": "10.16.8.0/22", "dc2": "10.16.12.0/22",
    }  # fmt: skip
    assert (chl.quota.cores, chl.quota.ram_gib, chl.quota.volumes_gib) == (400, 1600, 200000)
    assert chl.name == 'CHL: "the" # hospital'
    hrs = loaded(draft.files["hospitals/hrs.yaml"], HospitalFile, tmp_path)
    assert set(hrs.zones["clinical"].prefixes) == {"dc2"}  # from where its server is
    text = draft.files["hospitals/hrs.yaml"]
    assert "guessed from where its servers are" in text
    assert "cores unlimited" in text
    assert "volumes could not be read" in text


def test_a_draft_has_hosts_with_addresses_sizes_and_volumes(tmp_path: Path) -> None:
    hosts = loaded(estate().files["hosts/chl.yaml"], HostsFile, tmp_path)
    (found,) = hosts.groups
    assert (found.id, found.zone, found.flavour, found.image) == ("pacs", "imaging", "large", "debian-12")
    assert [(volume.id, volume.gib) for volume in found.volumes] == [("studies", 8000)]
    (host,) = found.hosts
    assert (host.id, str(host.management), str(host.address), host.place) == ("chl-pacs1", "10.250.2.21", "10.16.8.10", "dc1")


def test_a_draft_guesses_flows_from_rules_and_says_what_it_cannot(tmp_path: Path) -> None:
    text = estate().files["hospitals/chl.yaml"]
    (flow,) = loaded(text, HospitalFile, tmp_path).flows
    assert (flow.source, flow.to, flow.ports, flow.why) == (
        "hrs.clinical@dc2", "imaging@dc1", ((2762, 2762),), "fetch studies",
    )  # fmt: skip
    for said in (
        "10.16.128.0/21 is no project's subnet",
        "from anywhere at all",
        "a flow names tcp, udp or icmp",
        "no port is in the group",
    ):
        assert said in text


def test_a_draft_says_what_it_left_out() -> None:
    hole = {Hole("keypairs"): Failure(reason=FailureReason.TIMEOUT, detail="60 s")}
    draft = estate(
        floatingips=[{"floating_ip_address": "192.0.2.7"}], holes=hole,
        networks=[clouds.network("chl", "chl-empty"), clouds.network("hrs", "out", **{"router:external": True})],
    )  # fmt: skip
    for said in ("keypairs: not seen", "192.0.2.7", "has no subnet", "taken for the platform's own", "has no network"):
        assert any(said in line for line in draft.unsaid)


@pytest.mark.parametrize("name", ["x\n- evil: {a: b}", "# no", "😀 hôpital", "a" * 90, "1st", "---", "{}: [", "'\"\\"])
def test_a_name_of_the_cloud_s_never_breaks_the_draft(name: str, tmp_path: Path) -> None:
    draft = estate(
        projects=[clouds.project("chl", name=name, description=name), clouds.project("hrs")],
        servers=[clouds.server("chl", "chl-pacs1", "dc1", name=name)],
        security_groups=[clouds.group("chl", "pacs", name=name)],
        security_group_rules=[clouds.rule("pacs", 1, "10.19.0.0/22", (1, 65535), description=name)],
    )  # fmt: skip
    for path, text in draft.files.items():
        loaded(text, HospitalFile if path.startswith("hospitals/") else HostsFile, tmp_path)


def test_slugs_are_ids() -> None:
    assert [slug(name) for name in ("CHL Imaging", "1st", "", "--x--", "é")] == [
        "chl-imaging",
        "n-1st",
        "unnamed",
        "x",
        "unnamed",
    ]


def test_a_draft_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "hospitals").mkdir()
    (tmp_path / "hospitals" / "chl.yaml").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        refuse_existing(tmp_path, ["hospitals/chl.yaml"])


@pytest.mark.lab
def test_the_lab_s_cloud_as_a_draft_loads_and_has_what_stands_there(lab_cloud: Settings, tmp_path: Path) -> None:
    seen = look_at_everything(lab_cloud.cloud, Silent())
    draft = drafted(seen, places_of(seen, {}))
    hospitals = {
        path: loaded(text, HospitalFile, tmp_path) for path, text in draft.files.items() if path.startswith("hospitals/")
    }
    prefixes = {str(prefix) for h in hospitals.values() for zone in h.zones.values() for prefix in zone.prefixes.values()}
    listed = {n["id"]: n for n in seen.seen["networks"]}
    outside = (n for n in listed.values() if n["provider:physical_network"] or n["router:external"])
    platform = {n["project_id"] for n in outside}
    projects = {p["id"] for p in seen.seen["projects"]} - platform
    subnets = [s for s in seen.seen["subnets"] if s["network_id"] in listed and s["project_id"] in projects]
    assert prefixes == {s["cidr"] for s in subnets if listed[s["network_id"]]["project_id"] in projects}
    hosts = [loaded(text, HostsFile, tmp_path) for path, text in draft.files.items() if path.startswith("hosts/")]
    named = {host.id for file in hosts for found in file.groups for host in found.hosts}
    assert named == {s["name"] for s in seen.seen["servers"] if s["tenant_id"] in projects}


@pytest.mark.lab
def test_a_mark_on_a_real_network_changes_nothing_but_its_tags(lab_cloud: Settings) -> None:
    cloud = CloudSession(lab_cloud.cloud)
    name = f"adopttest-{uuid.uuid4().hex[:8]}"
    made = cloud.send("POST", "network", "/networks", {"network": {"name": name, "admin_state_up": False}})["network"]
    try:
        one = adoptable("network", name, made["id"], live={"name": name}, name=name, adminStateUp=True, tags=TAGS)
        assert [effect.outcome for effect in mark(cloud, [one], Silent())] == [Outcome.DONE]
        found = cloud.get("network", f"/networks/{made['id']}")["network"]
        ours = {"tags", "revision_number", "updated_at"}
        assert {k: v for k, v in found.items() if k not in ours} == {
            k: v for k, v in made.items() if k in found and k not in ours
        }
        assert found["tags"] == TAGS
    finally:
        cloud.send("DELETE", "network", f"/networks/{made['id']}")
