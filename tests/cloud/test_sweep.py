"""A sweep over real HTTP: whatever one list does, that list alone is unknown, and no failed one looks empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.cloud_http import PROJECT, USER, Answer, Cloud, body, half, nothing, says, serving, settings_for, well

from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.sweep import Hole, Sweep, sweep
from luxops.model import FailureReason
from luxops.transports import openstack
from luxops.transports.openstack import CloudError, CloudSession

pytestmark = pytest.mark.slow  # it really listens, hundreds of times
CHL, HRS = "c" * 32, "d" * 32
NEUTRON = "/network/v2.0"
KINDS = [
    BY_NAME[name] for name in ("project", "network_quota", "key_pair", "network", "subnet", "port", "router", "router_routes")
]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openstack, "time", type("Time", (), {"sleep": staticmethod(lambda _: None)}))


def port(number: int, project: str) -> dict[str, Any]:
    return {
        "id": f"port{number}", "name": f"port{number}", "project_id": project, "network_id": "net", "tags": [], "fixed_ips": [],
        "mac_address": "fa:16:3e:00:00:01", "allowed_address_pairs": [], "security_groups": [], "device_owner": "",
        "device_id": "",
    }  # fmt: skip


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    projects: list[dict[str, Any]] = [
        {"id": of, "name": name, "tags": []} for of, name in ((CHL, "chl"), (HRS, "hrs"), (PROJECT, "admin"))
    ]
    lists: dict[str, list[Any]] = {f"{NEUTRON}/{name}": [] for name in ("networks", "subnets", "routers")}
    lists[f"{NEUTRON}/ports"] = [port(number, CHL if number % 2 else HRS) for number in range(24)]
    lists |= {"/identity/v3/projects": projects, "/identity/v3/users": [{"id": USER, "name": "admin"}]}
    lists |= {"/identity/v3/roles": [], "/identity/v3/groups": [], "/compute/v2.1/os-keypairs": []}
    made = Cloud(lists=lists, page=10)
    for project in projects:
        count(made, project["id"], port=sum(item["project_id"] == project["id"] for item in lists[f"{NEUTRON}/ports"]))
        made.objects[f"/identity/v3/projects/{project['id']}"] = {"project": project}
    made.objects["/compute/v2.1/os-keypairs"] = {"keypairs": []}
    made.objects[f"/identity/v3/users/{USER}"] = {"user": {"id": USER}}
    with serving(made):
        yield made


def count(cloud: Cloud, project: str, **used: int) -> None:
    """What Neutron counts."""
    known = ("network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule", "rbac_policy")
    quota = {name: {"limit": 10, "used": used.get(name, 0), "reserved": 0} for name in known}
    cloud.objects[f"{NEUTRON}/quotas/{project}/details"] = {"quota": quota}


def swept(cloud: Cloud, folder: Path) -> Sweep:
    return sweep(CloudSession(settings_for(cloud, folder, retries=1)), KINDS)


def test_everything_is_seen(cloud: Cloud, tmp_path: Path) -> None:
    came: list[str] = []
    found = sweep(CloudSession(settings_for(cloud, tmp_path)), KINDS, came.append)
    assert found.holes == {}
    assert found.identity == {"user_id": USER, "project_id": PROJECT}
    assert len(found.seen["ports"]) == 24
    assert {item["$of"] for item in found.seen["network_use"]} == {CHL, HRS, PROJECT}
    assert sorted(came) == sorted(found.seen), "each list is told once"


FAULTS = {
    "500": (says(500), FailureReason.REFUSED), "403": (says(403), FailureReason.REFUSED),
    "404": (says(404), FailureReason.REFUSED), "a cut connection": (nothing, FailureReason.UNREACHABLE),
    "a cut body": (half, FailureReason.SESSION_LOST), "an object": (body(b'{"port": {}}'), FailureReason.MALFORMED),
    "a page for people": (body(b"<html>"), FailureReason.MALFORMED),
    "no token": (says(401), FailureReason.AUTHENTICATION),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "reason"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("name", ["ports", "networks", "routers"])
def test_a_list_that_fails_is_a_hole_of_that_list_alone(
    cloud: Cloud, tmp_path: Path, name: str, fault: Answer, reason: FailureReason
) -> None:
    cloud.always[f"GET {NEUTRON}/{name}"] = fault
    found = swept(cloud, tmp_path)
    assert {hole: failure.reason for hole, failure in found.holes.items()} == {Hole(name): reason}
    assert found.seen[name] == []
    for kind in KINDS:
        assert bool(found.why_unknown(kind)) == (name in kind.reads)


@pytest.mark.parametrize("fault", [says(500), half, nothing, body(b'{"ports": [')])
def test_a_fault_on_the_second_page_leaves_nothing_of_the_first(cloud: Cloud, tmp_path: Path, fault: Answer) -> None:
    pages = 0

    def second(to: Any) -> None:  # noqa: ANN401 - a Handler
        nonlocal pages
        pages += "marker" in to.path
        (fault if "marker" in to.path else well)(to)

    cloud.always[f"GET {NEUTRON}/ports"] = second
    found = swept(cloud, tmp_path)
    assert pages
    assert list(found.holes) == [Hole("ports")]
    assert found.seen["ports"] == []


def test_the_counts_show_a_list_that_is_cut_short(cloud: Cloud, tmp_path: Path) -> None:
    """A page without a link to the next one looks like the end; Neutron's own count says that it is not."""

    def short(to: Any) -> None:  # noqa: ANN401 - a Handler
        page = to.listed(f"{NEUTRON}/ports")
        to.answer(200, {"ports": page["ports"][:5]})

    cloud.always[f"GET {NEUTRON}/ports"] = short
    found = swept(cloud, tmp_path)
    assert found.holes.keys() == {Hole("ports", CHL), Hole("ports", HRS)}
    assert "Neutron counts 12 ports" in found.holes[Hole("ports", CHL)].detail
    assert found.why_unknown(BY_NAME["port"], CHL)
    assert found.why_unknown(BY_NAME["port"], PROJECT) is None


