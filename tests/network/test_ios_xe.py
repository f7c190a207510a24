"""IOS-XE: what is rendered parses back to the same, and every change of a line shows."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luxops.domains.network import PLATFORMS, design_router
from luxops.domains.network.blocks import Block
from luxops.domains.network.config import AclEntry, RouterConfig
from luxops.domains.network.drift import differences, tree
from luxops.domains.network.operational import Bfd, Bgp, Interfaces, Routes
from luxops.domains.network.platforms.interface import BFD, BGP, CONFIG, INTERFACES, ROUTES
from luxops.domains.network.platforms.ios_xe.lists import line_of, read_list
from luxops.domains.network.transcripts import ParseError
from luxops.federation import Federation
from luxops.federation.schema import Platform
from luxops.model import Drift, DriftKind, FailureReason, Severity, TargetId

IOS = PLATFORMS[Platform.IOS_XE]
ROUTER = TargetId("hrs-edge2")
SECRETS = {"bgp": "s3cret"}


def rendered(federation: Federation) -> str:
    return IOS.render(design_router(federation, ROUTER), SECRETS)["running-config"]


def shown(text: str, host: str = ROUTER) -> dict[str, str]:
    body = f"Building configuration...\n\nCurrent configuration : {len(text)} bytes\n!\n! Last configuration change\n!\n{text}"
    return {"show running-config": f"show running-config\n{body}{host}#"}


def parsed(text: str) -> RouterConfig:
    value = IOS.parse(CONFIG, shown(text), ROUTER)
    assert isinstance(value, RouterConfig)
    return value


def drift(federation: Federation, text: str) -> Sequence[Drift]:
    wanted = IOS.configured(design_router(federation, ROUTER)).lines
    return differences(ROUTER, tree(wanted, IOS.driver), tree(parsed(text).lines, IOS.driver))


def test_round_trip(federation: Federation) -> None:
    text = rendered(federation)
    assert parsed(text) == IOS.configured(design_router(federation, ROUTER))
    assert drift(federation, text) == []
    assert "s3cret" in text
    assert "s3cret" not in parsed(text).model_dump_json()


def test_same_federation_means_the_same_on_both_platforms(federation: Federation) -> None:
    ios = IOS.configured(design_router(federation, ROUTER))
    frr = PLATFORMS[Platform.FRR].configured(design_router(federation, ROUTER))
    assert ios.prefix_lists == frr.prefix_lists
    assert ios.route_maps == frr.route_maps
    assert ios.bgp is not None
    assert frr.bgp is not None
    assert ios.bgp.neighbours == frr.bgp.neighbours
    assert ios.bgp.networks == frr.bgp.networks
    assert (ios.ntp_servers, ios.logging_hosts, ios.banner) == (frr.ntp_servers, frr.logging_hosts, frr.banner)
    assert ios.management == frr.management

    def forward(entries: tuple[AclEntry, ...]) -> list[AclEntry]:
        return [
            e.model_copy(update={"line": ""}) for e in entries if e.destination_ports and not e.established and "/" in e.remark
        ]

    for name in ("FIBRE-IN", "FIBRE-OUT", "CAMPUS-IN"):
        assert forward(ios.acls[name]) == forward(frr.acls[name])
    assert forward(ios.acls["CAMPUS-IN"]) != []


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_every_dropped_line_shows(federation: Federation, data: st.DataObject) -> None:
    lines = rendered(federation).split("\n")
    ignored = {"version 17.9", " exit-address-family", "end", ""}
    place = data.draw(st.sampled_from([n for n, line in enumerate(lines) if line not in ignored]))
    dropped = lines.pop(place)
    try:
        found = drift(federation, "\n".join(lines))
    except ParseError:
        return
    assert found, dropped


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_every_changed_word_shows(federation: Federation, data: st.DataObject) -> None:
    lines = rendered(federation).split("\n")
    place = data.draw(
        st.sampled_from([n for n, line in enumerate(lines) if line.strip() not in {"end", "", "exit-address-family"}])
    )
    if lines[place].startswith(("version ", " neighbor")) and ("password" in lines[place] or "version" in lines[place]):
        return
    if lines[place].lstrip(" ")[0].isdecimal():  # an access list's line: its number alone means nothing
        head, _, rest = lines[place].strip().partition(" ")
        lines[place] = f" {head} {rest}7"
    else:
        lines[place] += "7"
    try:
        found = drift(federation, "\n".join(lines))
    except ParseError:
        return
    assert found


def test_hand_added_line_of_an_access_list(federation: Federation) -> None:
    text = rendered(federation).replace(
        "ip access-list extended FIBRE-IN\n", "ip access-list extended FIBRE-IN\n 5 permit tcp 10.32.0.0 0.0.255.255 any\n"
    )
    (found,) = drift(federation, text)
    assert (found.path, found.kind, found.severity) == (
        "ip access-list extended FIBRE-IN/permit tcp 10.32.0.0 0.0.255.255 any", DriftKind.UNMANAGED, Severity.HIGH,
    )  # fmt: skip


def test_reordered_access_list(federation: Federation) -> None:
    lines = rendered(federation).split("\n")
    place = lines.index("ip access-list standard MANAGEMENT")
    assert lines[place + 1 : place + 4] == [" 10 remark management", " 20 permit 10.255.0.5", " 30 deny any log"]
    lines[place + 2 : place + 4] = [" 20 deny any log", " 30 permit 10.255.0.5"]
    (found,) = drift(federation, "\n".join(lines))
    assert (found.path, found.kind) == ("ip access-list standard MANAGEMENT/order", DriftKind.CHANGED)


def test_changed_remote_as(federation: Federation) -> None:
    (found,) = drift(federation, rendered(federation).replace("remote-as 64512", "remote-as 64999"))
    assert (found.path, found.kind) == ("router bgp 64602/neighbor 10.250.0.9 remote-as", DriftKind.CHANGED)


@pytest.mark.parametrize(
    ("line", "telnet", "http", "users", "passwords"),
    [
        ("line vty 0 4\n transport input telnet ssh", True, False, {}, {}),
        ("line vty 0 4\n login local", True, False, {}, {}),
        ("ip http server", False, True, {}, {}),
        ("username eve privilege 15 password 7 0822455D0A16", False, False, {"eve": "weak"}, {}),
        ("username eve secret 9 $9$abc", False, False, {"eve": "strong"}, {}),
        ("username eve password hunter2", False, False, {"eve": "plain"}, {}),
        ("enable secret 5 $1$abc", False, False, {}, {"enable secret": "weak"}),
        ("line con 0\n password cisco", False, False, {}, {"line con 0 password": "plain"}),
    ],
)
def test_management_plane(*, line: str, telnet: bool, http: bool, users: dict[str, str], passwords: dict[str, str]) -> None:
    config = parsed(f"hostname {ROUTER}\n{line}\nend\n")
    assert (config.management.telnet, config.management.http, config.users, config.passwords) == (
        telnet,
        http,
        users,
        passwords,
    )
    assert all(
        word not in config.model_dump_json() for word in ("0822455D0A16", "hunter2", "$9$abc", "$1$abc", "password cisco")
    )


def test_vty_without_access_class_is_open_to_anywhere() -> None:
    config = parsed(f"hostname {ROUTER}\nline vty 0 4\n transport input ssh\nline vty 5 15\n transport input ssh\nend\n")
    assert config.management.ssh_sources == (IPv4Network("0.0.0.0/0"),)


def reason(transcripts: dict[str, str], fact: str = CONFIG) -> FailureReason:
    with pytest.raises(ParseError) as caught:
        IOS.parse(fact, transcripts, ROUTER)  # type: ignore[arg-type]
    return caught.value.reason


def test_truncated_configuration(federation: Federation) -> None:
    whole = shown(rendered(federation))["show running-config"]
    for length in range(0, len(whole) - 1, 97):
        assert reason({"show running-config": whole[:length]}) in {FailureReason.MALFORMED, FailureReason.WRONG_TARGET}


def test_other_device(federation: Federation) -> None:
    text = rendered(federation)
    assert reason(shown(text, "chem-edge1")) is FailureReason.WRONG_TARGET
    assert reason(shown(text.replace(f"hostname {ROUTER}", "hostname chem-edge1"))) is FailureReason.WRONG_TARGET
    assert (
        reason({"show running-config": f"show running-config\n% Invalid input detected at '^' marker.\n{ROUTER}#"})
        is FailureReason.REFUSED
    )
    assert reason(shown(text.replace("^C\n", "\n"))) is FailureReason.MALFORMED


_PREFIXES = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False), st.integers(0, 2**32 - 1), st.integers(0, 32)
)
_PORTS = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda ports: (min(ports), max(ports)))


@settings(deadline=None, max_examples=40)
@given(
    entry=st.builds(
        AclEntry,
        action=st.sampled_from(["permit", "deny"]),
        protocol=st.sampled_from(["tcp", "udp"]),
        source=_PREFIXES,
        destination=_PREFIXES,
        source_ports=st.none() | _PORTS,
        destination_ports=st.none() | _PORTS,
        log=st.booleans(),
        line=st.just(""),
    )
)
def test_access_list_line_round_trip(entry: AclEntry) -> None:
    line = line_of(entry)
    assert read_list(Block("ip access-list extended X", [Block(line)])) == (entry.model_copy(update={"line": line}),)


@pytest.mark.parametrize(
    "line",
    [
        "permit gre any any",
        "permit tcp 10.0.0.0 0.255.0.255 any",
        "permit tcp any object-group WEB eq 80",
        "permit tcp any any time-range X",
        "evaluate REFLECTED",
        "permit tcp any any eq nonsense",
        "permit tcp any",
    ],
)
def test_line_that_is_not_understood_counts_as_one_for_any_packet(line: str) -> None:
    (entry,) = read_list(Block("ip access-list extended X", [Block(line)]))
    assert (entry.action, entry.protocol, entry.source, entry.destination) == (
        "permit", "other", IPv4Network("0.0.0.0/0"), IPv4Network("0.0.0.0/0"),
    )  # fmt: skip


def test_wildcard_of_all_ones_is_everything() -> None:
    (entry,) = read_list(Block("ip access-list extended X", [Block("permit ip 10.1.2.3 255.255.255.255 any")]))
    assert entry.source == IPv4Network("0.0.0.0/0")


def answered(command: str, output: str) -> dict[str, str]:
    return {command: f"{command}\n{output}{ROUTER}#"}


def test_operational_facts() -> None:
    summary = """\
