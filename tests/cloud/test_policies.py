"""Cloud policies: on what is planned and on what is there, with the same verdicts, and never PASS on what nobody could see."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.cloud_world import CloudWorld
from tests.support.drafts import COMPLETE, SMALL

from luxops.domains.cloud.capture import capture
from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.domain import CloudDomain
from luxops.domains.cloud.facts import PREFIX, fields_of
from luxops.domains.cloud.judging import judge_plan, plannable, refusals
from luxops.domains.cloud.kinds import BY_NAME, KINDS
from luxops.domains.cloud.nouns import Declared, Graph, StackId, Urn
from luxops.domains.cloud.sweep import Sweep
from luxops.evaluation import Evaluator
from luxops.federation import Federation, load_federation
from luxops.model import Finding, Policy, PolicyId, Severity, TargetKind, Verdict, utc_now
from luxops.policies import PolicySet, load_policies, read_expression
from luxops.progress import Silent
from luxops.settings import CloudSettings

STACKS = COMPLETE.parent / "stacks"
RULE = "openstack:networking/secGroupRule:SecGroupRule"


@functools.cache
def policies() -> PolicySet:
    return load_policies(COMPLETE.parent / "policies")


def cloud_policies() -> tuple[Policy, ...]:
    return policies().for_target(TargetKind.CLOUD)


@functools.cache
def evaluator() -> Evaluator:
    return Evaluator(policies().model_copy(update={"waivers": ()}))


@functools.cache
def small() -> Federation:
    return load_federation(SMALL)


@functools.cache
def small_graph() -> Graph:
    return capture(small(), STACKS, 1)


@functools.cache
def world() -> Sweep:
    return CloudWorld.of(small_graph()).sweep()


def judged(graph: Graph) -> list[Finding]:
    """The plan of every stack, on a cloud that has nothing yet."""
    return judge_plan(evaluator(), Comparison(small(), graph, CloudWorld().sweep()), small(), graph.stacks)


def observed(seen: Sweep) -> list[Finding]:
    """What a scan finds."""
    domain = CloudDomain(CloudSettings(), lambda: seen)
    targets = domain.targets(small())
    looks = domain.observe(targets, Silent())
    by_id = {target.id: target for target in targets}
    return [finding for look in looks for finding in evaluator().evaluate(by_id[look[0].target], look, utc_now())]


def failed(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(f.policy, f.target) for f in findings if f.verdict is Verdict.FAIL}


# What policies look at


def test_there_are_many() -> None:
    assert len(cloud_policies()) >= 60
    assert {policy.severity for policy in cloud_policies()} == set(Severity)


def test_every_policy_looks_at_what_kinds_have() -> None:
    for policy in cloud_policies():
        for text in (policy.check, policy.when, policy.show):
            for touch in read_expression(text).touches if text else ():
                if not touch.path[0].startswith(PREFIX):
                    continue
                kind = BY_NAME[touch.path[0].removeprefix(PREFIX)]
                known = {"id", "name", "project", "stack", "named", "*", *fields_of(kind)}
                assert set(touch.path[3:4]) <= known, f"{policy.id}: {touch.path}"
                if touch.path[3:4] == ("named",):
                    assert set(touch.path[4:5]) <= known, f"{policy.id}: {touch.path}"


def test_what_a_kind_shows_is_what_it_reads() -> None:
    for kind in KINDS:
        for live in kind.read(world().seen):
            assert set(kind.shown) <= set(live.properties), kind.name
            assert not set(kind.shown) & set(kind.properties), kind.name


def test_requirements_of_the_law_are_named_by_every_policy() -> None:
    for policy in cloud_policies():
        assert {"nis2-cir-2024-2690", "iso-27001-2022"} <= policy.mappings.keys(), policy.id
        assert policy.show, policy.id
        assert policy.expected, policy.id


# On the plan


def test_the_plan_of_what_is_declared_breaks_no_policy_of_high_severity() -> None:
    assert not refusals(judged(small_graph()))


@pytest.mark.slow
def test_the_example_federation_breaks_none_either() -> None:
    federation = load_federation(COMPLETE)
    graph = capture(federation, STACKS, 1)
    findings = judge_plan(evaluator(), Comparison(federation, graph, CloudWorld().sweep()), federation, graph.stacks)
    assert not refusals(findings)
    assert not [finding for finding in findings if finding.verdict is Verdict.UNKNOWN]


def test_every_stack_and_policy_has_one_finding() -> None:
    findings = judged(small_graph())
    assert len({(f.policy, f.target) for f in findings}) == len(findings) == len(small_graph().stacks) * len(cloud_policies())


def test_a_stack_that_is_not_declared_has_none() -> None:
    comparison = Comparison(small(), small_graph(), CloudWorld().sweep())
    assert not judge_plan(evaluator(), comparison, small(), [StackId("tenant/gone")])


def test_what_only_the_live_cloud_shows_is_never_judged_on_a_plan() -> None:
    live_only = {policy.id for policy in cloud_policies() if not plannable(policy)}
    assert {"cloud-tls-identity", "cloud-volume-encrypted", "cloud-quota-exceeded", "cloud-server-error"} <= live_only
    assert not {"cloud-open-to-the-world", "cloud-port-security", "cloud-quota-exists", "cloud-share-of-tenant"} & live_only
    empty = Graph(resources={}, stacks=small_graph().stacks, digest=small_graph().digest)
    for findings in (judged(small_graph()), judged(empty)):
        assert {f.verdict for f in findings if f.policy in live_only} == {Verdict.NOT_APPLICABLE}


def test_a_waived_failure_refuses_nothing() -> None:
    findings = [f for f in judged(changed(RULE, {"remoteIpPrefix": "0.0.0.0/0"})) if f.verdict is Verdict.FAIL]
    assert refusals(findings)
    assert not refusals([finding.model_copy(update={"verdict": Verdict.WAIVED}) for finding in findings])


def changed(type_: str, properties: Mapping[str, Any], where: Callable[[Declared], bool] = lambda _: True) -> Graph:
    """The small graph with one resource of a type declared otherwise."""
    graph = small_graph()
    found = next(r for r in graph.resources.values() if r.type == type_ and r.stack.startswith("tenant/") and where(r))
    return with_resource(found.model_copy(update={"properties": {**found.properties, **properties}}))


def with_resource(resource: Declared) -> Graph:
    """A copy would keep what the graph has worked out already."""
    graph = small_graph()
    return Graph(resources={**graph.resources, resource.urn: resource}, stacks=graph.stacks, digest=graph.digest)


def added(type_: str, properties: Mapping[str, Any]) -> Graph:
    """The small graph with one resource more in a tenant's stack."""
    graph = small_graph()
    stack = next(stack for stack in graph.stacks if stack.startswith("tenant/"))
    urn = Urn(f"{stack}::{type_}::another")
    return with_resource(Declared(urn=urn, stack=stack, type=type_, name="another", properties=properties))


