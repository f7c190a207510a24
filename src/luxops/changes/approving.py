"""Whether one signature is an approval of one change: asked when it is given, and again before the change begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from luxops.changes import signatures
from luxops.changes.nouns import ApprovalRefusedError, Proposal, Reason
from luxops.changes.people import approvers_told, may_approve
from luxops.changes.signatures import Signature, SignatureError
from luxops.changes.wording import NAMESPACE, statement
from luxops.federation.schema import Person


def approver_of(
    proposal: Proposal, content: bytes, people: Sequence[Person], now: datetime, others: Iterable[Proposal] = ()
) -> tuple[Person, Signature]:
    """Who has approved. Raises ApprovalRefusedError with the reason, SignatureError where ssh-keygen cannot be asked.

    `others`: changes to look among for the one that a signature does fit, so that the refusal can name it.
    """
    check_time(proposal, now)
    try:
        signature = signatures.read_signature(content)
    except SignatureError as error:
        raise ApprovalRefusedError(Reason.BROKEN, error.what, why=error.why, remedy=error.remedy) from None
    person = _owner(signature, people)
    _check_statement(proposal, signature, person, others)
    if person.id == proposal.requested_by:
        raise ApprovalRefusedError(
            Reason.REQUESTER, f"{person.id} requested change {proposal.id} and cannot approve it",
            why="two people look at every change", remedy=f"Ask another {approvers_told(proposal.domain)} to approve it.",
        )  # fmt: skip
    if not may_approve(person, proposal.domain):
        raise ApprovalRefusedError(
            Reason.ROLE, f"{person.id} may not approve changes of the {proposal.domain}",
            why=f"the inventory gives the roles {', '.join(person.roles)}; it takes {approvers_told(proposal.domain)}",
            remedy=f"Ask a {approvers_told(proposal.domain)}.",
        )  # fmt: skip
    return person, signature


def check_time(proposal: Proposal, now: datetime) -> None:
    """Raises ApprovalRefusedError where the change has waited too long."""
    if now >= proposal.expires:
        raise ApprovalRefusedError(
            Reason.EXPIRED, f"Change {proposal.id} has expired",
            why=f"it was planned at {proposal.proposed:%Y-%m-%d %H:%M} UTC and could be approved and begun until "
            f"{proposal.expires:%Y-%m-%d %H:%M} UTC",
            remedy="Plan again: the same plan becomes a new change, with approvals of its own.",
        )  # fmt: skip


def _owner(signature: Signature, people: Sequence[Person]) -> Person:
    found = signatures.owners(signature.key, people)
    if not found:
        raise ApprovalRefusedError(
            Reason.UNKNOWN_KEY, f"Nobody is known by the key {signature.fingerprint}",
            why="the inventory declares it for no person",
            remedy="Sign with a key that stands under `people` in federation.yaml, or have it declared there first.",
        )  # fmt: skip
    if len(found) > 1:
        raise ApprovalRefusedError(
            Reason.SHARED_KEY, f"The key {signature.fingerprint} does not say who signed",
            why="the inventory declares it for " + " and ".join(person.id for person in found),
            remedy="Give each person keys of their own in federation.yaml.",
        )  # fmt: skip
    return found[0]


def _check_statement(proposal: Proposal, signature: Signature, person: Person, others: Iterable[Proposal]) -> None:
    if signature.namespace == NAMESPACE and signatures.holds(signature, statement(proposal), person):
        return
    if signature.namespace != NAMESPACE:
        raise ApprovalRefusedError(
            Reason.OTHER_CHANGE, "The signature was made for another purpose",
            why=f"its namespace is `{signature.namespace}`, that of an approval `{NAMESPACE}`",
            remedy=f"Sign with `ssh-keygen -Y sign -n {NAMESPACE}`.",
        )  # fmt: skip
    for other in others:
        if other.id != proposal.id and signatures.holds(signature, statement(other), person):
            raise ApprovalRefusedError(
                Reason.OTHER_CHANGE, f"The signature approves change {other.id}, not {proposal.id}",
                why=f"that one has the digest {other.digest}, this one {proposal.digest}",
                remedy=f"Look at `luxops network show {proposal.id}` and sign what its `approve --print` prints.",
            )  # fmt: skip
    raise ApprovalRefusedError(
        Reason.BROKEN, f"The signature of {person.id} does not fit change {proposal.id}",
        why="it is broken, or the signed text is another one: another plan, digest, requester or expiry",
        remedy=f"Sign exactly what `luxops network approve {proposal.id} --print` prints.",
    )  # fmt: skip
