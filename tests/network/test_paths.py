"""Paths of declared flows: in use, standing by, lost with what; in small federations that can be checked by hand."""

from __future__ import annotations

import pytest
from tests.support.fibres import Fibre, federation_of, ladder

from luxops.domains.network.paths import (
    Element,
    FlowPaths,
    Leg,
    Network,
    Outage,
    Survey,
    Weakness,
    crossing,
    element_named,
    flow_paths,
    impact,
    outages,
    weaknesses,
)
from luxops.errors import UsageError
from luxops.federation import Federation
from luxops.model import Severity


def legs(network: Network) -> dict[tuple[str, str, str], Leg]:
    flows = flow_paths(Survey(network), crossing(network.federation))
    return {(flow.flow, leg.source, leg.destination): leg for flow in flows for leg in flow.legs}


def without(federation: Federation, *names: str) -> Network:
    return Network.declared(federation).without(*(element_named(federation, name) for name in names))


def lost_with(federation: Federation) -> dict[str, Outage]:
    survey = Survey(Network.declared(federation))
    found = outages(survey, crossing(federation))
    return {str(element): outage for outage in found for element in outage.elements}


def found_in(federation: Federation) -> list[Weakness]:
    network = Network.declared(federation)
    survey, pairs = Survey(network), crossing(federation)
    flows = flow_paths(survey, pairs)
    return list(weaknesses(network, flows, outages(survey, pairs), flows))


def test_the_path_in_use_follows_the_preference_among_edge_routers() -> None:
    leg = legs(Network.declared(federation_of(ladder("chl"))))["chl/1", "chl campus", "dc2"]
    # MED 50 of edge1 beats 60 of edge2 even though edge2 is the nearer: questions and answers keep to one edge router.
    assert [path.routers for path in leg.paths] == [("chl-edge1", "dc1-core1", "dc2-core1")]
    assert [path.routers for path in leg.back] == [("dc2-core1", "dc1-core1", "chl-edge1")]
    assert leg.paths[0].links == ("f1", "f0")
    assert leg.paths[0].risks == ("duct-chl-edge1", "ring")


def test_the_spare_shares_nothing_but_the_only_core_of_where_the_flow_ends() -> None:
    leg = legs(Network.declared(federation_of(ladder("chl"))))["chl/1", "chl campus", "dc1"]
    assert leg.spare is not None
    assert leg.spare.routers == ("chl-edge2", "dc2-core1", "dc1-core1")
    assert leg.spare_shares == (Element(kind="router", id="dc1-core1"),)
    assert leg.paths[0].elements & leg.spare.elements == set(leg.spare_shares)


def test_two_links_in_one_duct_are_no_spare() -> None:
    duct = ("duct-east",)
    federation = federation_of(ladder("chl", risks={"chl-edge1": duct, "chl-edge2": duct}))
    assert legs(Network.declared(federation))["chl/1", "chl campus", "dc1"].spare is None
    lost = lost_with(federation)["shared risk duct-east"]
    assert {(loss.source, loss.destination) for loss in lost.lost} == {("chl campus", "dc1"), ("chl campus", "dc2")}
    worst = found_in(federation)[0]
    assert (worst.severity, worst.kind) == (Severity.CRITICAL, "single-point")
    assert worst.elements == (Element(kind="shared risk", id="duct-east"),)
    assert "chl campus left with none at all" in worst.why
    assert worst.flows == ("chl/1",)
    assert worst.remedy


def test_a_single_edge_router_is_a_single_point() -> None:
    fibres = [Fibre("dc1-core1", "dc2-core1"), Fibre("chl-edge1", "dc1-core1", ("a",)), Fibre("chl-edge1", "dc2-core1", ("b",))]
    federation = federation_of(fibres)
    assert legs(Network.declared(federation))["chl/1", "chl campus", "dc1"].spare is None
    (worst,) = [weakness for weakness in found_in(federation) if weakness.severity is Severity.CRITICAL]
    assert worst.elements == (Element(kind="router", id="chl-edge1"),)
    assert worst.kind == "single-point"


