"""The packet filter as the kernel has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import blocks
from luxops.model import FactName, FactValue


class NftRule(FactValue):
    matches: tuple[str, ...]
    """Conditions: `iifname == lo`, `tcp dport == 22`, `ip saddr == {10.0.0.0/8}`, `ct state in {established, related}`."""
    verdict: str
    """`accept`, `drop`, `reject`, `jump NAME`, `goto NAME`, `return`, `queue`, `masquerade`; empty where the rule goes on."""
    log: bool


class NftChain(FactValue):
    table: str
    """`inet filter`: family and name."""
    name: str
    type: str
    """`filter`, `nat`, `route` of a base chain; empty for others."""
    hook: str
    """`input`, `forward`, `output`, …; empty for others."""
    priority: int | None
    policy: str
    """`accept` or `drop`; empty for chains without a hook."""
    rules: tuple[NftRule, ...]


class Nftables(FactValue):
    """Source: `nft -j list ruleset`, as root."""

    tables: tuple[str, ...]
    """`inet filter`, …; empty where the kernel filters nothing."""
    chains: tuple[NftChain, ...]
    hooks: Mapping[str, tuple[NftChain, ...]]
    """`input`, `forward`, `output` → the base chains of type filter on it, by priority; an empty list where none is."""
    sets: Mapping[str, int]
    """`inet filter NAME` → number of elements."""


ROOT = Section(
    "nftables.ruleset", "nft -j list ruleset || exit $?\necho\necho '@@ ruleset 0'\n", group="daemons", privileged=True
)

_HOOKS = ("input", "forward", "output")
_VERDICTS = frozenset({"accept", "drop", "continue", "return", "reject", "queue", "masquerade", "snat", "dnat", "redirect"})
_JUMPS = frozenset({"jump", "goto"})


def parse(answer: Answer) -> Nftables:
    """Raises ParseError where nft's JSON lacks its head, or holds an object without what libnftables-json(5) promises."""
    lines = [line for line in blocks(answer.text(ROOT.name), ("ruleset",))["ruleset"].lines if line]
    try:
        objects = json.loads("\n".join(lines))["nftables"]
        if "metainfo" not in objects[0]:
            raise ParseError("nft did not say its version first")
        return _ruleset(objects[1:])
    except (json.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise ParseError(f"not a rule set of nft: {error!r}"[:200]) from error


def _ruleset(objects: list[dict[str, Any]]) -> Nftables:
    rules: dict[tuple[str, str], list[NftRule]] = {}
    for entry in objects:
        if rule := entry.get("rule"):
            rules.setdefault((_table(rule), rule["chain"]), []).append(_rule(rule["expr"]))
    chains = [_chain(entry["chain"], rules) for entry in objects if "chain" in entry]
    if unknown := rules.keys() - {(chain.table, chain.name) for chain in chains}:
        raise ParseError(f"there are rules in a chain that is not there: {min(unknown)}")
    hooked = sorted((c for c in chains if c.type == "filter"), key=lambda c: c.priority or 0)
    return Nftables(
        tables=tuple(f"{e['table']['family']} {e['table']['name']}" for e in objects if "table" in e),
        chains=tuple(chains),
        hooks={hook: tuple(chain for chain in hooked if chain.hook == hook) for hook in _HOOKS},
        sets={f"{_table(entry[kind])} {entry[kind]['name']}": len(entry[kind].get("elem", ()))
              for entry in objects for kind in ("set", "map") if kind in entry},
    )  # fmt: skip


def _table(thing: dict[str, Any]) -> str:
    return f"{thing['family']} {thing['table']}"


def _chain(chain: dict[str, Any], rules: Mapping[tuple[str, str], list[NftRule]]) -> NftChain:
    if "hook" in chain and "policy" not in chain and chain.get("type") == "filter":
        raise ParseError(f"the base chain {chain['name']} has no policy")
    return NftChain(
        table=_table(chain), name=chain["name"], type=chain.get("type", ""), hook=chain.get("hook", ""),
        priority=chain.get("prio"), policy=chain.get("policy", ""), rules=tuple(rules.get((_table(chain), chain["name"]), ())),
    )  # fmt: skip


def _rule(expressions: list[dict[str, Any]]) -> NftRule:
    matches, verdict, log = [], "", False
    for expression in expressions:
        ((kind, what),) = expression.items()
        if kind in _VERDICTS:
            verdict = kind
        elif kind in _JUMPS:
            verdict = f"{kind} {what['target']}"
        elif kind == "match":
            matches.append(f"{_text(what['left'])} {what['op']} {_text(what['right'])}")
        elif kind == "log":
            log = True
        elif kind == "vmap":
            matches.append(f"{_text(what['key'])} vmap {_text(what['data'])}")
        elif kind not in {"counter", "comment", "notrack"}:
            matches.append(f"{kind} {_text(what)}")
    return NftRule(matches=tuple(matches), verdict=verdict, log=log)


def _text(value: Any) -> str:  # noqa: ANN401, PLR0911 - any expression of nft; one line for each of its shapes
    if isinstance(value, list):
        return "{" + ", ".join(_text(item) for item in value) + "}"
    if not isinstance(value, dict):
        return str(value)
    if "payload" in value:
        return " ".join(str(value["payload"][key]) for key in ("protocol", "field") if key in value["payload"])
    if "meta" in value:
        return str(value["meta"]["key"])
    if "ct" in value:
        return f"ct {value['ct']['key']}"
    if "prefix" in value:
        return f"{value['prefix']['addr']}/{value['prefix']['len']}"
    if "range" in value:
        return "-".join(_text(end) for end in value["range"])
    if "set" in value:
        return _text(value["set"])
    return " ".join(f"{key} {_text(inner)}" for key, inner in value.items())


FACT = HostFact(FactName("nftables"), (ROOT,), parse)
