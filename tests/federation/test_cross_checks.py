"""Every cross-check, broken once in an inventory that otherwise holds: what is said, and exactly where."""

from __future__ import annotations

import inspect
from typing import NamedTuple

import pytest
from tests.support.drafts import Draft

from luxops.federation.checks import CHECKS, addresses, cloud, fibre, flows, hosts, names, paths, services


class Break(NamedTuple):
    """One edit, where `^` marks the place that must be told, and the words that must be said there."""

    file: str
    old: str
    new: str
    what: str
    why: str


CHL, HRS, ANIM, MIRTH = "hospitals/chl.yaml", "hospitals/hrs.yaml", "services/anim.yaml", "services/mirth.yaml"
TOP, LINKS, ROUTERS, CHL_HOSTS, LUXITH_HOSTS = (
    "federation.yaml",
    "links.yaml",
    "routers.yaml",
    "hosts/chl.yaml",
    "hosts/luxith.yaml",
)

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFJeeueh3cBlRqAQDTjyGbvZ6u/bIEmZ1W+yLKNy97hW"
DC2_CORE = """- id: dc2-core1
  role: core
  platform: frr
  datacentre: dc2
  management: 10.250.1.11
  loopback: 10.254.0.3
"""
BREAKS = [
    # ids and numbers
    Break(ROUTERS, "- id: chl-edge2", "- id: ^chl-edge1", "id given twice", "`chl-edge1` is already a router"),
    Break(
        TOP,
        "  - id: auditor-1",
        f"  - {{id: auditor-1, roles: [auditor], ssh_keys: [{KEY}]}}\n  - id: ^auditor-1",
        "id given twice",
        "`auditor-1` is already a person",
    ),
    Break(
        TOP, "people:\n", "  - {id: ^network, windows: []}\npeople:\n", "id given twice", "`network` is already a change window"
    ),
    Break(
        CHL_HOSTS,
        "  - id: pacs",
        "  - {id: pacs, zone: imaging, level: high, hosts: [{id: x, management: 10.250.2.99, place: dc1}]}\n  - id: ^pacs",
        "id given twice",
        "`pacs` is already a group",
    ),
    Break(CHL_HOSTS, "id: chl-pacs2", "id: ^hrs-edge1", "id given twice", "`hrs-edge1` is already a router"),
    Break(LUXITH_HOSTS, "id: anim-dc1", "id: ^mirth", "id given twice", "`mirth` is already a service"),
    Break(LUXITH_HOSTS, "id: anim-dc1", "id: ^chl", "id given twice", "`chl` is already a hospital"),
    Break(LUXITH_HOSTS, "id: anim-dc1", "id: ^chl-pacs1", "id given twice", "`chl-pacs1` is already a host"),
    Break(LUXITH_HOSTS, "id: anim-dc1", "id: ^consumers", "id given twice", "`consumers` is already a word of flows"),
    Break(TOP, "id: bastion-dc2", "id: ^bastion-dc1", "id given twice", "`bastion-dc1` is already a bastion"),
    Break(TOP, "{id: dc2", "{id: ^dc1", "id given twice", "`dc1` is already a datacentre"),
    Break(LINKS, "id: hrs-dc1", "id: ^chl-dc1", "id given twice", "`chl-dc1` is already a link"),
    Break(HRS, "id: hrs-main", "id: ^chl-main", "id given twice", "`chl-main` is already a site"),
    Break(CHL, "as_number: 64601", "as_number: ^64600", "AS number given twice", "already the AS number of the cores"),
    Break(HRS, "as_number: 64604", "as_number: ^64700", "AS number given twice", "already the AS number of esante"),
    Break(
        TOP,
        f"    ssh_keys: [{KEY}]\n",
        f"    ssh_keys: [{KEY}]\n  - {{id: engineer-1, roles: [engineer], ssh_keys: [^{KEY} other words]}}\n",
        "SSH key given twice",
        "is already the key of auditor-1",
    ),
    # prefixes
    Break(HRS, "prefix: 10.19.0.0/16", "prefix: ^10.16.0.0/12", "overlapping prefixes", "10.16.0.0/16, the prefix of chl"),
    Break(
        TOP,
        "loopbacks: 10.254.0.0/24",
        "loopbacks: ^10.255.0.0/16",
        "overlapping prefixes",
        "10.255.0.0/20, the transit prefix",
    ),
    Break(TOP, "198.51.100.0/25]", "^192.0.2.128/25]", "overlapping prefixes", "192.0.2.0/24, a prefix of esante"),
    Break(TOP, "198.51.100.0/25]", "^10.250.8.0/24]", "overlapping prefixes", "10.250.0.0/20, the management prefix"),
    Break(CHL, "dc2: 10.16.12.0/22", "dc2: ^10.16.2.0/23", "overlapping prefixes", "10.16.0.0/22, zone clinical in dc1"),
    Break(MIRTH, "dc2: 10.8.9.0/24", "dc2: ^10.8.7.0/25", "overlapping prefixes", "10.8.7.0/24, service anim in dc2"),
    Break(LINKS, "prefix: 10.255.0.4/31", "prefix: ^10.255.0.2/31", "overlapping prefixes", "10.255.0.2/31, link chl-dc1"),
    Break(LINKS, "prefix: 10.255.0.4/31", "prefix: ^10.255.8.4/31", "overlapping prefixes", "the transit network of dc1"),
    Break(CHL, "dc2: 10.16.12.0/22", "dc2: ^10.20.12.0/22", "zone outside its hospital's prefix", "not inside 10.16.0.0/16"),
    Break(CHL, "zones:\n", "zones:\n  empty: ^{data: internal}\n", "zone without a subnet", "zone empty"),
    Break(MIRTH, "dc2: 10.8.9.0/24", "dc2: ^10.9.9.0/24", "zone outside the services prefix", "not inside 10.8.0.0/16"),
    # addresses
    Break(
        TOP, "address: 10.250.1.5", "address: ^10.251.1.5", "address outside the management prefix", "10.251.1.5 is not inside"
    ),
    Break(TOP, "gateway: 10.255.9.1", "gateway: ^10.255.7.1", "address outside the transit network of dc2", "10.255.9.0/24"),
    Break(TOP, "gateway: 10.255.9.1", "gateway: ^10.255.9.255", "address that nothing can have", "broadcast"),
    Break(ROUTERS, "management: 10.250.2.12", "management: ^10.16.0.9", "address outside the management prefix", "10.16.0.9"),
    Break(ROUTERS, "loopback: 10.254.0.17", "loopback: ^10.254.1.17", "address outside the loopbacks", "10.254.0.0/24"),
    Break(
        CHL_HOSTS, "management: 10.250.2.22", "management: ^10.249.2.22", "address outside the management prefix", "10.249.2.22"
    ),
    Break(
        CHL_HOSTS, "management: 10.250.2.22", "management: ^10.250.2.12", "address given twice", "the management of chl-edge2"
    ),
    Break(CHL_HOSTS, "management: 10.250.2.22", "management: ^10.250.0.5", "address given twice", "bastion bastion-dc1"),
    Break(ROUTERS, "loopback: 10.254.0.17", "loopback: ^10.254.0.16", "address given twice", "the loopback of hrs-edge1"),
    Break(
        ROUTERS, "lan: {lan-clinical: 10.16.128.3", "lan: {lan-clinical: ^10.16.128.2", "address given twice", "of chl-edge1"
    ),
    Break(
        ROUTERS,
        "transit: {cloud: 10.255.9.2/24}",
        "transit: {cloud: ^10.255.9.1/24}",
        "address given twice",
        "the gateway of dc2",
    ),
    # services
    Break(ANIM, "provider: luxith", "provider: ^luxit", "unknown provider", "did you mean `luxith`?"),
    Break(
        ANIM,
        "consumers: [chl, hrs]",
        "consumers: [chl, ^hrz]",
        "unknown consumer",
        "there is no hospital `hrz`; did you mean `hrs`?",
    ),
    Break(ANIM, "consumers: [chl, hrs]", "consumers: [chl, ^chl]", "consumer named twice", "`chl`"),
    # flows
    Break(
        ANIM,
        "to: archive@dc2",
        "to: ^archiv@dc2",
        "flow to an unknown zone",
        "service anim, flow 2: there is no zone `archiv` in anim; did",
    ),
    Break(ANIM, "to: archive@dc2", "to: ^archive@dc3", "flow to an unknown place", "there is no place `dc3`"),
    Break(MIRTH, "to: anim.archive", "to: ^anin.archive", "flow to an unknown owner", "`anin`; did you mean `anim`?"),
    Break(MIRTH, "to: anim.archive", "to: ^anim.vault", "flow to an unknown zone", "there is no zone `vault` in anim"),
    Break(ANIM, "from: esante", "from: ^esant", "flow from an unknown zone", "there is no zone `esant` in anim"),
    Break(ANIM, "from: esante", "from: ^esante@dc1", "flow from a place that is not there", "an external peer has no places"),
    Break(
        ANIM,
        "from: consumers.clinical",
        "from: ^consumers.imaging",
        "flow from a zone that not every consumer has",
        "`imaging` in hrs",
    ),
    Break(
        ANIM,
        "from: consumers.clinical",
        "from: ^consumers.klinik",
        "flow from an unknown zone",
        "there is no zone `klinik` in chl",
    ),
    Break(
        ANIM,
        "from: consumers.clinical",
        "from: ^consumers.clinical@dc2",
        "flow from a place that is not there",
        "is not in dc2",
    ),
    Break(CHL, "from: imaging@campus", "from: ^consumers.imaging", "flow from nobody", "only a service has consumers"),
    Break(
        CHL,
        "{from: imaging@campus, to: imaging@dc1",
        "^{from: imaging@dc1, to: imaging@dc1",
        "flow that never leaves its subnet",
        "10.16.8.0/22",
    ),
    Break(
        CHL,
        "{from: imaging@campus",
        "^{protocol: tcp, from: imaging@campus",
        "flow with a service and with protocol or ports",
        "chl, flow 1",
    ),
    Break(
        CHL,
        "{from: imaging@campus",
        "^{ports: [104], from: imaging@campus",
        "flow with a service and with protocol or ports",
        "chl, flow 1",
    ),
    Break(
        MIRTH,
        "{from: integration, to: anim.archive, service: hl7-mllp",
        "^{from: integration, to: anim.archive",
        "flow without a service",
        "flow 1",
    ),
    Break(
        MIRTH,
        "{from: integration, to: consumers.clinical@campus",
        "^{ports: [8], from: integration, to: consumers.clinical",
        "icmp flow with",
        "2",
    ),
    Break(
        CHL,
        "{from: clinical, to: hrs.clinical@dc1, protocol: tcp, ports: [8443, 9000-9010]",
        "^{from: clinical, to: hrs.clinical, protocol: tcp",
        "tcp flow without ports",
        "hospital chl, flow 2",
    ),
    Break(
        MIRTH,
        "{from: integration, to: consumers.clinical@campus, protocol: icmp",
        "^{from: integration, to: anim.archive, service: hl7-mllp",
        "flow declared twice",
        "service mirth, flow 2: flow 1 says the same",
    ),
    # routers
    Break(
        ROUTERS,
        "  hospital: hrs\n  management: 10.250.5.12",
        "  hospital: ^hrss\n  management: 10.250.5.12",
        "router of an unknown hospital",
        "`hrs`?",
    ),
    Break(ROUTERS, "  datacentre: dc2", "  datacentre: ^dc3", "router in an unknown datacentre", "known: dc1, dc2"),
    Break(
        ROUTERS,
        "- id: dc2-core1\n  role: core\n  platform: frr\n  datacentre: dc2\n",
        "- ^id: dc2-core1\n  role: core\n  platform: frr\n",
        "core router without a datacentre",
        "dc2-core1",
    ),
    Break(
        ROUTERS,
        "  hospital: hrs\n  management: 10.250.5.12",
        "  ^datacentre: dc1\n  hospital: hrs\n  management: 10.250.5.12",
        "edge router with `datacentre`",
        "hrs-edge2",
    ),
    Break(
        ROUTERS,
        "  transit: {cloud: 10.255.9.2/24}",
        "  transit: {cloud: 10.255.9.2/24}\n  ^lan: {x: 10.16.128.9/21}",
        "core router with `lan`",
        "dc2-core1",
    ),
    Break(
        TOP,
        "address: 10.250.1.5, datacentre: dc2",
        "address: 10.250.1.5, datacentre: ^dc9",
        "bastion in an unknown datacentre",
        "`dc9`",
    ),
    Break(
        HRS,
        "routers: [hrs-edge1, hrs-edge2]",
        "routers: [hrs-edge1, hrs-edge2, ^hrs-edge3]",
        "site with an unknown router",
        "`hrs-edge3`",
    ),
    Break(
        HRS,
        "routers: [hrs-edge1, hrs-edge2]",
        "routers: [hrs-edge1, hrs-edge2, ^dc1-core1]",
        "site with an unknown router",
        "`dc1-core1`",
    ),
    Break(
        HRS,
        "routers: [hrs-edge1, hrs-edge2]",
        "routers: [hrs-edge1, hrs-edge2, ^chl-edge1]",
        "site with another hospital's router",
        "belongs to chl",
    ),
    Break(
        HRS,
        "routers: [hrs-edge1, hrs-edge2]",
        "routers: [hrs-edge1, hrs-edge2, ^hrs-edge1]",
        "router listed twice",
        "hrs-edge1",
    ),
    Break(ROUTERS, "- id: hrs-edge2", "- id: ^hrs-edge9", "edge router at no site", "no site of hrs lists hrs-edge9"),
    Break(
        ROUTERS,
        "lan: {lan-clinical: 10.16.128.3/21}",
        "lan: {lan-clinical: ^10.16.144.3/21}",
        "LAN interface outside every campus zone",
        "in no campus",
    ),
    Break(
        ROUTERS,
        "lan: {lan-clinical: 10.16.128.3/21}",
        "lan: {lan-clinical: ^10.16.128.3/22}",
        "LAN interface outside every campus zone",
        "/22",
    ),
    Break(
        ROUTERS,
        "lan: {lan-clinical: 10.16.128.3/21}",
        "lan: {lan-clinical: ^10.16.128.0/21}",
        "address that nothing can have",
        "10.16.128.0/21",
    ),
    Break(
        ROUTERS, "transit: {cloud: 10.255.9.2/24}", "transit: {cloud: ^10.255.8.9/24}", "wrong transit address", "10.255.9.0/24"
    ),
    Break(
        ROUTERS,
        DC2_CORE + "  transit: {cloud: 10.255.9.2/24}\n",
        DC2_CORE.replace("id", "^id", 1),
        "core router outside its datacentre",
        "dc2-core1 has no transit interface",
    ),
    Break(
        CHL,
        "imaging:  {dc1: 10.16.8.0/22, dc2: 10.16.12.0/22, campus: 10.16.136.0/21",
        "imaging:  {dc1: 10.16.8.0/22, dc2: 10.16.12.0/22, campus: ^10.16.160.0/21",
        "campus zone that no router serves",
        "no edge router of chl has an interface in 10.16.160.0/21",
    ),
    Break(MIRTH, "{zone: integration, dc2: 10.8.9.0/24}", "^{zone: integration}", "service without a subnet", ""),
    Break(MIRTH, "consumers: [chl]", "consumers: ^[]", "service without consumers", ""),
    Break(
        ROUTERS,
        "  hospital: hrs\n  management: 10.250.5.12",
        "  hospital: hrs\n  ^transit: {x: 10.255.8.9/24}\n  management: 10.250.5.12",
        "edge router with `transit`",
        "hrs-edge2",
    ),
    Break(
        TOP,
        "transit: 10.255.9.0/24, gateway: 10.255.9.1",
        "transit: ^10.255.19.0/24, gateway: 10.255.19.1",
        "datacentre outside the transit prefix",
        "10.255",
    ),
    Break(ROUTERS, "peer: esante", "peer: ^esant", "unknown peer", "did you mean `esante`?"),
    Break(
        ROUTERS,
        "address: 10.255.12.0/31, neighbor: 10.255.12.1",
        "address: ^10.254.12.0/31, neighbor: 10.254.12.1",
        "peer's network outside",
        "10.254.12.0/31",
    ),
    Break(
        ROUTERS,
        "neighbor: 10.255.12.1",
        "neighbor: ^10.255.12.2",
        "peer's address out of reach",
        "not the other end of 10.255.12.0/31",
    ),
    Break(
        ROUTERS,
        "neighbor: 10.255.12.1",
        "neighbor: ^10.255.12.0",
        "peer's address out of reach",
        "not the other end of 10.255.12.0/31",
    ),
    Break(
        TOP,
        "peers:\n",
        "peers:\n  - {id: ^healthnet, name: HealthNet, as_number: 64701, prefixes: [203.0.113.0/24]}\n",
        "peer that nothing leads to",
        "healthnet",
    ),
    # links
    Break(LINKS, "prefix: 10.255.0.8/31", "prefix: ^10.255.0.8/30", "link prefix that is not a /31", "is a /30"),
    Break(LINKS, "prefix: 10.255.0.8/31", "prefix: ^10.253.0.8/31", "link outside the transit prefix", "10.255.0.0/20"),
    Break(
        LINKS,
        "b: {router: dc2-core1, interface: fib-hrs}",
        "b: {router: ^hrs-edge2, interface: x}",
        "link between a router and itself",
        "both ends are",
    ),
    Break(
        LINKS,
        "a: {router: hrs-edge2",
        "a: {router: ^hrs-edge3",
        "link to an unknown router",
        "link hrs-dc2: there is no router `hrs-edge3`; did you",
    ),
    Break(
        LINKS,
        "b: {router: dc2-core1, interface: fib-hrs}",
        "b: {router: ^chl-edge2, interface: x}",
        "link between two hospitals",
        "hrs-edge2 and chl-edge2",
    ),
    Break(
        LINKS,
        "b: {router: dc2-core1, interface: fib-hrs}",
        "b: {router: dc2-core1, interface: ^fib-chl}",
        "interface used twice",
        "fib-chl of dc2-core1",
    ),
    Break(
        LINKS,
        "{router: chl-edge2, interface: fib-dc2}",
        "{router: chl-edge2, interface: ^lan-clinical}",
        "interface used twice",
        "already used",
    ),
    Break(
        LINKS,
        "{router: chl-edge2, interface: fib-dc2}",
        "{router: chl-edge2, interface: ^fibre-to-the-dc2}",
        "impossible interface name",
        "no Linux",
    ),
    Break(
        ROUTERS,
        "lan: {lan-clinical: 10.16.128.3/21}",
        "lan: {^lan/clinical: 10.16.128.3/21}",
        "impossible interface name",
        "lan/clinical",
    ),
    # hosts
    Break(
        CHL_HOSTS,
        "zone: imaging",
        "zone: ^imagin",
        "group in an unknown zone",
        "group pacs: there is no zone `imagin` in chl; did you mean `imaging`?",
    ),
    Break(LUXITH_HOSTS, "service: anim", "service: ^anin", "group of an unknown service", "did you mean `anim`?"),
    Break(
        LUXITH_HOSTS,
        "- id: anim\n    zone: archive\n    service: anim\n",
        "- ^id: anim\n    zone: archive\n",
        "group without a service",
        "luxith has no zones",
    ),
    Break(
        CHL_HOSTS,
        "zone: imaging",
        "zone: archive\n    service: ^anim",
        "group of somebody else's service",
        "anim is provided by luxith",
    ),
    Break(LUXITH_HOSTS, "zone: archive", "zone: ^vault", "group outside its service's zone", "anim is hosted in archive"),
    Break(
        LUXITH_HOSTS,
        "address: 10.8.6.10",
        "address: ^10.8.7.10",
        "host outside its zone",
        "10.8.7.10 is not inside 10.8.6.0/24, zone archive in dc1",
    ),
    Break(LUXITH_HOSTS, "address: 10.8.6.10", "address: ^10.8.6.255", "address that nothing can have", "10.8.6.0/24"),
    Break(LUXITH_HOSTS, "place: dc1", "place: ^campus", "host where its zone is not", "zone archive has no subnet in campus"),
    # the cloud
    Break(
        CHL,
        "attachments: {dc1: 10.255.10.0/30,",
        "attachments: {dc1: ^10.255.10.0/31,",
        "attachment that does not fit",
        "10.255.10.0/31 is not a /30",
    ),
    Break(
        HRS,
        "attachments: {dc1: 10.255.10.12/30}",
        "attachments: {dc1: 10.255.10.12/30, dc2: ^10.255.11.12/30}",
        "attachment where nothing is",
        "hrs has no subnet in dc2",
    ),
    Break(HRS, "dc1: 10.255.10.12/30", "dc1: ^10.255.10.0/30", "overlapping prefixes", "the attachment of chl in dc1"),
    Break(TOP, "cores: 10.255.8.254", "cores: ^10.255.9.253", "address outside", "10.255.9.253 is not inside 10.255.8.0/24"),
    Break(
        ANIM,
        "attachments: {dc1: 10.255.10.128/30, dc2: 10.255.11.128/30}\nquota: {cores: 64, ram_gib: 512, volumes_gib: 400000}\n"
        "consumers: [chl, hrs]\ndata: health\nrecovery: {rpo: 15m, rto: 4h}\nprofile: dicom-archive\nflows:\n  - {from",
        "attachments: {dc1: 10.255.10.128/30}\nquota: {cores: 64, ram_gib: 512, volumes_gib: 400000}\n"
        "consumers: [chl, hrs]\ndata: health\nrecovery: {rpo: 15m, rto: 4h}\nprofile: dicom-archive\nflows:\n  - ^{from",
        "flow without a way",
        "it passes the cloud of anim in dc2",
    ),
    Break(
        CHL_HOSTS,
        "zone: imaging\n",
        "zone: imaging\n    flavour: ^smal\n",
        "unknown flavour",
        "no flavour `smal`; did you mean `small`?",
    ),
    Break(CHL_HOSTS, "zone: imaging\n", "zone: imaging\n    image: ^debian-11\n", "unknown image", "no image `debian-11`"),
    Break(
        TOP,
        "10.250.0.5, datacentre: dc1}",
        "10.250.0.5, datacentre: dc1, flavour: ^small}",
        "bastion that is half a server",
        "bastion-dc1 has only its flavour",
    ),
    Break(
        TOP,
        "10.250.0.5, datacentre: dc1}",
        "10.250.0.5, datacentre: dc1, flavour: small, image: ^debian-11}",
        "unknown image",
        "bastion-dc1: there is no image `debian-11`",
    ),
    Break(
        TOP,
        "10.250.0.5, datacentre: dc1}",
        "10.250.0.5, datacentre: dc1, operators: [^10.251.0.0/24]}",
        "operators from elsewhere",
        "not inside 10.250.0.0/20",
    ),
    Break(
        CHL, "quota: {cores: 400,", "quota: {cores: ^3,", "servers beyond the quota", "the servers of chl need 4, 3 are granted"
    ),
]


