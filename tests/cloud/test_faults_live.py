"""Faults between luxops and the lab's real OpenStack: repeated where that is right, told exactly where it is not."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cloud_proxy import Fault, Proxy, Rule, between, broken, half, lost, says, silent, slow
from tests.support.mini_cloud import MiniCloud, lab_settings

from luxops.domains.cloud.changes import Outcome
from luxops.domains.cloud.kinds import KINDS
from luxops.domains.cloud.sweep import Hole, sweep
from luxops.lab.lab import Lab
from luxops.model import FailureReason
from luxops.transports.openstack import CloudSession

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("provisioned")]

PORTS = "/v2.0/ports"


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with between(lab_settings(), tmp_path, retries=3) as made:
        yield made


@pytest.fixture
def direct() -> Iterator[MiniCloud]:
    """The tenant under test as it really is, without the proxy; taken away at the end."""
    made = MiniCloud(f"faulttest-{uuid.uuid4().hex[:6]}", lab_settings())
    yield made
    made.destroy()
    made.assert_gone()


# Sweeps


@pytest.fixture(scope="module")
def ids(provisioned: Lab) -> set[tuple[str, str]]:
    """Everything that is declared, looked at without the proxy: it stays while tests come and go."""
    del provisioned  # it is there
    plain = sweep(CloudSession(lab_settings()), KINDS)
    return {(name, str(item.get("id"))) for name, items in plain.seen.items() for item in items}


PASSING: dict[str, Rule] = {
    "latency": Rule(slow(0.2), share=0.3), "429": Rule(says(429, Retry_After="0"), times=3), "503": Rule(says(503), times=1),
    "500": Rule(says(500), "GET", times=1), "a cut body": Rule(half, "GET", PORTS, times=1),
    "a lost answer": Rule(silent, "GET", times=1), "a lost request": Rule(lost, "GET", PORTS, times=1),
    "a busy Keystone": Rule(says(503, Retry_After="1"), "POST", "/auth/tokens", 1),
}  # fmt: skip


@pytest.mark.parametrize("rule", PASSING.values(), ids=PASSING)
def test_a_fault_that_passes_leaves_no_hole(proxy: Proxy, ids: set[tuple[str, str]], rule: Rule) -> None:
    rule = rule.afresh()
    proxy.rules.append(rule)
    seen = sweep(CloudSession(proxy.settings), KINDS)
    assert rule.met
    assert seen.holes == {}
    assert ids <= {(name, str(item.get("id"))) for name, items in seen.seen.items() for item in items}


STAYING: dict[str, tuple[Fault, FailureReason]] = {
    "500": (says(500), FailureReason.REFUSED), "503": (says(503), FailureReason.REFUSED),
    "429": (says(429, Retry_After="0"), FailureReason.REFUSED), "a cut body": (half, FailureReason.SESSION_LOST),
    "a lost answer": (silent, FailureReason.UNREACHABLE),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "reason"), STAYING.values(), ids=STAYING)
def test_a_fault_that_stays_is_a_hole_of_that_list_alone(proxy: Proxy, fault: Fault, reason: FailureReason) -> None:
    proxy.settings = proxy.settings.model_copy(update={"retries": 1})
    proxy.rules.append(Rule(fault, "GET", PORTS))
    seen = sweep(CloudSession(proxy.settings), KINDS)
    assert {hole: failure.reason for hole, failure in seen.holes.items()} == {Hole("ports"): reason}
    assert proxy.asked("GET", PORTS) == 2


def test_half_a_list_shows_by_neutrons_own_count(proxy: Proxy) -> None:
    """The page is whole JSON and has no link to another: only what the projects' quotas count says that there is more."""

    def fewer(request: object) -> None:
        answer = request.forward()  # type: ignore[attr-defined] # a Request
        import json  # noqa: PLC0415 - of this fault alone

        found = json.loads(answer.body)
        rules = found["security_group_rules"]
        body = json.dumps({"security_group_rules": rules[: len(rules) // 2]}).encode()
        request.handler.give(answer._replace(body=body))  # type: ignore[attr-defined] # same

    proxy.rules.append(Rule(fewer, "GET", "/security-group-rules"))
    seen = sweep(CloudSession(proxy.settings), KINDS)
    assert seen.holes
    assert {hole.collection for hole in seen.holes} == {"security_group_rules"}
    assert all(hole.of for hole in seen.holes)
    assert all("its list is cut short" in failure.detail for failure in seen.holes.values())


# Making

HARMLESS: dict[str, list[Rule]] = {
    "latency": [Rule(slow(0.1), share=0.3)],
    "429 and 503, now and then": [Rule(says(status, Retry_After="0"), share=0.2, each=1) for status in (429, 503)],
    "answers to POST lost": [Rule(silent, "POST", "/v2.0/networks", 1), Rule(silent, "POST", "/v2.0/security-group-rules", 2)],
    "requests lost": [Rule(lost, "POST", "/v2.0/routers", 1), Rule(lost, "POST", PORTS, 1), Rule(lost, "PUT", "/tags", 1)],
    "done, and 500 said": [Rule(broken(500), "POST", "/v3/projects", 1), Rule(broken(500), "POST", "/v2.0/subnets", 1)],
    "an interface joined, and 503 said": [Rule(broken(503), "PUT", "/add_router_interface", 1)],
    "answers cut in the middle": [Rule(half, "POST", "/v2.0/security-groups", 1), Rule(half, "PUT", "/v2.0/ports", 1)],
}  # fmt: skip


@pytest.mark.parametrize("rules", HARMLESS.values(), ids=HARMLESS)
def test_what_is_made_through_faults_that_pass_is_whole_and_made_once(
    proxy: Proxy, direct: MiniCloud, rules: list[Rule]
) -> None:
    proxy.rules += [rule.afresh() for rule in rules]
    effects = MiniCloud(direct.name, proxy.settings).up()
    assert [effect for effect in effects if effect.outcome is not Outcome.DONE] == []
    assert sum(rule.met for rule in proxy.rules)
    direct.assert_whole()


def test_a_fault_that_stays_is_told_and_stops_only_what_needs_it(proxy: Proxy, direct: MiniCloud) -> None:
    proxy.settings = proxy.settings.model_copy(update={"retries": 1})
    proxy.rules.append(Rule(says(500), "POST", "/v2.0/subnets"))
    effects = {effect.urn.rpartition("::")[2]: effect for effect in MiniCloud(direct.name, proxy.settings).up()}
    assert effects["sub"].outcome is Outcome.FAILED
    assert "500: the proxy says no" in effects["sub"].detail
    assert {name for name, effect in effects.items() if effect.outcome is Outcome.SKIPPED} == {"joined", "port10", "port11"}
    assert effects["egress-123"].outcome is Outcome.DONE
    proxy.rules.clear()
    assert all(effect.outcome is Outcome.DONE for effect in MiniCloud(direct.name, proxy.settings).up())
    direct.assert_whole()


def test_a_quota_that_is_exceeded_in_the_middle_says_what_to_do(direct: MiniCloud) -> None:
    """Neutron's own refusal, where no port is allowed."""
    quota = next(r for r in direct.graph.resources.values() if r.name == "network-quota")
    small = quota.model_copy(update={"properties": {**quota.properties, "port": 0}})
    direct.graph = direct.graph.model_copy(update={"resources": {**direct.graph.resources, quota.urn: small}})
    effects = direct.up()
    failed = [effect for effect in effects if effect.outcome is Outcome.FAILED]
    assert failed
    assert all("Quota exceeded" in effect.detail for effect in failed)
    assert all("Raise the quota in inventory/" in effect.detail for effect in failed)
