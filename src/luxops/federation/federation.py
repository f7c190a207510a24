"""The whole declaration, checked and resolved: what every domain starts from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from ipaddress import IPv4Network
from typing import Literal

from luxops.errors import UsageError, did_you_mean
from luxops.federation.fields import PortRange
from luxops.federation.schema import FederationFile, HospitalFile, HostsFile, LinkDeclaration, RouterDeclaration, ServiceFile
from luxops.model import Digest, Frozen

Place = Literal["dc1", "dc2", "campus", "external"]


class FlowEnd(Frozen):
    """One subnet at one end of a flow."""

    owner: str
    """A hospital's, a service's or an external peer's id."""
    zone: str
    """Empty for a peer."""
    place: Place
    prefix: IPv4Network


class Flow(Frozen):
    """A declared flow with its names resolved to subnets. Sources and destinations combine freely, none with itself."""

    id: str
    """`ORIGIN/N`: N-th flow (from 1) in the file of hospital or service ORIGIN."""
    sources: tuple[FlowEnd, ...]
    destinations: tuple[FlowEnd, ...]
    protocol: Literal["tcp", "udp", "icmp"]
    ports: tuple[PortRange, ...]
    """Empty for icmp: echo."""
    why: str

    @property
    def origin(self) -> str:
        return self.id.partition("/")[0]


class Federation(Frozen):
    """Everything `inventory/` says. Made by `load_federation`, which alone guarantees that the cross-checks hold."""

    file: FederationFile
    hospitals: Mapping[str, HospitalFile]
    services: Mapping[str, ServiceFile]
    links: tuple[LinkDeclaration, ...]
    routers: Mapping[str, RouterDeclaration]
    hosts: Mapping[str, HostsFile]
    flows: tuple[Flow, ...]
    digest: Digest
    """Over the parsed declaration: comments and order of keys do not change it."""

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """Ids of everyone who owns targets: the hospitals and the federation itself."""
        return (*self.hospitals, self.file.id)

    def hospital(self, hospital_id: str) -> HospitalFile:
        """Raises UsageError for an unknown id."""
        try:
            return self.hospitals[hospital_id]
        except KeyError:
            near = did_you_mean(hospital_id, list(self.hospitals))
            raise UsageError(f"There is no hospital `{hospital_id}`{near}", why="known: " + ", ".join(self.hospitals)) from None

    def links_of(self, router_id: str) -> list[LinkDeclaration]:
        """The links that end at the router, in declared order."""
        return [link for link in self.links if router_id in {link.a.router, link.b.router}]

    def flows_touching(self, prefix: IPv4Network) -> list[Flow]:
        """The flows with an end that overlaps the prefix, in declared order."""
        return [flow for flow in self.flows if any(end.prefix.overlaps(prefix) for end in (*flow.sources, *flow.destinations))]
