"""Flows: from somewhere, to somewhere, with something to carry."""

from __future__ import annotations

from collections.abc import Iterator

from luxops.federation.declaration import Declaration
from luxops.federation.federation import FlowEnd
from luxops.federation.flows import NowhereError, packets, resolve
from luxops.federation.problems import Problem
from luxops.federation.schema import FlowDeclaration, HospitalFile, ServiceFile

Declared = tuple[str, HospitalFile | ServiceFile, int, FlowDeclaration]
"""File, who declares it, index in the file, and the flow."""


def _all(declared: Declaration) -> Iterator[Declared]:
    parties: tuple[tuple[str, HospitalFile | ServiceFile], ...] = (
        *(("hospitals", hospital) for hospital in declared.hospitals.values()),
        *(("services", service) for service in declared.services.values()),
    )
    for folder, owner in parties:
        for n, flow in enumerate(owner.flows):
            yield f"{folder}/{owner.id}.yaml", owner, n, flow


def _about(owner: HospitalFile | ServiceFile, n: int) -> str:
    return f"{'hospital' if isinstance(owner, HospitalFile) else 'service'} {owner.id}, flow {n + 1}"


def service_or_ports(declared: Declaration) -> Iterator[Problem]:
    """What a flow carries is said once, and completely."""
    for file, owner, n, flow in _all(declared):
        if (mistake := _carries_wrongly(flow)) is not None:
            what, remedy = mistake
            yield declared.problem(file, ("flows", n), what, _about(owner, n), remedy)


def _carries_wrongly(flow: FlowDeclaration) -> tuple[str, str] | None:
    if flow.service is not None:
        if flow.protocol is None and not flow.ports:
            return None
        return "flow with a service and with protocol or ports", "Keep the service, or the protocol and the ports."
    if flow.protocol is None:
        return "flow without a service and without a protocol", "Name a service, like https, or a protocol and ports."
    if flow.protocol == "icmp":
        return ("icmp flow with ports", "Leave the ports out: icmp means echo.") if flow.ports else None
    return None if flow.ports else (f"{flow.protocol} flow without ports", "Name the ports; no ports never means all ports.")


def ends_lead_somewhere(declared: Declaration) -> Iterator[Problem]:
    """Both ends resolve to subnets, and not to one and the same."""
    for file, owner, n, flow in _all(declared):
        ends: list[tuple[FlowEnd, ...]] = []
        for key, text in (("from", flow.source), ("to", flow.to)):
            if _hangs_on_a_broken_file(declared, owner, text):
                continue
            try:
                _every_consumer_has_it(declared, owner, text)
                ends.append(resolve(declared.names, owner, text))
            except NowhereError as error:
                why = f"{_about(owner, n)}: {error.why}"
                remedy = error.remedy.replace("{folder}", declared.folder)
                yield declared.problem(file, ("flows", n, key), f"flow {key} {error.what}", why, remedy)
        if len(ends) == 2 and len({end.prefix for side in ends for end in side}) == 1:  # noqa: PLR2004 - both ends
            why = f"{_about(owner, n)}: it stays in {ends[0][0].prefix}"
            remedy = "Neighbours in one subnet need no flow; name another zone or place, or take the flow out."
            yield declared.problem(file, ("flows", n), "flow that never leaves its subnet", why, remedy)


def _hangs_on_a_broken_file(declared: Declaration, owner: HospitalFile | ServiceFile, text: str) -> bool:
    who = text.partition("@")[0].partition(".")[0]
    if who == "consumers" and isinstance(owner, ServiceFile):
        return declared.is_broken(*owner.consumers) or not any(c in declared.hospitals for c in owner.consumers)
    return "." in text and declared.is_broken(who)


def _every_consumer_has_it(declared: Declaration, owner: HospitalFile | ServiceFile, text: str) -> None:
    """Names all consumers without the zone at once, where `resolve` stops at the first."""
    who, _, zone = text.partition("@")[0].rpartition(".")
    if who != "consumers" or isinstance(owner, HospitalFile):
        return
    known = [declared.hospitals[name] for name in owner.consumers if name in declared.hospitals]
    lacking = [hospital.id for hospital in known if zone not in hospital.zones]
    if lacking and len(lacking) < len(known):
        why = f"there is no zone `{zone}` in {', '.join(lacking)}"
        raise NowhereError("a zone that not every consumer has", why, "Take them off the consumers, or declare the zone there.")


def no_flow_is_declared_twice(declared: Declaration) -> Iterator[Problem]:
    """No file says the same flow in two lines."""
    first: dict[tuple[str, str, str, object], int] = {}
    for file, owner, n, flow in _all(declared):
        if _carries_wrongly(flow) is None:
            before = first.setdefault((file, flow.source, flow.to, packets(flow)), n)
            if before != n:
                why = f"{_about(owner, n)}: flow {before + 1} says the same"
                yield declared.problem(file, ("flows", n), "flow declared twice", why, "Keep one of the two.")
