"""The faults that the lab can be given, each by name. Adding one: docs/adding-a-lab-break.md."""

from __future__ import annotations

from luxops.errors import UsageError, did_you_mean
from luxops.lab.breaks import (
    account_lockout,
    acl_line,
    bgp_password,
    bgp_shutdown,
    changed_host_key,
    cloud,
    empty_password,
    expired_certificate,
    fibre_cut,
    firewall_flushed,
    flooding_answer,
    forwarding,
    host_down,
    log_forwarding,
    password_quality,
    prefix_list,
    redirects,
    router_syslog,
    second_root,
    silent_answer,
    sshd_root_login,
    static_route,
    sudo_everyone,
    time_sync,
    truncated_answer,
    undeclared_listener,
    world_writable,
)
from luxops.lab.breaks.interface import Break, Cause

__all__ = ["BREAKS", "Break", "Cause", "find"]

BREAKS: tuple[Break, ...] = (
    sshd_root_login.BREAK,
    password_quality.BREAK,
    account_lockout.BREAK,
    sudo_everyone.BREAK,
    second_root.BREAK,
    empty_password.BREAK,
    world_writable.BREAK,
    forwarding.BREAK,
    redirects.BREAK,
    firewall_flushed.BREAK,
    log_forwarding.BREAK,
    undeclared_listener.BREAK,
    expired_certificate.BREAK,
    time_sync.BREAK,
    truncated_answer.BREAK,
    flooding_answer.BREAK,
    silent_answer.BREAK,
    changed_host_key.BREAK,
    host_down.BREAK,
    acl_line.BREAK,
    static_route.BREAK,
    prefix_list.BREAK,
    bgp_shutdown.BREAK,
    bgp_password.BREAK,
    fibre_cut.BREAK,
    router_syslog.BREAK,
    *cloud.BREAKS,
)


def find(name: str) -> Break:
    """Raises UsageError for an unknown name."""
    for known in BREAKS:
        if known.name == name:
            return known
    names = [known.name for known in BREAKS]
    raise UsageError(f"There is no break `{name}`{did_you_mean(name, names)}", why="known: " + ", ".join(names))
