"""Every router of the example federation: its design renders, reads back as itself, and passes every router policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from luxops.domains.network import PLATFORMS, NetworkDomain, design_router
from luxops.domains.network.backups.fact import BACKUP, Backup
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.operational import Bfd, Bgp, Interfaces, InterfaceState, Route, Routes, SessionState
from luxops.domains.network.platforms.interface import BFD, BGP, CONFIG, INTERFACES, ROUTES
from luxops.evaluation import Evaluator
from luxops.federation import Federation, load_federation
from luxops.model import FactName, FactValue, Observation, Target, TargetKind, Verdict, utc_now
from luxops.policies import PolicySet, load_policies

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
SECRETS = {"bgp": "s3cret", "account": "$9$hash"}


@pytest.fixture(scope="module")
def inventory() -> Federation:
    return load_federation(REPOSITORY / "inventory")


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    return load_policies(REPOSITORY / "policies")


class NoRunner:
    """No session is needed to compare."""

    def ask(self, requests: object, progress: object) -> object:
        raise AssertionError((requests, progress))


def healthy(config: RouterConfig) -> dict[FactName, FactValue]:
    """What a router that runs its design does when all is well."""
    assert config.bgp is not None
    interfaces = {
        name: InterfaceState(administrative="up", operational="up", addresses=interface.addresses, ipv6=False, mtu=1500)
        for name, interface in config.interfaces.items()
    }
    sessions = {
        address: SessionState(remote_as=n.remote_as or 0, state="Established", prefixes_received=1, prefixes_sent=1)
        for address, n in config.bgp.neighbours.items()
    }
    return {
        CONFIG: config,
        INTERFACES: Interfaces(interfaces=interfaces),
        BGP: Bgp(running=True, neighbours=sessions),
        BFD: Bfd(peers={address: "up" for address, n in config.bgp.neighbours.items() if n.bfd}),
        BACKUP: Backup(state="good"),
        ROUTES: Routes(routes={"10.8.0.0/24": Route(protocol="bgp", distance=20, installed=True, next_hops=())}),
    }


def observed(target: Target, facts: dict[FactName, FactValue]) -> list[Observation]:
    return [Observation.of(target.id, fact, value) for fact, value in facts.items()]


def test_all_designs_pass_all_router_policies_without_drift(inventory: Federation, policies: PolicySet) -> None:
    domain, evaluator = NetworkDomain(NoRunner()), Evaluator(policies)  # type: ignore[arg-type]
    targets, desired = domain.targets(inventory), domain.desired(inventory)
    judged = 0
    for target in targets:
        design = design_router(inventory, target.id)
        platform = PLATFORMS[design.platform]
        assert platform.render(design, SECRETS)
        observations = observed(target, healthy(platform.configured(design)))
        assert domain.compare(desired, observations) == []
        findings = evaluator.evaluate(target, observations, utc_now())
        wrong = [f for f in findings if f.verdict not in {Verdict.PASS, Verdict.NOT_APPLICABLE}]
        assert wrong == []
        judged += sum(f.verdict is Verdict.PASS for f in findings)
    assert len(targets) == len(inventory.routers) >= 20
    assert judged >= 30 * len(targets)


def test_at_least_thirty_router_policies(policies: PolicySet) -> None:
    assert sum(policy.applies_to is TargetKind.ROUTER for policy in policies.policies) >= 30


def test_both_platforms_are_in_use(inventory: Federation) -> None:
    assert {router.platform for router in inventory.routers.values()} == set(PLATFORMS)
