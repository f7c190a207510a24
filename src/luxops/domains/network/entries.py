"""Access lists as the lines a router holds, the same for every platform."""

from __future__ import annotations

from luxops.domains.network.config import AclEntry
from luxops.domains.network.nouns import Acl, AclRule


def entries(acl: Acl, *, stateful: bool) -> tuple[AclEntry, ...]:
    """All of an access list: what is opened, then the answers to what is opened the other way, then the logged rest.

    A stateful filter knows answers by their session; another knows them by their source port and, for TCP, by a flag.
    """
    session = (AclEntry(action="permit", protocol="ip", established=True, line=""),) if stateful else ()
    returns = () if stateful else tuple(_answer(rule) for rule in acl.returns)
    rest = AclEntry(action="deny", protocol="ip", log=True, line="")
    return (*session, *(_question(rule) for rule in acl.rules), *returns, rest)


def _question(rule: AclRule) -> AclEntry:
    return AclEntry(
        action="permit",
        protocol=rule.protocol,
        source=rule.source,
        destination=rule.destination,
        destination_ports=rule.ports,
        icmp_type="echo" if rule.protocol == "icmp" else "",
        remark=rule.flow,
        line="",
    )


def _answer(rule: AclRule) -> AclEntry:
    return AclEntry(
        action="permit",
        protocol=rule.protocol,
        source=rule.destination,
        source_ports=rule.ports,
        destination=rule.source,
        icmp_type="echo-reply" if rule.protocol == "icmp" else "",
        established=rule.protocol == "tcp",
        remark=rule.flow,
        line="",
    )