def test_a_policy_that_hides_one_projects_objects_shows(cloud: Cloud, tmp_path: Path) -> None:
    cloud.lists[f"{NEUTRON}/ports"] = [item for item in cloud.lists[f"{NEUTRON}/ports"] if item["id"] != "port7"]
    found = swept(cloud, tmp_path)
    assert list(found.holes) == [Hole("ports", CHL)]
    assert found.why_unknown(BY_NAME["port"], HRS) is None


def test_what_came_between_list_and_count_is_taken_in(cloud: Cloud, tmp_path: Path) -> None:
    first = True

    def growing(to: Any) -> None:  # noqa: ANN401 - a Handler
        nonlocal first
        to.well()
        if first and "marker=port19" in to.path:
            first = False
            cloud.lists[f"{NEUTRON}/ports"].append(port(99, CHL))
            count(cloud, CHL, port=13)

    cloud.always[f"GET {NEUTRON}/ports"] = growing
    found = swept(cloud, tmp_path)
    assert found.holes == {}
    assert "port99" in {item["id"] for item in found.seen["ports"]}
    assert len(found.seen["ports"]) == 25


@pytest.mark.parametrize("later", [14, 9])
def test_what_goes_and_comes_while_it_is_looked_at_again_is_no_shortfall(cloud: Cloud, tmp_path: Path, later: int) -> None:
    """Thirteen are counted first; when looked at again one is gone, or one more has come just before the second count."""
    count(cloud, CHL, port=13)
    at = f"{NEUTRON}/ports"

    def moving(to: Any) -> None:  # noqa: ANN401 - a Handler
        if "project_id" in to.path:
            if later > 13:
                cloud.lists[at] += [port(98, CHL)]
            else:
                cloud.lists[at] = [item for item in cloud.lists[at] if item["id"] not in {"port1", "port3", "port5"}]
            to.well()
            count(cloud, CHL, port=later)
        else:
            to.well()

    cloud.always[f"GET {at}"] = moving
    assert swept(cloud, tmp_path).holes == {}


