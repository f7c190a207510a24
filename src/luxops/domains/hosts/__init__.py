"""Hosts: what they are asked in one SSH round trip, what the answer means, and how it differs from the declaration."""

from luxops.domains.hosts.domain import HostsDomain

__all__ = ["HostsDomain"]
