"""What must hold between files. Each check is one function; all of them run, whatever the others find."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from luxops.federation.checks import addresses, cloud, fibre, flows, hosts, names, paths, services
from luxops.federation.declaration import Declaration
from luxops.federation.problems import Problem

Check = Callable[[Declaration], Iterable[Problem]]

CHECKS: tuple[Check, ...] = (
    names.ids_are_unique,
    names.inner_ids_are_unique,
    names.as_numbers_are_unique,
    names.keys_are_one_persons,
    addresses.blocks_do_not_overlap,
    addresses.zones_lie_in_their_hospital,
    addresses.service_zones_lie_in_services,
    addresses.subnets_do_not_overlap,
    addresses.single_addresses_lie_where_they_belong,
    addresses.addresses_are_unique,
    services.provider_exists,
    services.consumers_exist,
    flows.service_or_ports,
    flows.ends_lead_somewhere,
    flows.no_flow_is_declared_twice,
    fibre.roles_fit,
    fibre.sites_list_their_routers,
    fibre.links_join_two_routers,
    fibre.interfaces_are_used_once,
    fibre.interface_names_fit_the_platform,
    fibre.lan_serves_the_campus,
    fibre.cores_join_their_datacentre,
    fibre.peers_are_attached,
    paths.two_disjoint_paths,
    hosts.owner_exists,
    hosts.group_has_its_zone,
    hosts.addresses_lie_in_the_zone,
    cloud.attachments_fit,
    cloud.crossing_flows_have_a_way,
    cloud.servers_have_what_they_are_made_of,
    cloud.bastions_are_whole,
    cloud.servers_fit_the_quota,
)
