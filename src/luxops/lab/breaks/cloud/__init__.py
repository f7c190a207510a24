"""The faults that the lab's cloud can be given. Each is alike to what a hurried or hostile person does with a client."""

from __future__ import annotations

from luxops.lab.breaks.cloud import (
    changed,
    credential,
    extra_server,
    floating_ip,
    foreign_interface,
    key_pair,
    made,
    public_image,
    quota,
    roles,
    router_route,
    rules,
    volume_left,
)
from luxops.lab.breaks.interface import Break

BREAKS: tuple[Break, ...] = (
    *rules.BREAKS,
    *made.BREAKS,
    *changed.BREAKS,
    *roles.BREAKS,
    *quota.BREAKS,
    *router_route.BREAKS,
    *foreign_interface.BREAKS,
    *floating_ip.BREAKS,
    *extra_server.BREAKS,
    *volume_left.BREAKS,
    *credential.BREAKS,
    *public_image.BREAKS,
    *key_pair.BREAKS,
)