PORT, NETWORK, ROUTER = (f"openstack:networking/{word}:{word.capitalize()}" for word in ("port", "network", "router"))
SHARE, FLOATING = "openstack:networking/rbacPolicyV2:RbacPolicyV2", "openstack:networking/floatingIp:FloatingIp"
NETWORK_QUOTA, COMPUTE_QUOTA = "openstack:networking/quotaV2:QuotaV2", "openstack:compute/quotaSetV2:QuotaSetV2"
ROLE, DEFAULT = "openstack:identity/roleAssignment:RoleAssignment", "luxops:cloud:ClosedDefaultGroup"
ROUTES = "openstack:networking/routerRoutesV2:RouterRoutesV2"

NETWORK_SHARE = {"objectType": "network", "action": "access_as_shared"}


def incoming(rule: Declared) -> bool:
    return bool(rule.properties["direction"] == "ingress")


REFUSED: Mapping[str, Callable[[], Graph]] = {
    "cloud-open-to-the-world": lambda: changed(RULE, {"remoteIpPrefix": "0.0.0.0/0"}, incoming),
    "cloud-egress-open": lambda: changed(RULE, {"remoteIpPrefix": None}, lambda r: not incoming(r)),
    "cloud-rule-protocol": lambda: changed(RULE, {"protocol": "any"}),
    "cloud-rule-ports": lambda: changed(RULE, {"portRangeMin": None, "portRangeMax": None}),
    "cloud-rule-port-range": lambda: changed(RULE, {"portRangeMin": 1, "portRangeMax": 65535}),
    "cloud-rule-prefix": lambda: changed(RULE, {"remoteIpPrefix": "10.0.0.0/8"}),
    "cloud-rule-ipv6": lambda: changed(RULE, {"ethertype": "IPv6"}),
    "cloud-rule-only-declared": lambda: changed(RULE, {"description": "by hand"}),
    "cloud-management-ports": lambda: changed(RULE, {"portRangeMin": 22, "portRangeMax": 22, "protocol": "tcp"}, incoming),
    "cloud-cleartext-login": lambda: changed(RULE, {"portRangeMin": 23, "portRangeMax": 23, "protocol": "tcp"}),
    "cloud-network-shared": lambda: changed(NETWORK, {"shared": True}),
    "cloud-network-external": lambda: changed(NETWORK, {"external": True}),
    "cloud-network-port-security": lambda: changed(NETWORK, {"portSecurityEnabled": False}),
    "cloud-router-gateway": lambda: changed(ROUTER, {"externalNetworkId": "a network"}),
    "cloud-route-to-everything": lambda: added(
        ROUTES, {"routerId": "a router", "routes": [{"destinationCidr": "0.0.0.0/0", "nextHop": "10.0.0.1"}]}
    ),
    "cloud-share-wildcard": lambda: added(SHARE, {"targetTenant": "*", "objectId": "n", **NETWORK_SHARE}),
    "cloud-floating-ip": lambda: added(FLOATING, {"portId": "a port", "address": "192.0.2.1"}),
    "cloud-role-inherited": lambda: changed(ROLE, {"inherited": True}),
    "cloud-default-group-empty": lambda: changed(DEFAULT, {"rules": ["egress any protocol"]}),
    "cloud-quota-compute": lambda: changed(COMPUTE_QUOTA, {"cores": -1}),
    "cloud-quota-no-way-out": lambda: changed(NETWORK_QUOTA, {"floatingip": 10}),
    "cloud-port-security": lambda: changed(PORT, {"portSecurityEnabled": False}),
    "cloud-address-pair-wide": lambda: changed(PORT, {"allowedAddressPairs": [{"ipAddress": "0.0.0.0/0"}]}),
}
"""Policy → a plan that it must refuse."""


