"""Two configurations compared as hier_config trees: what is missing, unmanaged, changed, or out of order."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from hier_config import HConfig, HConfigChild
from hier_config.platforms.driver_base import HConfigDriverBase

from luxops.domains.network.blocks import ORDERED
from luxops.model import Drift, DriftKind, Severity, TargetId

DOMAIN = "network"
_INDENT = 2
_LOW = re.compile(
    r"^interface \S+/description\b|^router bgp \d+/neighbor \S+ description\b|^ip access-list [^/]+/remark "
    r"|^banner |^file /etc/issue\.net"
)
_HIGH = re.compile(
    r"access-list|access-group|access-class|^nft |prefix-list|route-map|neighbor|ip route|static|router |user|password|secret"
    r"|^aaa|^line |^ip http|telnet|^file /etc/ssh|snmp"
)

Node = HConfig | HConfigChild


def tree(lines: Iterable[str], driver: HConfigDriverBase) -> HConfig:
    """The tree of normalised lines, two spaces a level. hier_config's own loader is made for raw text of a device."""
    root = HConfig(driver)
    open_nodes: list[Node] = [root]
    for line in lines:
        depth = (len(line) - len(line.lstrip(" "))) // _INDENT
        del open_nodes[depth + 1 :]
        open_nodes.append(open_nodes[depth].add_child(line.strip()))
    return root


def differences(target: TargetId, desired: HConfig, actual: HConfig) -> list[Drift]:
    """Every difference once, in the order of the desired configuration, what is not declared after it."""
    found = []
    for path, kind, want, have in _compared(desired, actual, ()):
        severity = _severity(path, want, have)
        found.append(Drift(target=target, domain=DOMAIN, path=path, kind=kind, desired=want, actual=have, severity=severity))
    return found


Difference = tuple[str, DriftKind, str | None, str | None]


def _compared(desired: Node, actual: Node, above: tuple[str, ...]) -> Iterator[Difference]:
    missing = [child for child in desired.children if child.text not in actual.children]
    unmanaged = [child for child in actual.children if child.text not in desired.children]
    for child in missing:
        other = desired.root.driver.idempotent_for(child, unmanaged)
        if other is not None:
            unmanaged.remove(other)
            yield _path(above, _setting(child)), DriftKind.CHANGED, _text(child), _text(other)
        else:
            yield _path(above, child.text), DriftKind.MISSING, _text(child), None
    for child in unmanaged:
        yield _path(above, child.text), DriftKind.UNMANAGED, None, _text(child)
    if above and ORDERED.match(above[0]):
        yield from _reordered(desired, actual, above)
    for child in desired.children:
        counterpart = actual.children.get(child.text)
        if counterpart is not None:
            yield from _compared(child, counterpart, (*above, child.text))


def _reordered(desired: Node, actual: Node, above: tuple[str, ...]) -> Iterator[Difference]:
    """One difference where lines that both have stand in another order, from the first that does."""
    wanted = [child.text for child in desired.children if child.text in actual.children]
    found = [child.text for child in actual.children if child.text in desired.children]
    if wanted != found:
        first = next(place for place, (want, have) in enumerate(zip(wanted, found, strict=True)) if want != have)
        last = len(wanted) - next(
            place for place, (want, have) in enumerate(zip(reversed(wanted), reversed(found), strict=True)) if want != have
        )
        yield _path(above, "order"), DriftKind.CHANGED, "\n".join(wanted[first:last]), "\n".join(found[first:last])


def _setting(child: HConfigChild) -> str:
    """What the line sets, without the value: the part that the driver's rule knows it by."""
    for rule in child.root.driver.rules.idempotent_commands:
        if child.is_lineage_match(rule.match_rules) and (pattern := rule.match_rules[-1].re_search):
            match = re.search(pattern, child.text)
            if match is not None:
                return match[0].strip(" =")
    return child.text


def _path(above: Sequence[str], last: str) -> str:
    return "/".join((*above, last))


def _text(child: HConfigChild) -> str:
    return textwrap.dedent("\n".join(child.lines()))


def _severity(path: str, desired: str | None, actual: str | None) -> Severity:
    if _LOW.search(path):
        return Severity.LOW
    return Severity.HIGH if any(_HIGH.search(text) for text in (path, desired or "", actual or "")) else Severity.MEDIUM
