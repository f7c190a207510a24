"""A declared rule of a security group is gone, or another stands in its place: Neutron changes none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from luxops.domains.cloud.kinds import rest
from luxops.lab.breaks.cloud.hands import ANYWHERE, CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench
from luxops.lab.shell import LabError

_PATH: Final = "/security-group-rules"
_ANSWERED: Final = frozenset(
    {"id", "tenant_id", "created_at", "updated_at", "revision_number", "normalized_cidr", "standard_attr_id", "tags"}
)
"""Of what Neutron shows of a rule, what it takes from nobody."""


class RuleGone(CloudBreak):
    """The rule is kept as it was, its description with its mark included."""

    group: str
    rule: Mapping[str, Any]
    """What names it in its group."""
    instead: Mapping[str, Any] = {}
    """What the rule in its place has in other words; nothing where there is none."""

    def keep(self, bench: Bench) -> dict[str, Any]:
        found = self._found(bench, self.rule)
        if found is None:
            raise LabError(f"{self.group} has not the declared rule", why=str(self.rule), remedy="luxops cloud up")
        return {name: value for name, value in found.items() if name not in _ANSWERED}

    def apply(self, bench: Bench) -> None:
        self._remove(bench, self.rule)
        if self.instead:
            self._make(bench, {**bench.kept, **self.instead})

    def heal(self, bench: Bench) -> None:
        if self.instead:
            self._remove(bench, {**self.rule, **self.instead})
        self._make(bench, bench.kept)

    def in_force(self, bench: Bench) -> bool:
        if self._found(bench, self.rule) is not None:
            return False
        return not self.instead or self._found(bench, {**self.rule, **self.instead}) is not None

    def _found(self, bench: Bench, rule: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a JSON value
        group = Hands(bench).id_of(Id("security_group", self.group))
        query = {"security_group_id": group, **{name: str(value) for name, value in rule.items()}}
        found = bench.cloud.listed("network", _PATH, "security_group_rules", parameters=query)
        return found[0] if found else None

    def _make(self, bench: Bench, body: Mapping[str, Any]) -> None:
        if self._found(bench, {name: body[name] for name in self.rule}) is None:
            bench.cloud.send("POST", "network", _PATH, {"security_group_rule": dict(body)})

    def _remove(self, bench: Bench, rule: Mapping[str, Any]) -> None:
        if (found := self._found(bench, rule)) is not None:
            rest.deleted(bench.cloud, "network", f"{_PATH}/{found['id']}")


def _rule(port: int, remote: str) -> dict[str, Any]:
    return {"direction": "ingress", "protocol": "tcp", "port_range_min": port, "remote_ip_prefix": remote}


BREAKS = (
    RuleGone(
        name="cloud-rule-deleted",
        title="a declared rule was deleted",
        target="cloud-chl",
        causes=causes("cloud-chl", "security group rule chl-imaging-dc1: ingress tcp 443 from 10.16.128.0/21"),
        group="chl-imaging-dc1",
        rule=_rule(443, "10.16.128.0/21"),
    ),
    RuleGone(
        name="cloud-rule-widened",
        title="a declared rule was widened to let in everybody",
        target="cloud-chl",
        causes=causes(
            "cloud-chl",
            "security group rule chl-imaging-dc1: ingress tcp 104 from 10.16.136.0/21",
            "security group rule chl-imaging-dc1: ingress tcp 104 from anywhere (IPv4)",
            fails=("cloud-open-to-the-world", "cloud-rule-prefix"),
        ),
        group="chl-imaging-dc1",
        rule=_rule(104, "10.16.136.0/21"),
        instead={"remote_ip_prefix": ANYWHERE},
    ),
)