@pytest.mark.parametrize("broken", BREAKS, ids=lambda b: f"{b.what}: {b.new}"[:70])
def test_each_break_is_told_where_it_is(draft: Draft, broken: Break) -> None:
    place = draft.edit(broken.file, broken.old, broken.new)
    told = [p for p in draft.problems() if draft.place(p) == place]
    assert any(p.what.startswith(broken.what) and broken.why in p.why for p in told), draft.problems()
    assert all(p.remedy for p in told)


def test_hosts_have_an_owner_who_exists(draft: Draft) -> None:
    (draft.folder / LUXITH_HOSTS).rename(draft.folder / "hosts/luxit.yaml")
    place = draft.edit("hosts/luxit.yaml", "owner: luxith", "owner: ^luxit")
    told = {p.what: p.why for p in draft.problems() if draft.place(p) == place}
    assert told == {"hosts of an unknown owner": "there is no `luxit`; did you mean `luxith`?"}


def test_every_check_is_listed() -> None:
    """A check that nobody calls would find nothing, silently."""
    modules = (addresses, cloud, fibre, flows, hosts, names, paths, services)
    written = {
        function
        for module in modules
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and not name.startswith("_")
        and function.__module__ == module.__name__
        and list(inspect.signature(function).parameters) == ["declared"]
    }
    assert set(CHECKS) == written
    assert len(CHECKS) == len(written) == 32
