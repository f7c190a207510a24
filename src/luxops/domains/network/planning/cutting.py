"""Whether a change would take from luxops the way in that it changes the router by."""

from __future__ import annotations

from ipaddress import IPv4Address

from luxops.domains.network.config import RouterConfig
from luxops.domains.network.planning.edits import Unplannable
from luxops.federation import Federation
from luxops.federation.schema import Platform
from luxops.model import TargetId


def check_access(federation: Federation, router: TargetId, before: RouterConfig, after: RouterConfig) -> None:
    """Raises Unplannable where nobody could log in afterwards who can now.

    The way in are SSH, from a bastion, to the management address, with the management account. What a router does not let in
    now, a change cannot cut.
    """
    if why := _cut(federation, router, before, after):
        raise Unplannable(f"it would cut luxops' own access: {why}")


def _cut(federation: Federation, router: TargetId, before: RouterConfig, after: RouterConfig) -> str:
    management = federation.file.management
    bastions = [bastion.address for bastion in management.bastions]
    if before.management.ssh and not after.management.ssh:
        return "the router would take no SSH session any more"
    let_in = [address for address in bastions if _lets_in(before, address)]
    if let_in and not any(_lets_in(after, address) for address in let_in):
        told = ", ".join(map(str, let_in))
        return f"sessions from {told} are let in now and would be no more"
    address = federation.routers[router].management
    if _carries(before, address) and not _carries(after, address):
        return f"the management address {address} would be gone"
    if after.platform is Platform.IOS_XE and management.user in before.users and management.user not in after.users:
        return f"the account `{management.user}` would be gone"
    return ""


def _lets_in(config: RouterConfig, source: IPv4Address) -> bool:
    """No sources mean that nothing narrows them on the platform's terminals, or that nothing was found that lets in."""
    return any(source in network for network in config.management.ssh_sources)


def _carries(config: RouterConfig, address: IPv4Address) -> bool:
    return any(
        not interface.shutdown and any(own.ip == address for own in interface.addresses)
        for interface in config.interfaces.values()
    )