@pytest.mark.parametrize("policy", REFUSED)
def test_a_plan_that_would_break_a_policy_is_refused(policy: str) -> None:
    found = refusals(judged(REFUSED[policy]()))
    assert PolicyId(policy) in {finding.policy for finding in found}
    assert all(finding.target.startswith("cloud-") for finding in found)


def test_an_admin_of_a_tenant_is_refused_by_the_name_of_the_role() -> None:
    resource = next(r for r in small_graph().resources.values() if r.type == ROLE and r.stack.startswith("tenant/"))
    lookup = resource.properties["roleId"]
    admin = lookup._replace(arguments=(("name", "admin"),))
    found = refusals(judged(changed(ROLE, {"roleId": admin})))
    assert {"cloud-admin-of-tenant", "cloud-roles-known"} <= {finding.policy for finding in found}


# Live and planned alike


def test_what_was_made_as_declared_is_judged_like_its_plan() -> None:
    planned, live = failed(judged(small_graph())), failed(observed(world()))
    plannables = {policy.id for policy in cloud_policies() if plannable(policy)}
    assert {(policy, target) for policy, target in live if policy in plannables} == planned


def test_a_list_that_failed_leaves_no_pass() -> None:
    full = CloudWorld.of(small_graph())
    full.blind("security_group_rules")
    verdicts = {f.verdict for f in observed(full.sweep()) if f.policy == "cloud-open-to-the-world"}
    assert verdicts == {Verdict.UNKNOWN}


