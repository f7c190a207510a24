"""More hospitals than there are, and more of everything: what a federation of another size would declare."""

from __future__ import annotations

import json
from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any, Final

from luxops.domains.cloud.kinds import BY_TYPE
from luxops.domains.cloud.nouns import Declared, Graph, Lookup, Ref, StackId, Urn
from luxops.federation import Federation
from luxops.federation.federation import Flow, FlowEnd
from luxops.model import digest_of

_NAMED: Final = ("name", "flavorId", "keyPair")
"""What is called the same only once in a cloud, and what refers to that by name."""


def extended(federation: Federation, hospitals: int) -> Federation:
    """With copies of the largest hospitals until there are so many, each with prefixes of its own and all that they consume."""
    models = sorted(federation.hospitals.values(), key=lambda h: len(h.zones), reverse=True)
    for number in range(hospitals - len(federation.hospitals)):
        federation = _with_copy(federation, models[number % len(models)].id, f"syn{number + 1}", 100 + number)
    return federation


def _with_copy(federation: Federation, model: str, name: str, octet: int) -> Federation:
    """`octet`: the second of its prefixes; and the third of its attachments."""
    source = federation.hospitals[model]
    old = ".".join(str(source.prefix.network_address).split(".")[:2]) + "."

    def moved(prefix: IPv4Network) -> IPv4Network:
        return IPv4Network(str(prefix).replace(old, f"10.{octet}.", 1))

    declared = json.loads(source.model_dump_json(by_alias=True))
    text = json.dumps(declared).replace(f'"{old}', f'"10.{octet}.').replace(f'"{model}"', f'"{name}"')
    declared = json.loads(text)
    for place, number in (("dc1", 0), ("dc2", 4)):
        if place in declared["attachments"]:
            declared["attachments"][place] = f"10.255.{octet}.{number}/30"
    copy = type(source).model_validate(declared)

    def ends(some: Iterable[FlowEnd]) -> tuple[FlowEnd, ...]:
        return tuple(e.model_copy(update={"owner": name, "prefix": moved(e.prefix)}) for e in some if e.owner == model)

    def joined(flow: Flow) -> Flow:
        if flow.origin == model:
            return flow
        more = {"sources": (*flow.sources, *ends(flow.sources)), "destinations": (*flow.destinations, *ends(flow.destinations))}
        return flow.model_copy(update=more)

    own = [
        flow.model_copy(
            update={
                "id": flow.id.replace(model, name, 1),
                "sources": ends(flow.sources) or flow.sources,
                "destinations": ends(flow.destinations) or flow.destinations,
            }
        )
        for flow in federation.flows
        if flow.origin == model
    ]
    return federation.model_copy(
        update={
            "hospitals": {**federation.hospitals, name: copy},
            "flows": (*(joined(flow) for flow in federation.flows), *own),
            "digest": digest_of([federation.digest, name]),
        }
    )


def copied(graph: Graph, times: int) -> Graph:
    """The same several times over, each copy with stacks and names of its own."""
    copies = [graph, *(_renamed(graph, f"x{number}") for number in range(1, times))]
    resources = {resource.urn: resource for one in copies for resource in one.resources.values()}
    stacks = tuple(stack for one in copies for stack in one.stacks)
    return Graph(resources=resources, stacks=stacks, digest=digest_of([graph.digest, times]))


def _renamed(graph: Graph, suffix: str) -> Graph:
    def urn(old: Urn) -> Urn:
        stack, _, rest = old.partition("::")
        return Urn(f"{stack}{suffix}::{rest}")

    def value(old: Any) -> Any:  # noqa: ANN401 - any declared value
        if isinstance(old, Ref):
            return Ref(urn(old.urn), old.output)
        if isinstance(old, dict):
            return {key: value(inner) for key, inner in old.items()}
        if isinstance(old, str) and old.startswith("luxops:"):
            mark, space, text = old.partition(" ")
            return f"{mark}{suffix}{space}{text}"
        return [value(inner) for inner in old] if isinstance(old, list | tuple) and not isinstance(old, Lookup) else old

    def resource(old: Declared) -> Declared:
        properties = {n: f"{v}{suffix}" if n in _NAMED and isinstance(v, str) else value(v) for n, v in old.properties.items()}
        return old.model_copy(
            update={
                "urn": urn(old.urn),
                "stack": StackId(f"{old.stack}{suffix}"),
                "properties": properties,
                "depends_on": tuple(urn(other) for other in old.depends_on),
                "project": None if old.project is None else Ref(urn(old.project.urn), old.project.output),
            }
        )

    # What is the whole cloud's can be there only once.
    kept = [r for r in graph.resources.values() if not (BY_TYPE[r.type].name == "network_quota" and r.name == "shares")]
    lost = graph.resources.keys() - {r.urn for r in kept}
    made = [resource(r.model_copy(update={"depends_on": tuple(u for u in r.depends_on if u not in lost)})) for r in kept]
    return Graph(
        resources={r.urn: r for r in made}, stacks=tuple(StackId(f"{s}{suffix}") for s in graph.stacks), digest=graph.digest
    )
