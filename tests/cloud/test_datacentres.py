"""Two datacentres side by side: what stands in one and not in the other, said without naming either."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support import clouds

from luxops.domains.cloud.datacentres import Likeness, Unlike, likeness
from luxops.domains.cloud.sweep import Hole
from luxops.federation import Federation, load_federation
from luxops.model import Failure, FailureReason
from luxops.reports.cloud_sheets import likeness_sheet

pytestmark = pytest.mark.slow

Json = clouds.Json


@pytest.fixture(scope="module")
def federation() -> Federation:
    return load_federation(Path("inventory"))


def compared(federation: Federation, holes: dict[Hole, Failure] | None = None, **more: list[Json]) -> Likeness:
    """CHL's imaging zone in both datacentres, alike but for what is given."""
    places = (("dc1", "10.16.8.0/22"), ("dc2", "10.16.12.0/22"))
    found: dict[str, list[Json]] = {
        "projects": [clouds.project("chl")],
        "subnets": [clouds.subnet("chl", "chl-imaging", f"chl-imaging-{place}", prefix) for place, prefix in places],
        "security_groups": [clouds.group("chl", f"chl-imaging-{place}") for place, _ in places],
        "flavors": [clouds.flavour("large", 8, 65536)],
    }
    return likeness(federation, clouds.swept(holes, **(found | more)))


def live_of(found: Likeness, zone: str, item: str) -> set[str]:
    return {u.live for u in found.unlike if (u.owner, u.zone) == ("chl", zone) and item in u.item}


def test_subnets_of_both_places_are_alike(federation: Federation) -> None:
    assert not live_of(compared(federation), "imaging", "subnet")


def test_a_subnet_in_one_place_only_is_unlike_and_its_declaration_is_not(federation: Federation) -> None:
    found = compared(federation, subnets=[clouds.subnet("chl", "chl-imaging", "chl-imaging-dc1", "10.16.8.0/22")])
    (unlike,) = [u for u in found.unlike if u.owner == "chl" and u.zone == "imaging" and u.what == "subnet"]
    assert (unlike.declared, unlike.live) == ("both", "dc1 only")


def test_rules_are_compared_by_what_their_prefixes_stand_for(federation: Federation) -> None:
    """10.16.0.0/22 is clinical in dc1, 10.16.4.0/22 in dc2: each its own."""
    rules = [
        clouds.rule("chl-imaging-dc1", 1, "10.16.0.0/22", (443, 443)),
        clouds.rule("chl-imaging-dc2", 1, "10.16.4.0/22", (443, 443)),
    ]
    assert not live_of(compared(federation, security_group_rules=rules), "imaging", "tcp 443 from chl.clinical")
    rules[1]["remote_ip_prefix"] = "10.16.0.0/22"
    found = compared(federation, security_group_rules=rules)
    assert live_of(found, "imaging", "from chl.clinical here") == {"dc1 only"}
    assert live_of(found, "imaging", "from chl.clinical there") == {"dc2 only"}


def test_a_joined_prefix_stands_for_all_it_holds(federation: Federation) -> None:
    rules = [
        clouds.rule("chl-imaging-dc1", 1, "10.16.0.0/21", (443, 443)),
        clouds.rule("chl-imaging-dc2", 1, "10.16.0.0/22", (443, 443)),
        clouds.rule("chl-imaging-dc2", 2, "10.16.4.0/22", (443, 443)),
    ]
    assert not live_of(compared(federation, security_group_rules=rules), "imaging", "443 from chl.clinical")


def test_anywhere_is_written_in_several_ways(federation: Federation) -> None:
    rules = [
        clouds.rule("chl-imaging-dc1", 1, None, (22, 22)),
        clouds.rule("chl-imaging-dc2", 1, "0.0.0.0/0", (22, 22), protocol="6"),
    ]
    assert not live_of(compared(federation, security_group_rules=rules), "imaging", "tcp 22")


def test_servers_sizes_and_volumes(federation: Federation) -> None:
    mark: dict[str, Any] = {"metadata": {"luxops": "luxops:tenant:chl", "group": "pacs"}}
    servers = [
        clouds.server("chl", "chl-pacs1", "dc1", volumes=("chl-pacs1-studies",), **mark),
        clouds.server("chl", "chl-pacs2", "dc2", flavour="small", **mark),
    ]
    ports = [
        clouds.port("chl", "a", "i-chl-pacs1", ("chl-imaging-dc1", "10.16.8.10")),
        clouds.port("chl", "b", "i-chl-pacs2", ("chl-imaging-dc2", "10.16.12.10")),
    ]
    volumes = [clouds.volume("chl", "chl-pacs1-studies", "dc1", 8000)]
    found = compared(federation, servers=servers, ports=ports, volumes=volumes)
    assert live_of(found, "imaging", "size large") == {"dc1 only"}
    assert live_of(found, "imaging", "size small") == {"dc2 only"}
    assert live_of(found, "imaging", "studies of 8000 GiB") == {"dc1 only"}
    declared = {u.declared for u in found.unlike if (u.owner, u.zone, u.what) == ("chl", "imaging", "server")}
    assert declared <= {"both", "neither"}


def test_routers_and_attachments(federation: Federation) -> None:
    router = {"id": "r-1", "name": "chl-dc1", "project_id": "p-chl"}
    hub = clouds.subnet("luxith", "chl-hub-dc1", "chl-hub-dc1", "10.255.10.0/30")
    found = compared(
        federation, routers=[router], subnets=[hub], ports=[clouds.port("chl", "x", "r-1", ("chl-hub-dc1", "10.255.10.2"))]
    )
    assert live_of(found, "(own)", "a router") == {"dc1 only"}
    assert live_of(found, "(own)", "an attachment") == {"dc1 only"}


def test_what_could_not_be_listed_is_unknown_and_never_unlike(federation: Federation) -> None:
    hole = {Hole("servers"): Failure(reason=FailureReason.TIMEOUT, detail="60 s")}
    found = compared(federation, hole)
    assert {u.live for u in found.unlike if u.what == "server"} <= {"UNKNOWN"}
    assert any(line.startswith("servers: ") for line in found.unknown)
    tones = [tone for tone, _, _ in likeness_sheet(found, "x").conclusion]
    assert "unknown" in tones
    assert "good" not in tones


def test_the_declaration_s_own_differences_show(federation: Federation) -> None:
    """The archive's second copy is pushed from dc1 to dc2, and not back."""
    found = likeness(federation, clouds.swept())
    assert Unlike(
        owner="anim", zone="archive", what="rule", item="egress tcp 2762 to anim.archive there", declared="dc1 only",
        live="neither",
    ) in found.unlike  # fmt: skip
