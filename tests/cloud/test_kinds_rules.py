"""Rules of security groups: the same rule in all the ways in which Neutron and programs write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cloud.kinds_reading import MARK, OWNER, as_declared, read

from luxops.domains.cloud.kinds.security_group_rule import label, prefix, protocol

RULE: Mapping[str, Any] = {
    "id": "00dae13b-fce5-4088-b233-c6567c8d2171",
    "project_id": OWNER,
    "security_group_id": "5428ecad-e6a2-41d1-922f-341175d22f0a",
    "ethertype": "IPv4",
    "direction": "egress",
    "protocol": "tcp",
    "port_range_min": 2576,
    "port_range_max": 2576,
    "remote_ip_prefix": "10.16.128.0/21",
    "remote_address_group_id": None,
    "normalized_cidr": "10.16.128.0/21",
    "remote_group_id": None,
    "description": f"{MARK} mirth/2: messages are delivered",
}
DECLARED_RULE: Mapping[str, Any] = {
    "direction": "egress",
    "ethertype": "IPv4",
    "protocol": "tcp",
    "portRangeMin": 2576,
    "portRangeMax": 2576,
    "remoteIpPrefix": "10.16.128.0/21",
}


def test_a_rule_carries_its_mark_in_its_description() -> None:
    (live,) = read("security_group_rule", security_group_rules=[RULE])
    assert live.stack == "services/mirth"
    assert as_declared("security_group_rule", live, DECLARED_RULE)
    (live,) = read("security_group_rule", security_group_rules=[{**RULE, "description": f"says {MARK} only"}])
    assert live.stack is None


@pytest.mark.parametrize(
    ("written", "declared", "said"),
    [
        ({}, {}, "egress tcp 2576 to 10.16.128.0/21"),
        ({"protocol": "6"}, {}, "egress tcp 2576 to 10.16.128.0/21"),
        ({"protocol": "TCP", "port_range_max": 2580}, {"portRangeMax": 2580}, "egress tcp 2576-2580 to 10.16.128.0/21"),
        ({"remote_ip_prefix": "10.16.129.7/21"}, {}, "egress tcp 2576 to 10.16.128.0/21"),
        ({"remote_ip_prefix": None}, {"remoteIpPrefix": "0.0.0.0/0"}, "egress tcp 2576 to anywhere (IPv4)"),
        ({"remote_ip_prefix": "0.0.0.0/0"}, {"remoteIpPrefix": None}, "egress tcp 2576 to anywhere (IPv4)"),
        ({"remote_ip_prefix": "10.1.2.3"}, {"remoteIpPrefix": "10.1.2.3/32"}, "egress tcp 2576 to 10.1.2.3/32"),
        (
            {"protocol": None, "port_range_min": None, "port_range_max": None},
            {"protocol": "any", "portRangeMin": None, "portRangeMax": None},
            "egress any protocol all ports to 10.16.128.0/21",
        ),
        (
            {"protocol": "1", "port_range_min": 8, "port_range_max": 0, "direction": "ingress"},
            {"protocol": "icmp", "portRangeMin": 8, "portRangeMax": 0, "direction": "ingress"},
            "ingress icmp type 8 code 0 from 10.16.128.0/21",
        ),
        (
            {"protocol": "58", "port_range_min": None, "port_range_max": None, "ethertype": "IPv6", "remote_ip_prefix": "::/0"},
            {"protocol": "icmpv6", "portRangeMin": None, "portRangeMax": None, "ethertype": "IPv6", "remoteIpPrefix": None},
            "egress ipv6-icmp any type to anywhere (IPv6)",
        ),
    ],
)
def test_a_rule_is_the_same_however_it_is_written(written: dict[str, Any], declared: dict[str, Any], said: str) -> None:
    (live,) = read("security_group_rule", security_group_rules=[{**RULE, **written}])
    assert as_declared("security_group_rule", live, {**DECLARED_RULE, **declared})
    assert live.name == f"{RULE['security_group_id']}: {said}"


@pytest.mark.parametrize(
    "written",
    [
        {"remote_ip_prefix": None},
        {"remote_ip_prefix": None, "remote_group_id": "5428ecad-e6a2-41d1-922f-341175d22f0a"},
        {"remote_ip_prefix": None, "remote_address_group_id": "5428ecad-e6a2-41d1-922f-341175d22f0a"},
        {"remote_ip_prefix": "10.16.0.0/16"},
        {"port_range_min": None, "port_range_max": None},
        {"protocol": "0"},
        {"protocol": None},
        {"ethertype": "IPv6"},
        {"direction": "ingress"},
    ],
)
def test_a_rule_that_lets_other_things_through_is_another(written: dict[str, Any]) -> None:
    (live,) = read("security_group_rule", security_group_rules=[{**RULE, **written}])
    assert not as_declared(
        "security_group_rule", live, {**dict.fromkeys(("remoteGroupId", "remoteAddressGroupId")), **DECLARED_RULE}
    )


ports = st.none() | st.integers(0, 65535)
rules = st.fixed_dictionaries(
    {
        "direction": st.sampled_from(["ingress", "egress"]),
        "ethertype": st.sampled_from(["IPv4", "IPv6"]),
        "protocol": st.none() | st.sampled_from(["tcp", "UDP", "icmp", "any", "ipip"]) | st.integers(0, 255).map(str),
        "port_range_min": ports,
        "port_range_max": ports,
        "remote_ip_prefix": st.none()
        | st.ip_addresses().map(str)
        | st.tuples(st.ip_addresses(), st.integers(0, 32)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
    },
    optional={"remote_group_id": st.none() | st.uuids().map(str), "remote_address_group_id": st.none() | st.uuids().map(str)},
)


@given(rules)
def test_every_rule_has_a_name_and_one_form(item: dict[str, Any]) -> None:
    said = label(item)
    assert said.startswith(item["direction"])
    assert "None" not in said
    assert "  " not in said
    for form, value in ((protocol, item["protocol"]), (prefix, item["remote_ip_prefix"])):
        assert form(form(value)) == form(value)
    (live,) = read("security_group_rule", security_group_rules=[{**RULE, **item}])
    assert as_declared("security_group_rule", live, live.properties)


def test_rules_of_a_default_group_are_read_with_the_group() -> None:
    seen = {
        "security_groups": [{"id": RULE["security_group_id"], "name": "default", "project_id": OWNER}],
        "security_group_rules": [dict(RULE)],
    }
    assert not read("security_group_rule", **seen)
    assert not read("security_group", **seen)
    (live,) = read("default_group", **seen)
    assert live.properties == {"projectId": OWNER, "rules": ["egress tcp 2576 to 10.16.128.0/21"]}
