"""Real answers of FRR 8.4.4 and nft 1.0.6, recorded on two routers of the small federation; and what may be done to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.transcripts import output_of, recorded, transcript

from luxops.domains.network import PLATFORMS, NetworkDomain, design_router
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.operational import Bfd, Bgp, Interfaces, Routes
from luxops.domains.network.platforms.frr import commands
from luxops.domains.network.platforms.frr.ruleset import entry_of
from luxops.domains.network.platforms.interface import BFD, BGP, CONFIG, FACTS, INTERFACES, ROUTES
from luxops.domains.network.transcripts import ParseError
from luxops.federation import Federation
from luxops.federation.schema import Platform
from luxops.model import Drift, DriftKind, FailureReason, Observation, Severity, TargetId

FRR = PLATFORMS[Platform.FRR]
EDGE, CORE = TargetId("chl-edge1"), TargetId("dc1-core1")


class NoRunner:
    """No session is needed to compare."""

    def ask(self, requests: object, progress: object) -> object:
        raise AssertionError((requests, progress))


def drift(federation: Federation, router: TargetId, **outputs: str) -> Sequence[Drift]:
    replaced = {getattr(commands, name): text for name, text in outputs.items()}
    value = FRR.parse(CONFIG, recorded(router, replaced), router)
    domain = NetworkDomain(NoRunner())  # type: ignore[arg-type]
    return domain.compare(domain.desired(federation), [Observation.of(router, CONFIG, value)])


@pytest.mark.parametrize("router", [EDGE, CORE])
def test_untouched_router_has_no_drift(federation: Federation, router: TargetId) -> None:
    assert list(drift(federation, router)) == []


@pytest.mark.parametrize("router", [EDGE, CORE])
def test_running_router_parses_to_its_design(federation: Federation, router: TargetId) -> None:
    seen, wanted = FRR.parse(CONFIG, recorded(router), router), FRR.configured(design_router(federation, router))
    assert isinstance(seen, RouterConfig)
    for field in (
        "interfaces",
        "prefix_lists",
        "route_maps",
        "acls",
        "static_routes",
        "management",
        "ntp_servers",
        "logging_hosts",
    ):
        assert getattr(seen, field) == getattr(wanted, field), field
    assert len(seen.lines) > 60


def test_operational_facts() -> None:
    transcripts = recorded(EDGE)
    bgp = FRR.parse(BGP, transcripts, EDGE)
    assert isinstance(bgp, Bgp)
    assert {address: (s.state, s.remote_as) for address, s in bgp.neighbours.items()} == {
        "10.250.0.1": ("Established", 64512), "10.250.0.3": ("Established", 64512),
    }  # fmt: skip
    bfd = FRR.parse(BFD, transcripts, EDGE)
    assert isinstance(bfd, Bfd)
    assert bfd.peers == {"10.250.0.1": "up", "10.250.0.3": "up"}
    interfaces = FRR.parse(INTERFACES, transcripts, EDGE)
    assert isinstance(interfaces, Interfaces)
    assert interfaces.interfaces["to-dc1-core1"].operational == "up"
    routes = FRR.parse(ROUTES, transcripts, EDGE)
    assert isinstance(routes, Routes)
    assert routes.routes["10.16.0.0/24"].protocol == "bgp"
    assert [hop.address for hop in routes.routes["10.16.0.0/24"].next_hops] == ["10.250.0.1"]
    assert [hop.address for hop in routes.routes["10.16.1.0/24"].next_hops] == ["10.250.0.3"]


def test_password_never_leaves_the_parser(federation: Federation) -> None:
    assert "password s3cret" in output_of(EDGE, commands.RUNNING)
    value = FRR.parse(CONFIG, recorded(EDGE), EDGE)
    assert "s3cret" not in value.model_dump_json()
    changed = output_of(EDGE, commands.RUNNING).replace("s3cret", "an0ther")
    assert not drift(federation, EDGE, RUNNING=changed)
    gone = "\n".join(line for line in changed.split("\n") if "neighbor 10.250.0.1 password" not in line)
    (found,) = drift(federation, EDGE, RUNNING=gone)
    assert (found.path, found.kind, found.severity) == (
        "router bgp 64601/neighbor 10.250.0.1 password <secret>", DriftKind.MISSING, Severity.HIGH,
    )  # fmt: skip


def _before(text: str, mark: str, line: str) -> str:
    assert mark in text
    return text.replace(mark, f"{line}\n{mark}", 1)


ROUTE, OPEN = "ip route 10.99.0.0/16 10.16.2.9", "no bgp ebgp-requires-policy"
RUNNING_CHANGES: list[tuple[Callable[[str], str], str, DriftKind]] = [
    (lambda t: _before(t, "!\ninterface lo\n", ROUTE), ROUTE, DriftKind.UNMANAGED),
    (
        lambda t: _before(t, "ip prefix-list CAMPUS seq 5 ", "ip prefix-list CAMPUS seq 3 permit any"),
        "ip prefix-list CAMPUS/seq 3 permit any",
        DriftKind.UNMANAGED,
    ),
    (
        lambda t: t.replace("prefix-list CAMPUS seq 5 permit 10.16.2.0/24", "prefix-list CAMPUS seq 5 permit 10.16.0.0/16"),
        "ip prefix-list CAMPUS/seq 5",
        DriftKind.CHANGED,
    ),
    (
        lambda t: t.replace("neighbor 10.250.0.1 remote-as 64512", "neighbor 10.250.0.1 remote-as 64999"),
        "router bgp 64601/neighbor 10.250.0.1 remote-as",
        DriftKind.CHANGED,
    ),
    (
        lambda t: t.replace("  neighbor 10.250.0.1 route-map CORE-IN in\n", ""),
        "router bgp 64601/address-family ipv4 unicast/neighbor 10.250.0.1 route-map CORE-IN in",
        DriftKind.MISSING,
    ),
    (lambda t: _before(t, " neighbor 10.250.0.1 remote-as", f" {OPEN}"), f"router bgp 64601/{OPEN}", DriftKind.UNMANAGED),
    (lambda t: _before(t, "!\ninterface lo\n", "no ip forwarding"), "no ip forwarding", DriftKind.UNMANAGED),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path", "kind"), RUNNING_CHANGES)
def test_change_of_the_running_configuration(
    federation: Federation, change: Callable[[str], str], path: str, kind: DriftKind
) -> None:
    (found,) = drift(federation, EDGE, RUNNING=change(output_of(EDGE, commands.RUNNING)))
    assert (found.path, found.kind, found.severity) == (path, kind, found.severity)
    assert found.severity is (Severity.MEDIUM if "forwarding" in path else Severity.HIGH)


STORE = 'ip saddr 10.16.3.0/24 ip daddr 10.64.0.0/23 tcp dport 2762 accept comment "anim/1"'


def test_hand_added_acl_rule(federation: Federation) -> None:
    hole = "ip saddr 10.32.0.0/16 ip daddr 10.16.3.0/24 tcp dport 1-65535 accept"
    rules = output_of(EDGE, commands.RULESET).replace("\tchain FIBRE-IN {\n", f"\tchain FIBRE-IN {{\n\t\t{hole}\n")
    (found,) = drift(federation, EDGE, RULESET=rules)
    assert (found.path, found.kind, found.severity) == (f"access-list FIBRE-IN/{hole}", DriftKind.UNMANAGED, Severity.HIGH)


def test_removed_acl_rule(federation: Federation) -> None:
    text = output_of(EDGE, commands.RULESET)
    assert text.count(f"\t\t{STORE}\n") == 2
    (found,) = drift(federation, EDGE, RULESET=text.replace(f"\t\t{STORE}\n", "", 1))
    assert (found.path, found.kind) == (f"access-list FIBRE-OUT/{STORE}", DriftKind.MISSING)


def test_rule_listed_twice_is_unmanaged(federation: Federation) -> None:
    text = output_of(EDGE, commands.RULESET).replace(f"\t\t{STORE}\n", f"\t\t{STORE}\n\t\t{STORE}\n", 1)
    (found,) = drift(federation, EDGE, RULESET=text)
    assert (found.path, found.kind) == (f"access-list FIBRE-OUT/{STORE} [2]", DriftKind.UNMANAGED)


def test_reordered_rules(federation: Federation) -> None:
    lines = output_of(EDGE, commands.RULESET).split("\n")
    place = lines.index("\tchain FIBRE-IN {")
    end = lines.index("\t}", place)
    lines[place + 1], lines[end - 1] = lines[end - 1], lines[place + 1]
    (found,) = drift(federation, EDGE, RULESET="\n".join(lines))
    assert (found.path, found.kind) == ("access-list FIBRE-IN/order", DriftKind.CHANGED)


def test_policy_of_a_hook(federation: Federation) -> None:
    text = output_of(EDGE, commands.RULESET).replace(
        "hook forward priority filter; policy drop;", "hook forward priority filter; policy accept;"
    )
    (found,) = drift(federation, EDGE, RULESET=text)
    assert (found.path, found.kind) == ("access-list forward-in/type filter hook forward", DriftKind.CHANGED)


def test_foreign_table_is_unmanaged(federation: Federation) -> None:
    text = output_of(EDGE, commands.RULESET) + "table ip nat {\n\tchain POST {\n\t\tmasquerade\n\t}\n}\n"
    (found,) = drift(federation, EDGE, RULESET=text)
    assert (found.path, found.kind) == ("nft table ip nat", DriftKind.UNMANAGED)


def test_no_rule_set_at_all_is_every_list_missing(federation: Federation) -> None:
    found = drift(federation, EDGE, RULESET="\n")
    assert [d.path for d in found] == [
        f"access-list {n}" for n in ("INPUT", "FIBRE-IN", "FIBRE-OUT", "CAMPUS-IN", "forward-in", "forward-out")
    ]
    assert {d.kind for d in found} == {DriftKind.MISSING}


def test_missing_and_changed_files(federation: Federation) -> None:
    text = output_of(EDGE, commands.FILES).replace("PermitRootLogin no", "PermitRootLogin yes")
    (found,) = drift(federation, EDGE, FILES=text)
    assert (found.path, found.desired, found.actual) == (
        "file /etc/ssh/sshd_config.d/luxops.conf/PermitRootLogin", "PermitRootLogin no", "PermitRootLogin yes",
    )  # fmt: skip
    head, _, _ = text.partition("==> /etc/issue.net")
    absent = f"head: cannot open '/etc/issue.net' for reading: No such file or directory\n{head}".replace(" yes", " no")
    (found,) = drift(federation, EDGE, FILES=absent)
    assert (found.path, found.kind) == ("file /etc/issue.net", DriftKind.MISSING)


def reason(router: TargetId, transcripts: dict[str, str], fact: str = CONFIG) -> FailureReason:
    with pytest.raises(ParseError) as caught:
        FRR.parse(fact, transcripts, router)  # type: ignore[arg-type]
    return caught.value.reason


def test_refused_and_failed_commands() -> None:
    refused = transcript(commands.RULESET, "sudo: a password is required\n", EDGE, 1)
    assert reason(EDGE, recorded(EDGE) | {commands.RULESET: refused}) is FailureReason.REFUSED
    lacking = transcript(commands.RULESET, "bash: nft: command not found\n", EDGE, 127)
    assert reason(EDGE, recorded(EDGE) | {commands.RULESET: lacking}) is FailureReason.UNSUPPORTED
    unreadable = "head: cannot open '/etc/issue.net' for reading: Permission denied\n" + output_of(EDGE, commands.FILES)
    assert reason(EDGE, recorded(EDGE, {commands.FILES: unreadable})) is FailureReason.REFUSED
    assert reason(EDGE, {}) is FailureReason.MALFORMED


def test_answers_of_another_router() -> None:
    assert reason(EDGE, recorded(CORE)) is FailureReason.WRONG_TARGET
    running = transcript(commands.RUNNING, output_of(CORE, commands.RUNNING), EDGE)
    assert reason(EDGE, recorded(EDGE) | {commands.RUNNING: running}) is FailureReason.WRONG_TARGET


def test_answer_of_another_command() -> None:
    swapped = recorded(EDGE)
    swapped[commands.RULESET], swapped[commands.SOCKETS] = swapped[commands.SOCKETS], swapped[commands.RULESET]
    assert reason(EDGE, swapped) is FailureReason.MALFORMED


@settings(deadline=None, max_examples=40)
@given(command=st.sampled_from([*FRR.commands[CONFIG]]), data=st.data())
def test_truncated_anywhere_is_never_a_value(command: str, data: st.DataObject) -> None:
    whole = recorded(EDGE)
    length = data.draw(st.integers(0, len(whole[command].rstrip()) - 2))
    assert reason(EDGE, whole | {command: whole[command][:length]}) in {FailureReason.MALFORMED, FailureReason.WRONG_TARGET}


@settings(deadline=None, max_examples=40)
@given(fact=st.sampled_from(FACTS), data=st.data())
def test_dropped_repeated_or_garbled_line_is_never_a_value(fact: str, data: st.DataObject) -> None:
    whole = recorded(EDGE)
    command = data.draw(st.sampled_from(list(FRR.commands[fact])))  # type: ignore[index]
    lines = whole[command].split("\n")
    place = data.draw(st.integers(1, len(lines) - 3))
    do = data.draw(st.sampled_from(["drop", "repeat", "garble", "swap"]))
    broken = list(lines)
    if do == "drop":
        del broken[place]
    elif do == "repeat":
        broken.insert(place, lines[place])
    elif do == "garble":
        broken[place] = f"{lines[place][:-1]}\ufffd"
    else:
        broken[place], broken[place - 1 or place] = broken[place - 1 or place], broken[place]
    if broken != lines:
        assert reason(EDGE, whole | {command: "\n".join(broken)}, fact) is FailureReason.MALFORMED


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_every_dropped_line_of_a_well_framed_configuration_shows(federation: Federation, data: st.DataObject) -> None:
    text = output_of(EDGE, commands.RUNNING)
    body = [n for n, line in enumerate(text.split("\n")) if line.strip() not in {"!", "exit", "end", "", "exit-address-family"}]
    place = data.draw(st.sampled_from([n for n in body if n > 5]))
    lines = text.split("\n")
    del lines[place]
    try:
        found = drift(federation, EDGE, RUNNING="\n".join(lines))
    except ParseError:
        return
    assert found


def test_rule_that_is_not_understood_counts_as_one_for_any_packet() -> None:
    text = output_of(EDGE, commands.RULESET).replace(
        "\tchain FIBRE-IN {\n", "\tchain FIBRE-IN {\n\t\tip saddr { 10.32.0.0/24, 10.33.0.0/24 } tcp dport { 22, 80 } accept\n"
    )
    value = FRR.parse(CONFIG, recorded(EDGE, {commands.RULESET: text}), EDGE)
    assert isinstance(value, RouterConfig)
    entry = value.acls["FIBRE-IN"][0]
    assert (entry.action, entry.protocol, entry.source) == ("permit", "other", IPv4Network("0.0.0.0/0"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.replace("\nend\n", "\n"), "does not end"),
        (lambda t: t + t, "twice"),
        (lambda t: t.replace("Current configuration:", ""), "does not begin"),
        (lambda t: t.replace("!\ninterface lo\n", "!\ninterface lo\n description a\nexit\n!\ninterface lo\n"), "twice"),
        (lambda t: t.replace("interface lo\n", "interfxce lo\n"), "begins no line"),
        (lambda t: t.replace(" ip address 10.254.0.17/32", "   ip address 10.254.0.17/32"), "indented"),
        (lambda t: t.replace("seq 5 permit 10.16.2.0/24", "seq 5 permit 10.16.2.0/2x"), "garbled"),
    ],
)
def test_configuration_that_is_well_framed_but_no_configuration(change: Callable[[str], str], says: str) -> None:
    text = output_of(EDGE, commands.RUNNING)
    assert change(text) != text
    with pytest.raises(ParseError, match=says):
        FRR.parse(CONFIG, recorded(EDGE, {commands.RUNNING: change(text)}), EDGE)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.rstrip().removesuffix("}") + "\n", "ends inside"),
        (lambda t: t + "}\n", "closes more"),
        (lambda t: t.replace("chain INPUT {", "chxin INPUT {"), "opens no block"),
    ],
)
def test_rule_set_that_is_well_framed_but_no_rule_set(change: Callable[[str], str], says: str) -> None:
    text = output_of(EDGE, commands.RULESET)
    assert change(text) != text
    with pytest.raises(ParseError, match=says):
        FRR.parse(CONFIG, recorded(EDGE, {commands.RULESET: change(text)}), EDGE)


@pytest.mark.parametrize(
    "rule",
    [
        "ip saddr 10.32.0.0/24 ip saddr 10.33.0.0/24 accept",
        "ip saddr 10.32.0.0/24 meta mark 0x00000007 accept",
        "ip saddr != 10.32.0.0/24 tcp dport 22 accept",
        "ip saddr 10.32.0.0/24 accept counter packets 1 bytes 60",
        "ip saddr 10.32.0.0/24 jump ELSEWHERE",
        "ip6 saddr fe80::/10 accept",
    ],
)
def test_odd_rules_permit_any_packet(rule: str) -> None:
    entry = entry_of(rule)
    assert (entry.action, entry.protocol, entry.source) == ("permit", "other", IPv4Network("0.0.0.0/0"))