BREAKS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "cloud-rule-only-declared": ("security_group_rules", {"description": ""}),
    "cloud-open-to-the-world": ("security_group_rules", {"remote_ip_prefix": None, "direction": "ingress"}),
    "cloud-network-up": ("networks", {"admin_state_up": False}),
    "cloud-network-marked": ("networks", {"tags": []}),
    "cloud-group-shared": ("security_groups", {"shared": True}),
    "cloud-router-snat": ("routers", {"external_gateway_info": {"network_id": "n", "enable_snat": True}}),
    "cloud-share-wildcard": ("rbac_policies", {"target_tenant": "*"}),
    "cloud-port-direct": ("ports", {"binding:vnic_type": "direct"}),
    "cloud-port-bound": ("ports", {"binding:vif_type": "binding_failed"}),
    "cloud-address-pairs": ("ports", {"allowed_address_pairs": [{"ip_address": "10.0.0.9", "mac_address": None}]}),
    "cloud-quota-exceeded": ("compute_use", {"cores": {"limit": 1, "in_use": 2}}),
    "cloud-quota-compute": ("compute_use", {"cores": {"limit": -1, "in_use": 2}}),
    "cloud-image-public": ("images", {"tags": []}),
    "cloud-image-community": ("images", {"visibility": "community"}),
    "cloud-image-snapshot": ("images", {"image_type": "snapshot"}),
}
"""Policy → what is different of the first item of a list."""


SHOWN: Mapping[str, dict[str, Any]] = {
    "security_groups": {"shared": False},
    "ports": {"binding:vnic_type": "normal", "binding:vif_type": "ovs"},
}
"""What an administrator sees beside what the cloud in memory tells."""


@pytest.mark.parametrize("policy", BREAKS)
def test_what_somebody_changed_is_found(policy: str) -> None:
    collection, properties = BREAKS[policy]
    assert policy not in {name for name, _ in failed(observed(world()))}
    items = [SHOWN.get(collection, {}) | item for item in world().seen[collection]]
    seen = {**world().seen, collection: [{**items[0], **properties}, *items[1:]]}
    assert policy in {name for name, _ in failed(observed(world()._replace(seen=seen)))}


def test_what_the_api_does_not_show_is_unknown() -> None:
    """The cloud in memory answers like Neutron to a reader: without bindings."""
    verdicts = {(f.policy, f.verdict) for f in observed(world()) if f.target == "cloud-chl"}
    assert {("cloud-port-direct", Verdict.UNKNOWN), ("cloud-group-shared", Verdict.UNKNOWN)} <= verdicts


def strength(key: str) -> tuple[str, int | None]:
    derived = BY_NAME["key_pair"].derived
    return derived["algorithm"]({"publicKey": key}), derived["bits"]({"publicKey": key})


@pytest.mark.parametrize("bits", [1024, 2048, 3072])
def test_the_strength_of_a_key_is_read_from_the_key(bits: int) -> None:
    key = rsa.generate_private_key(65537, bits).public_key()
    assert strength(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + " someone") == ("ssh-rsa", bits)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEkBZ3GiQyDvx1yQKc2TLbW4R0mxU0CqG4FJ3dX7cY9m x", ("ssh-ed25519", None)),
        ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDF cut-short", ("ssh-rsa", None)),
        ("ssh-rsa %%% garbled", ("ssh-rsa", None)),
        ("-----BEGIN CERTIFICATE-----", ("-----BEGIN", None)),
        ("", ("", None)),
    ],
)
def test_of_another_key_only_the_name_is_read(key: str, found: tuple[str, int | None]) -> None:
    assert strength(key) == found