def test_parallel_links_in_one_duct_are_told_even_where_another_way_is_left() -> None:
    federation = federation_of([*ladder("chl"), Fibre("chl-edge1", "dc1-core1", ("duct-chl-edge1", "other"))])
    (told,) = [weakness for weakness in found_in(federation) if weakness.kind == "shared-risk"]
    assert told.title == "Links f1 and f3 share duct-chl-edge1"
    assert (told.severity, told.hospitals) == (Severity.MEDIUM, ("chl",))


def test_a_ladder_has_no_weakness_but_the_one_fibre_between_its_datacentres() -> None:
    found = found_in(federation_of(ladder("chl", "hrs")))
    assert {element for weakness in found for element in weakness.elements} == {
        Element(kind="link", id="f0"), Element(kind="shared risk", id="ring"),
    }  # fmt: skip


SQUARE = [
    Fibre("dc1-core1", "dc2-core1", ("inner",)), Fibre("dc1-core2", "dc2-core2", ("outer",)),
    Fibre("dc1-core1", "dc1-core2", ("x1",)), Fibre("dc2-core1", "dc2-core2", ("x2",)),
]  # fmt: skip


def test_fibres_that_routing_does_not_take_are_told() -> None:
    """With no session between opposite corners, a core that is out hides its neighbour's routes: iBGP is not passed on."""
    federation = federation_of(
        [*SQUARE, Fibre("chl-edge1", "dc1-core1", ("east",)), Fibre("chl-edge2", "dc2-core1", ("west",))]
    )
    lost = lost_with(federation)["router dc1-core1"]
    assert ("chl campus", "dc1") in {(loss.source, loss.destination) for loss in lost.lost}
    (told,) = [weakness for weakness in found_in(federation) if Element(kind="router", id="dc1-core1") in weakness.elements]
    assert told.kind == "unused-spare"
    assert "fibres still join" in told.why
    # The same fibres with a session over each diagonal leave a path.
    whole = federation_of([*federation_fibres(federation), Fibre("dc1-core1", "dc2-core2"), Fibre("dc1-core2", "dc2-core1")])
    left = {(loss.source, loss.destination) for loss in lost_with(whole)["router dc1-core1"].lost}
    assert ("chl campus", "dc1") not in left


def federation_fibres(federation: Federation) -> list[Fibre]:
    return [Fibre(link.a.router, link.b.router, link.shared_risks) for link in federation.links]


def test_answers_through_another_edge_router_do_not_count_as_a_path() -> None:
    """edge1 keeps a way to the other datacentre that nobody there answers over: its filter never lets the answer in."""
    fibres = [
        *SQUARE, Fibre("chl-edge1", "dc1-core1", ("a",)), Fibre("chl-edge1", "dc1-core2", ("b",)),
        Fibre("chl-edge2", "dc2-core1", ("c",)),
    ]  # fmt: skip
    leg = legs(without(federation_of(fibres), "f4"))["chl/1", "chl campus", "dc2"]
    assert leg.paths == ()
    assert leg.broken == "packets leave chl campus by chl-edge1, answers come in by chl-edge2, which drops them"


def test_equal_routes_are_all_in_use_on_frr_and_one_on_ios_xe() -> None:
    fibres = [*SQUARE, Fibre("chl-edge1", "dc1-core1"), Fibre("chl-edge1", "dc1-core2"), Fibre("chl-edge2", "dc2-core1")]
    for platform, expected in (("frr", 2), ("ios-xe", 1)):
        federation = federation_of(fibres, platforms={"chl-edge1": platform})
        leg = legs(Network.declared(federation))["chl/1", "chl campus", "dc1"]
        assert len(leg.paths) == expected
        assert leg.paths[0].routers == ("chl-edge1", "dc1-core1")  # the lower router id


def test_a_datacentre_out_takes_what_ends_there_and_says_so() -> None:
    lost = lost_with(federation_of(ladder("chl", "hrs")))["datacentre dc1"].lost
    assert lost
    assert all(loss.end_out for loss in lost)
    assert {loss.destination for loss in lost} == {"dc1", "dc2"}  # dc2: of the flow that begins in dc1