BGP router identifier 10.254.0.34, local AS number 64602
BGP table version is 10, main routing table version 10

Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd
10.250.0.9      4        64512     101     102       10    0    0 01:33:10       12
10.250.0.11     4        64512       0       0        1    0    0 never    Idle (Admin)
"""
    bgp = IOS.parse(BGP, answered("show bgp ipv4 unicast summary", summary), ROUTER)
    assert isinstance(bgp, Bgp)
    assert {a: (s.state, s.prefixes_received) for a, s in bgp.neighbours.items()} == {
        "10.250.0.9": ("Established", 12), "10.250.0.11": ("Idle (Admin)", 0),
    }  # fmt: skip
    none = IOS.parse(BGP, answered("show bgp ipv4 unicast summary", "% BGP not active\n"), ROUTER)
    assert isinstance(none, Bgp)
    assert none.running is False
    garbled = answered("show bgp ipv4 unicast summary", summary.replace("64512     101", "645x2     101"))
    assert reason(garbled, BGP) is FailureReason.MALFORMED
    sessions = "\nIPv4 Multihop Sessions\nNeighAddr         LD/RD         RH/RS     State\n10.250.0.9   4097/4098  Up   Up\n"
    bfd = IOS.parse(BFD, answered("show bfd neighbors", sessions), ROUTER)
    assert isinstance(bfd, Bfd)
    assert bfd.peers == {"10.250.0.9": "up"}


def test_interfaces_and_routes() -> None:
    text = """\