@pytest.mark.parametrize("fault", [says(500), half, body(b'{"ports": null}')])
def test_where_nobody_can_look_again_the_shortfall_stands(cloud: Cloud, tmp_path: Path, fault: Answer) -> None:
    count(cloud, CHL, port=13)

    def again(to: Any) -> None:  # noqa: ANN401 - a Handler
        (fault if "project_id" in to.path else well)(to)

    cloud.always[f"GET {NEUTRON}/ports"] = again
    assert list(swept(cloud, tmp_path).holes) == [Hole("ports", CHL)]


@pytest.mark.parametrize("fault", [says(500), says(403), nothing, body(b"[]"), body(b'{"quota": 3}')])
def test_a_project_that_cannot_be_asked_is_a_hole_of_its_own(cloud: Cloud, tmp_path: Path, fault: Answer) -> None:
    cloud.always[f"GET {NEUTRON}/quotas/{CHL}/details"] = fault
    found = swept(cloud, tmp_path)
    assert list(found.holes) == [Hole("network_use", CHL)]
    assert {item["$of"] for item in found.seen["network_use"]} == {HRS, PROJECT}


def test_of_a_project_that_has_gone_meanwhile_nothing_is_missed(cloud: Cloud, tmp_path: Path) -> None:
    del cloud.objects[f"{NEUTRON}/quotas/{HRS}/details"], cloud.objects[f"/identity/v3/projects/{HRS}"]
    assert swept(cloud, tmp_path).holes == {}


def test_a_quota_that_is_not_there_although_its_project_is_is_a_hole(cloud: Cloud, tmp_path: Path) -> None:
    del cloud.objects[f"{NEUTRON}/quotas/{HRS}/details"]
    assert list(swept(cloud, tmp_path).holes) == [Hole("network_use", HRS)]


@pytest.mark.parametrize(("those", "asked"), [("projects", "network_use"), ("users", "keypairs")])
def test_where_nobody_knows_of_whom_to_ask_all_of_it_is_unknown(cloud: Cloud, tmp_path: Path, those: str, asked: str) -> None:
    cloud.always[f"GET /identity/v3/{those}"] = says(500)
    found = swept(cloud, tmp_path)
    assert found.holes.keys() == {Hole(those), Hole(asked)}
    assert found.seen[asked] == []


ODD_ITEMS: dict[str, Any] = {
    "without addresses": {"fixed_ips": None}, "with a text for a list": {"allowed_address_pairs": "none"},
    "with another shape inside": {"fixed_ips": [{"ip": "10.0.0.1"}]},
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD_ITEMS.values(), ids=ODD_ITEMS)
def test_an_item_that_is_not_as_it_should_be_makes_its_kind_unknown(cloud: Cloud, tmp_path: Path, odd: dict[str, Any]) -> None:
    cloud.lists[f"{NEUTRON}/ports"][3] |= odd
    found = swept(cloud, tmp_path)
    assert {hole: failure.reason for hole, failure in found.holes.items()} == {Hole("ports"): FailureReason.MALFORMED}
    assert found.live(KINDS)["port"] == []


@pytest.mark.parametrize("items", [["text"], [None], [{}], [[]]])
def test_items_that_are_none_make_their_kind_unknown(cloud: Cloud, tmp_path: Path, items: list[Any]) -> None:
    cloud.lists[f"{NEUTRON}/networks"] = items
    assert Hole("networks") in swept(cloud, tmp_path).holes


def test_without_a_login_there_is_no_sweep(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(CloudError) as raised:
        sweep(CloudSession(settings_for(cloud, tmp_path, password="wrong")), KINDS)
    assert raised.value.failure.reason is FailureReason.AUTHENTICATION
