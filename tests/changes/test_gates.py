"""What must hold before a change begins: what was not looked at is shut."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.crowd import Crowd
from tests.support.proposals import HANDED_IN, OpenGate, propose

from luxops.changes import GATES, ChangeBook, Gate, GateContext, Proposal, Refusal, refusals, statement
from luxops.errors import LuxopsError
from luxops.federation import Federation
from luxops.federation.schema import Role
from luxops.model import utc_now

TUESDAY_NIGHT = datetime(2026, 3, 3, 21, 30, tzinfo=UTC)
"""22:30 in Luxembourg."""
TUESDAY_MORNING = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def agreed(book: ChangeBook, crowd: Crowd, *people: str, emergency: bool = False) -> Proposal:
    proposal = propose(book, emergency=emergency)
    for person in people:
        book.approve(proposal.id, crowd.sign(person, statement(proposal)), crowd.declared, utc_now())
    return proposal


def shut(
    book: ChangeBook, proposal: Proposal, federation: Federation, now: datetime, gates: Sequence[Gate] = HANDED_IN
) -> list[Refusal]:
    found = refusals(proposal, book.context(proposal.id, federation, now), gates)
    assert all(r.what and r.why and r.remedy for r in found)
    return list(found)


def test_all_four_are_open(book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    assert GATES["network"] == ("approval", "window", "policies", "paths")
    assert shut(book, agreed(book, crowd, "network-admin-2"), federation, TUESDAY_NIGHT) == []


def test_every_gate_that_is_shut_is_told_at_once(book: ChangeBook, federation: Federation) -> None:
    found = shut(book, propose(book), federation, TUESDAY_MORNING, ())
    assert [r.gate for r in found] == ["approval", "window", "policies", "paths"]
    assert found[2].what == "nobody has looked"


def test_a_gate_that_cannot_be_asked_is_shut(book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    class Blind:
        name = "paths"

        def check(self, proposal: Proposal, context: GateContext) -> Refusal | None:
            del proposal, context
            raise LuxopsError("the routers were not reached", why="no answer", remedy="Try again.")

    found = shut(book, agreed(book, crowd, "network-admin-2"), federation, TUESDAY_NIGHT, (OpenGate("policies"), Blind()))
    assert [(r.gate, r.what) for r in found] == [("paths", "it could not be found out: the routers were not reached")]


def test_nobody_stands_in_for_the_gates_of_the_room(book: ChangeBook, federation: Federation) -> None:
    stand_ins = (*HANDED_IN, OpenGate("approval"), OpenGate("window"))
    assert [r.gate for r in shut(book, propose(book), federation, TUESDAY_MORNING, stand_ins)] == ["approval", "window"]


def test_a_domain_without_gates_begins_nothing(book: ChangeBook, federation: Federation) -> None:
    proposal = propose(book).model_copy(update={"domain": "hosts"})
    assert [r.gate for r in shut(book, proposal, federation, TUESDAY_NIGHT)] == ["gates"]


@pytest.mark.parametrize(
    ("people", "open_"),
    [((), False), (("network-admin-2",), False), (("network-admin-2", "security-officer-1"), True)],
)
def test_an_emergency_takes_two_people_and_opens_at_any_time(
    book: ChangeBook, crowd: Crowd, federation: Federation, people: tuple[str, ...], *, open_: bool
) -> None:
    found = shut(book, agreed(book, crowd, *people, emergency=True), federation, TUESDAY_MORNING)
    assert [r.gate for r in found] == ([] if open_ else ["approval"])
    if not open_:
        assert found[0].what == f"it needs 2 approvals and has {len(people)}"


def with_people(federation: Federation, **changes: object) -> Federation:
    people = tuple(
        person.model_copy(update=changes) if person.id == "network-admin-2" else person for person in federation.file.people
    )
    return federation.model_copy(update={"file": federation.file.model_copy(update={"people": people})})


def test_who_has_lost_the_role_or_the_key_since_has_lost_the_say(
    book: ChangeBook, crowd: Crowd, federation: Federation
) -> None:
    proposal = agreed(book, crowd, "network-admin-2")
    for changed in ({"roles": (Role.AUDITOR,)}, {"ssh_keys": (crowd.public("stranger"),)}):
        (refusal,) = shut(book, proposal, with_people(federation, **changed), TUESDAY_NIGHT)
        assert refusal.what == "it needs 1 approval and has 0"
        assert "that of network-admin-2 does not count" in refusal.why


def test_a_requester_whom_nobody_knows_any_more(book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    proposal = agreed(book, crowd, "network-admin-2")
    gone = federation.file.people[1:]
    without = federation.model_copy(update={"file": federation.file.model_copy(update={"people": gone})})
    (refusal,) = shut(book, proposal, without, TUESDAY_NIGHT)
    assert "cannot be told" in refusal.what


def test_an_expired_change_begins_no_more(book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    proposal = agreed(book, crowd, "network-admin-2", "security-officer-1", emergency=True)
    assert shut(book, proposal, federation, proposal.expires - timedelta(seconds=1)) == []
    (refusal,) = shut(book, proposal, federation, proposal.expires)
    assert "has expired" in refusal.what


@pytest.mark.parametrize(
    ("now", "why", "remedy"),
    [
        (TUESDAY_MORNING, "network changes: Tue 22:00-24:00", "It opens next at Tue 2026-03-03 22:00 (UTC+0100)"),
        (TUESDAY_NIGHT + timedelta(hours=2), "network changes: Tue 22:00-24:00", "Tue 2026-03-10 22:00 (UTC+0100)"),
        (datetime(2026, 3, 29, 12, 0, tzinfo=UTC), "network changes", "Tue 2026-03-31 22:00 (UTC+0200)"),
    ],
)
def test_a_closed_window_says_when_it_opens(
    book: ChangeBook, crowd: Crowd, federation: Federation, now: datetime, why: str, remedy: str
) -> None:
    (refusal,) = shut(book, agreed(book, crowd, "network-admin-2"), federation, now)
    assert why in refusal.why
    assert remedy in refusal.remedy
    assert "emergency" in refusal.remedy


def test_a_window_that_opens_after_the_change_expires_says_so(book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    proposal = agreed(book, crowd, "network-admin-2")
    soon = proposal.model_copy(update={"expires": TUESDAY_MORNING + timedelta(hours=1)})
    found = {r.gate: r for r in shut(book, soon, federation, TUESDAY_MORNING)}
    assert "The change expires before" in found["window"].remedy


def test_a_care_window_is_named(book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    hospital = federation.hospital("chl")
    care = hospital.care_windows.model_copy(update={"avoid": ("Tue 22:15-23:00",)})
    hospitals = dict(federation.hospitals) | {"chl": hospital.model_copy(update={"care_windows": care})}
    narrowed = federation.model_copy(update={"hospitals": hospitals})
    (refusal,) = shut(book, agreed(book, crowd, "network-admin-2"), narrowed, TUESDAY_NIGHT)
    assert refusal.why == "it is a care window of chl"
    assert "23:00 (UTC+0100)" in refusal.remedy


def test_where_no_window_is_declared_nothing_begins(book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    bare = federation.model_copy(update={"file": federation.file.model_copy(update={"change_windows": ()})})
    for emergency, name in ((False, "network"), (True, "emergency")):
        proposal = agreed(book, crowd, "network-admin-2", "security-officer-1", emergency=emergency)
        (refusal,) = shut(book, proposal, bare, TUESDAY_NIGHT)
        assert refusal.why == f"no window called `{name}` is declared"