GigabitEthernet0/0/0 is up, line protocol is up
  Hardware is ISR4331-3x1GE, address is 0000.5e00.5301 (bia 0000.5e00.5301)
  Internet address is 10.32.2.2/24
  MTU 1500 bytes, BW 1000000 Kbit/sec, DLY 10 usec,
GigabitEthernet0/0/1 is administratively down, line protocol is down
  MTU 1500 bytes, BW 1000000 Kbit/sec, DLY 10 usec,
"""
    interfaces = IOS.parse(INTERFACES, answered("show interfaces", text), ROUTER)
    assert isinstance(interfaces, Interfaces)
    assert {n: (i.administrative, i.operational) for n, i in interfaces.interfaces.items()} == {
        "GigabitEthernet0/0/0": ("up", "up"), "GigabitEthernet0/0/1": ("down", "down"),
    }  # fmt: skip
    table = """\
Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP

Gateway of last resort is not set

      10.0.0.0/8 is variably subnetted, 3 subnets, 2 masks
B        10.64.0.0/24 [20/50] via 10.250.0.9, 3d02h
                      [20/50] via 10.250.0.11, 3d02h
C        10.32.2.0/24 is directly connected, GigabitEthernet0/0/0
"""
    routes = IOS.parse(ROUTES, answered("show ip route", table), ROUTER)
    assert isinstance(routes, Routes)
    assert [hop.address for hop in routes.routes["10.64.0.0/24"].next_hops] == ["10.250.0.9", "10.250.0.11"]
    assert routes.routes["10.32.2.0/24"].next_hops[0].interface == "GigabitEthernet0/0/0"
    assert reason(answered("show ip route", table + "B  garbled\n"), ROUTES) is FailureReason.MALFORMED


def test_configuration_without_its_end_is_none(federation: Federation) -> None:
    whole = shown(rendered(federation))["show running-config"]
    assert "\nend\n" in whole
    assert reason({"show running-config": whole.replace("\nend\n", "\n")}) is FailureReason.MALFORMED
    assert reason({"show running-config": whole.replace("\nline con 0\n", "\nend\nline con 0\n")}) is FailureReason.MALFORMED
