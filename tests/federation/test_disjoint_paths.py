"""Two ways that nothing cuts at once: found where they are, and where they are not, told what they hang on."""

from __future__ import annotations

import pytest
from tests.support.drafts import Draft

LINKS, ROUTERS, HRS = "links.yaml", "routers.yaml", "hospitals/hrs.yaml"
SITES = "hospitals/hrs.yaml:6:1"


def _told(draft: Draft) -> dict[str, str]:
    """What → why, of what is said of the hospital's paths."""
    assert {draft.place(p) for p in draft.problems()} == {SITES}
    return {p.what: p.why for p in draft.problems()}


def test_a_shared_duct_is_named(draft: Draft) -> None:
    draft.edit(LINKS, "[hrs-west, dc2-entry]", "[hrs-east, dc2-entry]")
    why = "hospital hrs: every path hangs on shared risk hrs-east"
    assert _told(draft) == {"no two disjoint paths to dc1": why, "no two disjoint paths to dc2": why}


def test_a_duct_shared_with_the_ring_cuts_off_one_datacentre(draft: Draft) -> None:
    draft.edit(LINKS, "[hrs-west, dc2-entry]", "[hrs-west, ring]")
    # Into dc1: directly, or over dc2 and the ring. Into dc2: in what is now the ring's duct, or over dc1 and the ring.
    assert _told(draft) == {"no two disjoint paths to dc2": "hospital hrs: every path hangs on shared risk ring"}


def test_a_single_edge_router_is_named(draft: Draft) -> None:
    draft.edit(
        LINKS,
        "a: {router: hrs-edge2, interface: TenGigabitEthernet0/1/0}",
        "a: {router: hrs-edge1, interface: TenGigabitEthernet0/1/1}",
    )
    why = "hospital hrs: every path hangs on router hrs-edge1"
    assert _told(draft) == {"no two disjoint paths to dc1": why, "no two disjoint paths to dc2": why}


def test_one_way_only_is_shown(draft: Draft) -> None:
    text = (draft.folder / LINKS).read_text()
    draft.write(LINKS, text[: text.index("- id: hrs-dc2")])
    assert _told(draft) == {
        "no two disjoint paths to dc1": "hospital hrs: the only path is hrs-edge1 → dc1-core1",
        "no two disjoint paths to dc2": "hospital hrs: the only path is hrs-edge1 → dc1-core1 → dc2-core1",
    }


def test_no_way_at_all(draft: Draft) -> None:
    text = (draft.folder / LINKS).read_text()
    draft.write(LINKS, text[: text.index("- id: hrs-dc1")])
    why = "hospital hrs: none of its edge routers has a link that leads there"
    assert _told(draft) == {"no path to dc1": why, "no path to dc2": why}


def test_no_single_point_and_yet_no_disjoint_pair(draft: Draft) -> None:
    """Three ways, each two of which share a risk of their own: no one accident cuts all, but no two ways are independent."""
    draft.edit(LINKS, "[hrs-east, dc1-entry]", "[x, y]")
    draft.edit(LINKS, "[hrs-west, dc2-entry]", "[y, z]")
    third = """- id: hrs-third
  a: {router: hrs-edge3, interface: TenGigabitEthernet0/1/0}
  b: {router: dc1-core1, interface: fib-hrs3}
  prefix: 10.255.0.10/31
  shared_risks: [x, z]
"""
    draft.write(LINKS, (draft.folder / LINKS).read_text() + third)
    router = "- {id: hrs-edge3, role: edge, platform: ios-xe, hospital: hrs, management: 10.250.5.13, loopback: 10.254.0.18}\n"
    draft.write(ROUTERS, (draft.folder / ROUTERS).read_text() + router)
    draft.edit(HRS, "[hrs-edge1, hrs-edge2]", "[hrs-edge1, hrs-edge2, hrs-edge3]")
    told = _told(draft)
    assert set(told) == {"no two disjoint paths to dc1", "no two disjoint paths to dc2"}
    assert told["no two disjoint paths to dc1"] == (
        "hospital hrs: no single point cuts it off, yet any two paths share one; the best two, hrs-edge1 → dc1-core1 and "
        "hrs-edge3 → dc1-core1, both hang on shared risk x"
    )


def test_another_hospital_is_nobodys_way(complete_draft: Draft) -> None:
    """Where HRS lost its second fibre, paths over other hospitals' routers do not count."""
    text = (complete_draft.folder / LINKS).read_text()
    kept = [entry for entry in text.split("- id: ") if not entry.startswith("hrs-edge2--")]
    complete_draft.write(LINKS, "- id: ".join(kept))
    assert {(p.what, p.file.rpartition("/")[2]) for p in complete_draft.problems()} == {
        ("no two disjoint paths to dc1", "hrs.yaml"),
        ("no two disjoint paths to dc2", "hrs.yaml"),
    }


@pytest.mark.parametrize("core", ["dc1-core1", "dc2-core1"])
def test_where_a_datacentre_has_two_cores_no_single_one_may_carry_everything(complete_draft: Draft, core: str) -> None:
    """Without the other core's links the datacentre hangs on one core: told for every hospital."""
    other = core[:-1] + "2"
    kept = [entry for entry in (complete_draft.folder / LINKS).read_text().split("- id: ") if f"router: {other}," not in entry]
    complete_draft.write(LINKS, "- id: ".join(kept))
    told = {p.file.rpartition("/")[2] for p in complete_draft.problems() if p.what == f"no two disjoint paths to {core[:3]}"}
    assert len(told) == 10
    assert all(f"router {core}" in p.why for p in complete_draft.problems() if p.what.endswith(core[:3]))
