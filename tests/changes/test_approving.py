"""Who may agree to a change, and every way in which a signature is none."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.crowd import Crowd
from tests.support.proposals import EDGES, digest, plan, propose

from luxops.changes import (
    NAMESPACE,
    ApprovalRefusedError,
    ChangeBook,
    Proposal,
    Reason,
    SignatureError,
    requester,
    sign,
    statement,
)
from luxops.changes.signatures import holds, read_signature
from luxops.errors import UsageError
from luxops.federation.schema import Person
from luxops.model import ChangeEffect, ChangeId, ChangeState, Override, utc_now
from luxops.store import Store

pytestmark = pytest.mark.slow


def refused(
    book: ChangeBook,
    proposal: Proposal,
    signature: bytes,
    crowd: Crowd,
    *,
    now: datetime | None = None,
    people: Sequence[Person] | None = None,
    named: str = "",
) -> ApprovalRefusedError:
    """The refusal; it says why and what to do, and nothing was recorded."""
    before = book.approvals(proposal.id)
    with pytest.raises(ApprovalRefusedError) as caught:
        book.approve(proposal.id, signature, people or crowd.declared, now or utc_now(), named=named)
    assert caught.value.why
    assert caught.value.remedy
    assert book.approvals(proposal.id) == before
    return caught.value


def test_another_network_admin_approves(book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(book)
    assert book.change(proposal.id).state is ChangeState.PLANNED
    given = book.approve(proposal.id, crowd.sign("network-admin-2", statement(proposal)), crowd.declared, utc_now())
    assert (given.person, given.roles) == ("network-admin-2", ("network-admin",))
    assert given.key == crowd.fingerprint("network-admin-2")
    assert book.approvals(proposal.id) == (given,)
    assert book.change(proposal.id).state is ChangeState.APPROVED


def test_whoever_requested_it_cannot_approve_it(book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(book)
    error = refused(book, proposal, crowd.sign("network-admin-1", statement(proposal)), crowd)
    assert error.reason is Reason.REQUESTER


@pytest.mark.parametrize("person", ["engineer-1", "auditor-1"])
def test_it_takes_the_role(book: ChangeBook, crowd: Crowd, person: str) -> None:
    proposal = propose(book)
    error = refused(book, proposal, crowd.sign(person, statement(proposal)), crowd)
    assert error.reason is Reason.ROLE
    assert "network-admin or security-officer" in error.why


def test_nobody_may_approve_changes_of_a_domain_without_approvers(book: ChangeBook, crowd: Crowd) -> None:
    body = plan("x")
    proposal = book.propose("cloud", "cloud up", digest(body), body, EDGES, "engineer-1")
    error = refused(book, proposal, crowd.sign("security-officer-1", statement(proposal)), crowd)
    assert error.reason is Reason.ROLE


def test_an_approval_of_another_change_is_named(book: ChangeBook, crowd: Crowd) -> None:
    one, other = propose(book, "line a"), propose(book, "line b")
    error = refused(book, one, crowd.sign("network-admin-2", statement(other)), crowd)
    assert error.reason is Reason.OTHER_CHANGE
    assert other.id in error.what
    assert str(other.digest) in error.why


def test_another_digest_does_not_fit(book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(book)
    text = statement(proposal).replace(proposal.digest.encode(), digest(plan("else")).encode())
    error = refused(book, proposal, crowd.sign("network-admin-2", text), crowd)
    assert error.reason is Reason.BROKEN


def test_a_key_that_nobody_declares(book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(book)
    error = refused(book, proposal, crowd.sign("stranger", statement(proposal)), crowd)
    assert error.reason is Reason.UNKNOWN_KEY
    assert "SHA256:" in error.what


def test_a_key_of_two_people_says_not_who_signed(book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(book)
    two = (*crowd.declared, Person(id="twin", roles=crowd.declared[1].roles, ssh_keys=(crowd.public("network-admin-2"),)))
    error = refused(book, proposal, crowd.sign("network-admin-2", statement(proposal)), crowd, people=two)
    assert error.reason is Reason.SHARED_KEY


def test_a_signature_for_another_purpose(book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(book)
    error = refused(book, proposal, crowd.sign("network-admin-2", statement(proposal), namespace="git"), crowd)
    assert error.reason is Reason.OTHER_CHANGE
    assert "`git`" in error.why


def test_a_signature_that_claims_our_purpose_by_a_changed_name(book: ChangeBook, crowd: Crowd) -> None:
    """The namespace inside the signature is signed too: rewriting it there breaks it."""
    proposal = propose(book)
    other = "x" * len(NAMESPACE)
    made = read_signature(crowd.sign("network-admin-2", statement(proposal), namespace=other))
    blob = base64.b64decode("".join(made.armoured.splitlines()[1:-1])).replace(other.encode(), NAMESPACE.encode())
    forged = f"-----BEGIN SSH SIGNATURE-----\n{base64.b64encode(blob).decode()}\n-----END SSH SIGNATURE-----\n"
    assert refused(book, proposal, forged.encode(), crowd).reason is Reason.BROKEN


@pytest.mark.parametrize(
    "content",
    [
        b"", b"yes", b"\xff\xfe", b"x" * 100_000,
        b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----",
        b"-----BEGIN SSH SIGNATURE-----\n!!!\n-----END SSH SIGNATURE-----",
        b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAf////8=\n-----END SSH SIGNATURE-----",
        b"-----BEGIN PGP SIGNATURE-----\nU1NIU0lH\n-----END PGP SIGNATURE-----",
    ],
)  # fmt: skip
def test_what_is_no_signature(book: ChangeBook, crowd: Crowd, content: bytes) -> None:
    assert refused(book, propose(book), content, crowd).reason is Reason.BROKEN


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_changed_bit_of_a_signature_still_holds(crowd: Crowd, place: int, bit: int) -> None:
    """Whatever else a changed armour may still say, it never says that someone else, or something else, was signed."""
    proposal = MADE
    good = bytearray(_signed(crowd, proposal))
    good[place % len(good)] ^= 1 << bit
    try:
        signature = read_signature(bytes(good))
    except SignatureError:
        return
    person = next(p for p in crowd.declared if p.id == "network-admin-2")
    if holds(signature, statement(proposal), person):
        # Only white space of the armour may differ, or padding bits that base64 ignores.
        assert signature.key == read_signature(_signed(crowd, proposal)).key
        assert signature.namespace == NAMESPACE


_SIGNED: dict[str, bytes] = {}


def _signed(crowd: Crowd, proposal: Proposal) -> bytes:
    if proposal.id not in _SIGNED:
        _SIGNED[proposal.id] = crowd.sign("network-admin-2", statement(proposal))
    return _SIGNED[proposal.id]


NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MADE = Proposal(
    id=ChangeId("20260302T120000Z-00000000"), domain="network", title="network plan chl-edge1", digest=digest(plan("a")),
    body=plan("a"), subjects=EDGES, requested_by="network-admin-1", account="ops@bastion", proposed=NOON,
    expires=NOON + timedelta(days=7),
)  # fmt: skip

words = st.text(st.characters(codec="utf-8"), max_size=20)


@given(title=words, reason=words, refusals=st.lists(words, max_size=3), subjects=st.lists(words.map(str), max_size=3))
def test_two_changes_never_have_the_same_text(title: str, reason: str, refusals: list[str], subjects: list[str]) -> None:
    other = MADE.model_copy(
        update={"title": title, "override": Override(reason=reason, refusals=tuple(refusals)), "subjects": tuple(subjects)}
    )
    text = statement(other)
    lines = text.decode("ascii").splitlines()
    # As many lines as there are things to say: nothing that is told can pass for another line.
    assert len(lines) == 13 + len(refusals) + len(subjects)
    assert [line for line in lines if line.startswith("digest: ")] == [f"digest: {MADE.digest}"]
    assert text != statement(MADE)


@pytest.mark.parametrize(
    "change",
    [
        {"id": ChangeId("20260302T120000Z-00000001")}, {"digest": digest(plan("b"))}, {"body": plan("b")},
        {"subjects": EDGES[:1]}, {"requested_by": "network-admin-2"}, {"emergency": True}, {"title": "another"},
        {"expires": NOON + timedelta(days=8)}, {"override": Override(reason="it must", refusals=())}, {"domain": "cloud"},
    ],
)  # fmt: skip
def test_every_part_of_a_change_is_signed(change: dict[str, object]) -> None:
    assert statement(MADE.model_copy(update=change)) != statement(MADE)


def test_each_person_counts_once(book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(book, emergency=True)
    signature = crowd.sign("network-admin-2", statement(proposal))
    book.approve(proposal.id, signature, crowd.declared, utc_now())
    assert refused(book, proposal, signature, crowd).reason is Reason.TWICE
    assert book.change(proposal.id).state is ChangeState.PLANNED
    book.approve(proposal.id, crowd.sign("security-officer-1", statement(proposal)), crowd.declared, utc_now())
    assert book.change(proposal.id).state is ChangeState.APPROVED


def test_an_expired_change_takes_no_approval(store: Store, crowd: Crowd) -> None:
    book = ChangeBook(store, valid_for=timedelta(days=2))
    proposal = propose(book)
    signature = crowd.sign("network-admin-2", statement(proposal))
    error = refused(book, proposal, signature, crowd, now=proposal.proposed + timedelta(days=2))
    assert error.reason is Reason.EXPIRED
    assert "Plan again" in error.remedy
    book.approve(proposal.id, signature, crowd.declared, proposal.proposed + timedelta(days=2, seconds=-1))


def test_the_person_who_is_named_must_have_signed(book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(book)
    signature = crowd.sign("network-admin-2", statement(proposal))
    assert refused(book, proposal, signature, crowd, named="security-officer-1").reason is Reason.OTHER_PERSON
    assert book.approve(proposal.id, signature, crowd.declared, utc_now(), named="network-admin-2")


def test_a_change_that_was_begun_takes_no_approval(book: ChangeBook, crowd: Crowd) -> None:
    proposal = propose(book)
    signature = crowd.sign("network-admin-2", statement(proposal))
    with book._log.carry_out(book.change(proposal.id)) as record:
        assert refused(book, proposal, signature, crowd).reason is Reason.OVER
        record.effect(ChangeEffect(subject="chl-edge1", action="push", outcome="done"))
        record.end(ChangeState.DONE)
    assert refused(book, proposal, signature, crowd).reason is Reason.OVER


def test_luxops_signs_by_ssh_keygen_alone(book: ChangeBook, crowd: Crowd, tmp_path: Path) -> None:
    proposal = propose(book)
    assert book.approve(proposal.id, sign(statement(proposal), crowd.key("network-admin-2")), crowd.declared, utc_now())
    with pytest.raises(UsageError, match="There is no key at"):
        sign(b"x", tmp_path / "none")
    (tmp_path / "broken").write_text("no key")
    (tmp_path / "broken").chmod(0o600)
    with pytest.raises(SignatureError) as caught:
        sign(b"x", tmp_path / "broken")
    assert caught.value.why


def test_without_ssh_keygen_nothing_is_approved(book: ChangeBook, crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = propose(book)
    signature = crowd.sign("network-admin-2", statement(proposal))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SignatureError, match="There is no ssh-keygen"):
        book.approve(proposal.id, signature, crowd.declared, utc_now())
    assert book.approvals(proposal.id) == ()


@pytest.mark.parametrize("named", ["", "ops@bastion", "Bob"])
def test_a_change_needs_a_person_who_requests_it(book: ChangeBook, named: str) -> None:
    with pytest.raises(UsageError, match="requested by a person"):
        propose(book, by=named)


def test_who_requests_is_someone_the_inventory_knows(crowd: Crowd) -> None:
    assert requester("network-admin-1", crowd.declared) == "network-admin-1"
    with pytest.raises(UsageError, match="Nobody is named"):
        requester("", crowd.declared)
    with pytest.raises(UsageError, match="did you mean `network-admin-1`"):
        requester("network-admin1", crowd.declared)