def test_campus_to_campus_leads_over_a_core_and_survives_its_loss() -> None:
    federation = federation_of(ladder("chl", "hrs"), campuses=True)
    leg = legs(Network.declared(federation))["chl/4", "chl campus", "hrs campus"]
    assert leg.paths[0].routers == ("chl-edge1", "dc1-core1", "hrs-edge1")
    assert leg.spare is not None
    assert leg.spare.routers == ("chl-edge2", "dc2-core1", "hrs-edge2")


def test_an_external_peer_met_at_one_core_hangs_on_it() -> None:
    federation = federation_of(
        [*SQUARE, Fibre("chl-edge1", "dc1-core1"), Fibre("chl-edge2", "dc2-core1")], attached=["dc1-core2"]
    )
    leg = legs(Network.declared(federation))["chl/3", "healthnet", "dc1"]
    assert leg.paths[0].routers == ("dc1-core2",)
    assert leg.paths[0].attachments == ("healthnet@dc1-core2",)
    assert leg.spare is None
    lost = lost_with(federation)["attachment healthnet@dc1-core2"].lost
    assert [(cut.flows, cut.end_out) for cut in lost] == [(("chl/3",), False)]


def test_impact_tells_paths_from_spares() -> None:
    federation = federation_of(ladder("chl", "hrs"))
    before = Network.declared(federation)
    lost = {(loss.source, loss.destination, loss.lost) for loss in impact(before, without(federation, "chl-edge2"))}
    assert lost == {("chl campus", "dc1", "spare"), ("chl campus", "dc2", "spare")}
    both = impact(before, without(federation, "chl-edge2", "chl-edge1"))
    assert {(loss.flow, loss.lost, loss.end_out) for loss in both} == {("chl/1", "path", False)}
    assert all(loss.before is not None and loss.after is None and loss.hospitals == ("chl",) for loss in both)


def test_impact_of_another_declaration_counts_only_what_both_declare() -> None:
    federation = federation_of(ladder("chl", "hrs"))
    fewer = federation.model_copy(update={"flows": tuple(flow for flow in federation.flows if flow.id != "chl/1")})
    cut = fewer.model_copy(update={"links": tuple(link for link in fewer.links if link.id != "f0")})
    lost = impact(Network.declared(federation), Network.declared(cut))
    assert {loss.flow for loss in lost if loss.lost == "path"} == {"chl/2", "hrs/2"}
    assert impact(Network.declared(federation), Network.declared(fewer)) == ()


def test_flows_that_stay_within_a_place_are_not_reported() -> None:
    federation = federation_of(ladder("chl"))
    inside = federation.flows[1].model_copy(update={"id": "chl/9", "destinations": federation.flows[1].sources})
    flows: tuple[FlowPaths, ...] = flow_paths(
        Survey(Network.declared(federation)), crossing(federation.model_copy(update={"flows": (*federation.flows, inside)}))
    )
    assert [flow.flow for flow in flows] == ["chl/1", "chl/2"]


@pytest.mark.parametrize(
    ("name", "what"),
    [("dc1-cor1", "did you mean `dc1-core1`"), ("duct:f0", "no kind of element"), ("chl", "Nothing in the fibre network")],
)
def test_an_element_that_is_not_there(name: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        element_named(federation_of(ladder("chl")), name)


def test_a_name_of_two_things_must_say_which() -> None:
    federation = federation_of([Fibre("dc1-core1", "dc2-core1", ("f0",)), *ladder("chl")[1:]])
    with pytest.raises(UsageError, match="several") as raised:
        element_named(federation, "f0")
    assert "link:f0" in raised.value.remedy
    assert element_named(federation, "shared-risk:f0") == Element(kind="shared risk", id="f0")


def test_a_carrier_takes_all_its_links() -> None:
    federation = federation_of([fibre._replace(carrier="one") for fibre in ladder("chl")])
    lost = lost_with(federation)["carrier one"].lost
    assert {(loss.source, loss.destination) for loss in lost} == {("chl campus", "dc1"), ("chl campus", "dc2"), ("dc1", "dc2")}
