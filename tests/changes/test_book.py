"""Proposals, and what becomes of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.support.crowd import Crowd
from tests.support.proposals import EDGES, HANDED_IN, digest, plan, propose

from luxops.changes import ChangeBook, ChangeTakenError, GatesShutError, Proposal, statement
from luxops.errors import UsageError
from luxops.federation import Federation
from luxops.model import ChangeEffect, ChangeState, Override, utc_now
from luxops.store import FenceLostError, Store, tables
from luxops.store.processes import this_machine

pytestmark = pytest.mark.slow


def approved(book: ChangeBook, crowd: Crowd, *lines: str) -> Proposal:
    """One that may be begun at any time: an emergency, with both approvals."""
    proposal = propose(book, *lines, emergency=True)
    for person in ("network-admin-2", "security-officer-1"):
        book.approve(proposal.id, crowd.sign(person, statement(proposal)), crowd.declared, utc_now())
    return proposal


def test_a_proposal_comes_back_as_it_was_made(book: ChangeBook) -> None:
    override = Override(reason="the fibre is cut", refusals=("paths: chl loses its spare",))
    made = propose(book, "ip prefix-list Ü permit 10.0.0.0/8 \x00", override=override, emergency=True)
    assert book.proposal(made.id) == made
    assert statement(book.proposal(made.id)) == statement(made)
    assert made.expires - made.proposed == timedelta(days=7)
    assert made.subjects == EDGES


def test_the_same_plan_that_still_waits_is_the_same_change(book: ChangeBook, crowd: Crowd) -> None:
    first = propose(book, "a")
    book.approve(first.id, crowd.sign("network-admin-2", statement(first)), crowd.declared, utc_now())
    assert propose(book, "a") == first
    assert propose(book, "b").id != first.id
    assert propose(book, "a", emergency=True).id != first.id
    assert propose(book, "a", override=Override(reason="x", refusals=())).id != first.id
    with book._log.carry_out(book.change(first.id)) as record:
        assert propose(book, "a").id != first.id
        record.end(ChangeState.DONE)
    assert len(book.changes()) == 5


def test_one_that_has_expired_waits_no_more(store: Store) -> None:
    first = propose(ChangeBook(store, valid_for=timedelta(0)), "a")
    assert ChangeBook(store).change(first.id).state is ChangeState.EXPIRED
    assert propose(ChangeBook(store), "a").id != first.id


def test_an_unknown_one_is_told(book: ChangeBook) -> None:
    known = propose(book).id
    for look in (book.proposal, book.change, book.settle):
        with pytest.raises(UsageError, match=f"did you mean `{known}`"):
            look(known[:-1])


def test_nothing_begins_while_a_gate_is_shut(book: ChangeBook, federation: Federation) -> None:
    proposal = propose(book, emergency=True)
    with pytest.raises(GatesShutError) as caught:
        book.begin(proposal.id, federation, HANDED_IN)
    assert [r.gate for r in caught.value.refusals] == ["approval"]
    assert proposal.id in caught.value.diagnosis()
    assert book.change(proposal.id).began is None


def test_an_approved_change_is_carried_out_once(book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    proposal = approved(book, crowd)
    with book.begin(proposal.id, federation, HANDED_IN) as record:
        assert book.change(proposal.id).state is ChangeState.RUNNING
        with pytest.raises(ChangeTakenError, match="is being carried out"):
            book.begin(proposal.id, federation, HANDED_IN)
        with book.fence("chl-edge1", f"change {proposal.id}") as fence:
            record.intent("chl-edge1", "push", fence.token)
            (intent,) = book.change(proposal.id).intents
            assert (intent.subject, intent.token, intent.open) == ("chl-edge1", 1, True)
            record.effect(ChangeEffect(subject="chl-edge1", action="push", outcome="done"))
        record.end(ChangeState.DONE)
    done = book.change(proposal.id)
    assert (done.state, done.person, done.emergency, done.intents[0].open) == (ChangeState.DONE, "network-admin-1", True, False)
    assert [a.person for a in done.approvals] == ["network-admin-2", "security-officer-1"]
    assert done.effects[0].at is not None
    with pytest.raises(ChangeTakenError, match="is over: done"):
        book.begin(proposal.id, federation, HANDED_IN)
    assert propose(book, emergency=True).id != proposal.id


def test_an_interrupted_one_tells_on_restart_at_which_device_it_was(
    book: ChangeBook, crowd: Crowd, federation: Federation
) -> None:
    proposal = approved(book, crowd)
    with book.begin(proposal.id, federation, HANDED_IN) as record:
        record.intent("chl-edge1", "push")
        record.effect(ChangeEffect(subject="chl-edge1", action="push", outcome="done"))
        record.intent("chl-edge2", "push")
    assert book.change(proposal.id).state is ChangeState.INTERRUPTED
    with book.begin(proposal.id, federation, HANDED_IN) as again:
        intents, effects = again.journal()
        assert [i.subject for i in intents if i.open] == ["chl-edge2"]
        assert [(e.subject, e.action) for e in effects] == [("chl-edge1", "push"), ("", "resume")]
        again.intent("chl-edge2", "push")
        again.effect(ChangeEffect(subject="chl-edge2", action="push", outcome="done", detail="was in force already"))
        again.end(ChangeState.DONE)
    assert not any(intent.open for intent in book.change(proposal.id).intents)


def test_one_that_is_settled_does_nothing_more(book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    proposal = approved(book, crowd)
    with book.begin(proposal.id, federation, HANDED_IN) as record:
        record.intent("chl-edge1", "push")
    with book.settle(proposal.id) as record:
        with pytest.raises(UsageError, match="settled"):
            record.intent("chl-edge1", "push")
        record.effect(ChangeEffect(subject="chl-edge1", action="push", outcome="rolled-back", detail="by its own timer"))
        record.end(ChangeState.ROLLED_BACK)
    assert book.change(proposal.id).state is ChangeState.ROLLED_BACK


def test_a_plan_that_was_altered_in_the_store_has_no_approval(
    book: ChangeBook, store: Store, crowd: Crowd, federation: Federation
) -> None:
    proposal = approved(book, crowd)
    with store.write() as connection:
        connection.execute(update(tables.proposals).values(body='{"devices": []}'))
    with pytest.raises(GatesShutError) as caught:
        book.begin(proposal.id, federation, HANDED_IN)
    assert "it needs 2 approvals and has 0" in caught.value.why
    assert "does not fit" in caught.value.why


def test_an_old_right_writes_no_intent(book: ChangeBook, crowd: Crowd, federation: Federation) -> None:
    proposal = approved(book, crowd)
    with book.begin(proposal.id, federation, HANDED_IN) as record:
        with book.fence("chl-edge1", "one") as old:
            pass
        with pytest.raises(FenceLostError, match="was lost"):
            record.intent("chl-edge1", "push", old.token)
        with book.fence("chl-edge1", "another"), pytest.raises(FenceLostError, match="was lost"):
            record.intent("chl-edge1", "push", old.token)
        assert book.change(proposal.id).intents == ()
        record.end(ChangeState.FAILED)


def test_a_change_that_someone_else_has_taken_up_is_not_ended_by_the_first(
    book: ChangeBook, store: Store, crowd: Crowd, federation: Federation
) -> None:
    record = book.begin(approved(book, crowd).id, federation, HANDED_IN)
    with store.write() as connection:
        connection.execute(update(tables.changes).values(machine="boot:another:[1]"))
    with pytest.raises(ChangeTakenError):
        record.end(ChangeState.DONE)
    with pytest.raises(ChangeTakenError):
        record.intent("chl-edge1", "push")
    assert book.changes()[0].state is ChangeState.RUNNING


@pytest.mark.parametrize(("minutes", "state"), [(9, ChangeState.RUNNING), (11, ChangeState.INTERRUPTED)])
def test_a_change_of_another_machine_lives_while_it_says_so(
    book: ChangeBook, store: Store, minutes: int, state: ChangeState
) -> None:
    with book.record("cloud", "cloud up", digest(plan("a"))) as record:
        with store.write() as connection:
            silent = utc_now() - timedelta(minutes=minutes)
            connection.execute(update(tables.changes).values(machine="boot:another:[1]", heartbeat=silent))
        assert book.change(record.change.id).state is state
        with store.write() as connection:
            connection.execute(update(tables.changes).values(machine=this_machine()))
        record.end(ChangeState.DONE)


def test_changes_lists_what_waits_and_what_was_done(book: ChangeBook) -> None:
    propose(book, "a")
    with ChangeBook(book._store, person="engineer-1").record("cloud", "cloud up chl", digest(plan("b"))) as record:
        record.end(ChangeState.DONE)
    propose(book, "c", emergency=True)
    listed = book.changes()
    assert [(c.domain, c.state, c.emergency) for c in listed] == [
        ("network", ChangeState.PLANNED, True), ("cloud", ChangeState.DONE, False), ("network", ChangeState.PLANNED, False),
    ]  # fmt: skip
    assert [c.person for c in listed] == ["network-admin-1", "engineer-1", "network-admin-1"]
    assert [c.id for c in book.changes(limit=1)] == [listed[0].id]
