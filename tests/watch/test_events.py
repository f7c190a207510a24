"""From a router's message to the word that it was changed: framing, parsing, whose it is, what it says, how often it counts."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from tests.support.drafts import SMALL
from tests.support.routers import send, typed_message

from luxops.errors import UsageError
from luxops.federation import Federation, load_federation
from luxops.metrics import EventMetrics
from luxops.model import TargetId
from luxops.watch.events import Agenda, Event
from luxops.watch.events.syslog.framing import Frames, FramingError
from luxops.watch.events.syslog.message import LIMIT, MalformedError, SyslogMessage, parse_message
from luxops.watch.events.syslog.programs import PROGRAMS
from luxops.watch.events.syslog.receiver import CONNECTIONS, Receiver, parse_address
from luxops.watch.events.syslog.source import READ, SyslogSource

CORPUS = Path(__file__).parent / "messages.txt"
MESSAGES = [tuple(line.split("\t", 1)) for line in CORPUS.read_text().splitlines() if line and not line.startswith("#")]
EDGE, CORE = TargetId("chl-edge1"), TargetId("dc1-core1")


def verdict(data: bytes) -> str:
    try:
        message = parse_message(data)
    except MalformedError:
        return "malformed"
    for program in PROGRAMS:
        if told := program.told(message):
            return f"{program.name} {told.who}".strip()
    return "other"


# Messages


@pytest.mark.parametrize(("wanted", "text"), MESSAGES, ids=range(len(MESSAGES)))
def test_the_corpus_of_real_messages(wanted: str, text: str) -> None:
    assert verdict(text.encode()) == wanted
    assert verdict(text.encode() + b"\n") == wanted


def test_the_parts_of_a_message() -> None:
    data = b'<165>1 2026-11-25T00:00:00Z CHL-Edge1 app 12 ID [a@1 b="\\]"] \xef\xbb\xbfhello\x1b[0m'
    assert parse_message(data) == SyslogMessage(20, 5, "chl-edge1", "app", "hello?[0m")
    assert parse_message(b"<13>Feb  5 17:32:18 host prog[12]: text") == SyslogMessage(1, 5, "host", "prog", "text")
    assert parse_message(b"<189>000029: hrs-edge2: Nov 25 12:00:01.1 CET: %A-5-B: c") == SyslogMessage(
        23, 5, "hrs-edge2", "", "%A-5-B: c"
    )


def test_nothing_that_was_typed_is_passed_on() -> None:
    for _, text in MESSAGES:
        message = None
        try:
            message = parse_message(text.encode())
        except MalformedError:
            continue
        for program in PROGRAMS:
            if told := program.told(message):
                assert not {"hunter2", "64601", "10.0.0.1", "FIBRE-IN", "shutdown"} & set(told.what.split()), told


def damaged(whole: bytes) -> st.SearchStrategy[bytes]:
    """Other bytes somewhere in it."""
    return st.tuples(st.integers(0, len(whole)), st.binary(max_size=20)).map(lambda d: whole[: d[0]] + d[1] + whole[d[0] :])


@settings(max_examples=500)
@given(st.one_of(st.binary(max_size=300), st.sampled_from([text.encode() for _, text in MESSAGES]).flatmap(damaged)))
def test_any_bytes_are_a_printable_message_or_malformed(data: bytes) -> None:
    try:
        message = parse_message(data)
    except MalformedError:
        return
    assert all(part.isprintable() for part in (message.host, message.program, message.text))
    assert 0 <= message.severity <= 7
    for program in PROGRAMS:
        if told := program.told(message):
            assert told.what.isprintable()
            assert told.who.isprintable()
            assert len(told.who) <= 64


def test_a_message_over_the_limit_is_none() -> None:
    head = b"<13>Feb  5 17:32:18 host prog: "
    assert parse_message(head + b"x" * (LIMIT - len(head))).program == "prog"
    with pytest.raises(MalformedError):
        parse_message(head + b"x" * (LIMIT - len(head) + 1))


@pytest.mark.parametrize(
    "text", ["<13>Feb  5 17:32:18 host sudo: " + "a" * 60000, "<29>Nov 25 20:11:32 h zebra[1]: " + "vty[1]@" * 9000,
             "<189>1: *Nov 25 12:00:01: %" + "%SYS-5-CONFIG_I: Configured from " * 1900,
             "<165>1 - h a - - " + "[a " + 'b="1" ' * 10000, "<165>1 - h a - - " + "[a]" * 20000,
             "<13>Feb  5 17:32:18 host sudo: x : " + " ; " * 20000]
)  # fmt: skip
def test_a_long_message_is_read_in_no_time(text: str) -> None:
    began = time.process_time()
    verdict(text.encode())
    assert time.process_time() - began < 0.5


# Streams


@given(
    st.lists(st.binary(min_size=1, max_size=50).filter(lambda m: b"\n" not in m and b"\0" not in m and not m.endswith(b"\r"))),
    st.booleans(),
    st.data(),
)
def test_a_stream_gives_the_same_messages_however_it_is_cut(messages: list[bytes], counted: bool, data: st.DataObject) -> None:  # noqa: FBT001
    messages = [m if counted or not m[:1].isdigit() else b"<" + m for m in messages]
    stream = b"".join(b"%d %s" % (len(m), m) if counted else m + b"\n" for m in messages)
    frames, found = Frames(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += frames.feed(stream[:size])
        stream = stream[size:]
    assert found == messages


@given(st.lists(st.binary(max_size=200)))
def test_any_stream_is_followed_or_given_up(pieces: list[bytes]) -> None:
    frames = Frames()
    try:
        for piece in pieces:
            frames.feed(piece)
    except FramingError:
        pass


def test_both_framings_may_follow_each_other() -> None:
    assert Frames().feed(b"5 <1>ab<2>cd\n<3>ef\r\n\n6 <4>\nghi") == [b"<1>ab", b"<2>cd", b"<3>ef", b"<4>\ngh"]


@pytest.mark.parametrize("stream", [b"99999999 x", b"65537 x", b"1x ", b"<1>" + b"x" * (LIMIT + 1)])
def test_a_stream_that_cannot_be_followed_is_given_up(stream: bytes) -> None:
    with pytest.raises(FramingError):
        Frames().feed(stream)


# Whose a message is


@pytest.fixture(scope="module")
def federation() -> Federation:
    return load_federation(SMALL)


class Box:
    """A source that is handed messages, what it posted, and what it counted."""

    def __init__(self, federation: Federation, *relays: str) -> None:
        self.registry = CollectorRegistry()
        self.source = SyslogSource([], [ip_address(relay) for relay in relays], EventMetrics(self.registry))
        self.source.follow(federation)
        self.events: list[Event] = []
        self.source._post = lambda event, _now: self.events.append(event)

    def count(self, result: str) -> float:
        return self.registry.get_sample_value("luxops_event_messages_total", {"result": result}) or 0


def test_an_address_says_whose_a_message_is_and_the_name_in_it_does_not(federation: Federation) -> None:
    box = Box(federation)
    for address in (federation.routers["chl-edge1"].management, federation.routers["chl-edge1"].loopback):
        box.source.take(f"{address}", typed_message("dc1-core1").encode())
    assert [event.target for event in box.events] == [EDGE, EDGE]
    box.source.take("192.0.2.1", typed_message("chl-edge1").encode())
    assert len(box.events) == 2
    assert (box.count("event"), box.count("unknown-sender")) == (2, 1)


def test_of_a_relay_the_name_says_whose_a_message_is(federation: Federation) -> None:
    box = Box(federation, "192.0.2.1")
    for name in ("chl-edge1", "DC1-Core1.example.org", "no-router"):
        box.source.take("192.0.2.1", typed_message(name).encode())
    assert [event.target for event in box.events] == [EDGE, CORE]
    assert box.count("unknown-sender") == 1


def test_what_cannot_be_read_is_counted(federation: Federation) -> None:
    box, address = Box(federation), f"{federation.routers['chl-edge1'].management}"
    for data in (b"", b"\xff" * 70000, b"<999>x", b"<13>Feb  5 17:32:18 host prog: text"):
        box.source.take(address, data)
    assert (box.count("malformed"), box.count("other"), box.events) == (3, 1, [])


def test_a_flood_is_not_read_to_its_end_but_is_itself_a_reason_to_look(federation: Federation) -> None:
    box, address = Box(federation), f"{federation.routers['chl-edge1'].management}"
    for _ in range(READ * 4):
        box.source.take(address, b"<13>Feb  5 17:32:18 host prog: text")
    assert box.count("flood") > 0
    assert box.count("other") + box.count("flood") == READ * 4
    assert {event.what for event in box.events} == {"it sends more messages than are read"}


# When a target is looked at


def event(target: TargetId = EDGE, who: str = "") -> Event:
    return Event(target=target, source="test", what="changed", who=who)


def agenda(settle: float = 1.0, looks: int = 100, per_target: int = 10) -> Agenda:
    made = Agenda(settle, looks, per_target)
    made.follow([EDGE, CORE])
    return made


def test_events_close_together_make_one_look() -> None:
    plan = agenda()
    for at in (0.0, 0.5, 1.0):
        plan.tell(event(who="alice"), at)
    assert plan.next_due(1.0) == 2.0
    assert plan.take(1.9) == {}
    (due,) = plan.take(2.0).values()
    assert (due.first, due.events, due.by) == (0.0, 3, ("alice",))
    assert plan.take(100) == {}
    assert plan.next_due(100) is None


def test_a_stream_of_events_does_not_put_a_look_off_for_ever() -> None:
    plan, at, looks = agenda(), 0.0, 0
    while at < 20:
        plan.tell(event(), at)
        looks += len(plan.take(at))
        at += 0.1
    assert 4 <= looks <= 6


def test_an_event_during_a_look_makes_another() -> None:
    plan = agenda()
    plan.tell(event(), 0)
    assert plan.take(1)
    plan.tell(event(), 1.5)
    assert plan.take(3, busy=[EDGE]) == {}
    assert plan.next_due(3, busy=[EDGE]) is None
    assert plan.take(3)


def test_an_undeclared_target_is_no_ones(federation: Federation) -> None:
    del federation
    plan = agenda()
    assert not plan.tell(event(TargetId("other")), 0)
    plan.tell(event(), 0)
    plan.follow([CORE])
    assert plan.take(100) == {}


def test_a_look_that_counted_for_nothing_is_made_again() -> None:
    plan = agenda()
    plan.tell(event(), 0)
    ((target, due),) = plan.take(1).items()
    plan.again(target, due, 6)
    assert plan.take(5) == {}
    assert plan.take(7)[EDGE].first == 0


def test_who_is_remembered_for_a_while_and_not_without_end() -> None:
    plan = agenda()
    for number in range(100):
        plan.tell(event(who=f"person{number}"), 0)
    assert plan.people(EDGE) == tuple(f"person{n}" for n in range(92, 100))
    plan.tell(event(), 600)
    assert plan.take(700)[EDGE].by
    plan.tell(event(), 1000)
    assert plan.take(1002)[EDGE].by == ()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 3), st.sampled_from([EDGE, CORE])), min_size=1, max_size=300),
    st.integers(1, 8),
    st.integers(1, 4),
)
def test_looks_stay_within_their_limits_and_every_event_is_answered(
    told: list[tuple[float, TargetId]], looks: int, per_target: int
) -> None:
    plan = agenda(0.5, looks, per_target)
    now, taken = 0.0, []
    for pause, target in told:
        now += pause
        plan.tell(event(target), now)
        taken += [(now, target) for target in plan.take(now)]
    last = dict.fromkeys({target for _, target in told}, 0.0) | {target: 0.0 for _, target in told}
    at = 0.0
    for pause, target in told:
        at += pause
        last[target] = at
    while (due := plan.next_due(now)) is not None:
        assert due >= now - 1e-9
        now = max(now, due)
        found = plan.take(now)
        assert found, "what next_due promises, take gives"
        taken += [(now, target) for target in found]
    for target, told_at in last.items():
        assert max(when for when, who in taken if who == target) >= told_at
    for start, _ in taken:
        minute = [target for when, target in taken if start <= when < start + 60]
        assert len(minute) <= looks
        assert max(minute.count(target) for target in minute) <= per_target


# Sockets


@pytest.fixture
def heard() -> Iterator[tuple[Receiver, list[tuple[str, bytes]], list[str]]]:
    taken: list[tuple[str, bytes]] = []
    lost: list[str] = []
    addresses = [parse_address("udp://127.0.0.1:0"), parse_address("tcp://127.0.0.1:0")]
    receiver = Receiver(addresses, lambda source, data: taken.append((source, data)), lost.append)
    receiver.open()
    try:
        yield receiver, taken, lost
    finally:
        receiver.close()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_udp_and_tcp(heard: tuple[Receiver, list[tuple[str, bytes]], list[str]]) -> None:
    receiver, taken, lost = heard
    send(receiver.ports[0], "<13>a", "<13>b")
    with socket.create_connection(("127.0.0.1", receiver.ports[1])) as stream:
        stream.sendall(b"5 <13>c<13>d\n<13>e")
    until(lambda: len(taken) == 5)
    assert sorted(taken) == [("127.0.0.1", f"<13>{letter}".encode()) for letter in "abcde"]
    assert lost == []


def test_a_stream_of_nonsense_ends_alone(heard: tuple[Receiver, list[tuple[str, bytes]], list[str]]) -> None:
    receiver, taken, lost = heard
    with (
        socket.create_connection(("127.0.0.1", receiver.ports[1])) as bad,
        socket.create_connection(("127.0.0.1", receiver.ports[1])) as good,
    ):
        bad.sendall(b"9999999 ")
        assert bad.recv(1) == b""
        good.sendall(b"<13>x\n")
        until(lambda: taken)
    assert lost == ["no length before a message"]


def test_connections_are_bounded(heard: tuple[Receiver, list[tuple[str, bytes]], list[str]]) -> None:
    receiver, taken, lost = heard
    streams = [socket.create_connection(("127.0.0.1", receiver.ports[1])) for _ in range(CONNECTIONS + 1)]
    try:
        until(lambda: lost)
        assert lost == ["too many connections"]
        streams[0].sendall(b"<13>x\n")
        until(lambda: taken)
    finally:
        for stream in streams:
            stream.close()


@pytest.mark.parametrize(
    "text",
    ["udp://localhost:514", "127.0.0.1:514", "tls://127.0.0.1:1", "udp://127.0.0.1", "udp://[::1", "udp://127.0.0.1:99999"],
)
def test_an_address_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="no address to receive syslog at"):
        parse_address(text)


def test_an_address_in_use_is_said_so() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        receiver = Receiver([parse_address(f"udp://127.0.0.1:{taken.getsockname()[1]}")], lambda *_: None, lambda _: None)
        with pytest.raises(UsageError, match="Syslog cannot be received"):
            receiver.open()
