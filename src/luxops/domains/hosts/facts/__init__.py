"""Every fact that a host is asked for. A new one is a file beside these and a line here."""

from luxops.domains.hosts.facts import (
    accounts,
    audit,
    certificates,
    files,
    kernel,
    logging,
    modules,
    mounts,
    nftables,
    openstack,
    packages,
    pam,
    services,
    sockets,
    sshd,
    sudo,
    sysctl,
    timesync,
    updates,
)
from luxops.domains.hosts.facts.interface import HostFact

FACTS: tuple[HostFact, ...] = (
    sshd.FACT,
    sysctl.FACT,
    mounts.FACT,
    modules.FACT,
    packages.FACT,
    updates.FACT,
    services.FACT,
    sockets.FACT,
    accounts.FACT,
    sudo.FACT,
    pam.FACT,
    files.FACT,
    nftables.FACT,
    timesync.FACT,
    logging.FACT,
    audit.FACT,
    kernel.FACT,
    certificates.FACT,
    openstack.FACT,
)

__all__ = ["FACTS"]
