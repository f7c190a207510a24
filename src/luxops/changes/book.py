"""A change's life in every domain: proposed, approved, begun, journalled, and one at a time on a device."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from luxops.changes import gates, ledger
from luxops.changes.approving import approver_of, check_time
from luxops.changes.gates import Gate, GateContext
from luxops.changes.nouns import ApprovalRefusedError, GatesShutError, Proposal, Reason
from luxops.changes.people import check_requester
from luxops.federation import Federation
from luxops.federation.schema import Person
from luxops.model import Approval, Change, ChangeState, Digest, Override, TargetId, utc_now
from luxops.model.base import canonical_json
from luxops.store import ChangeLog, ChangeRecord, Fence, HeldFence, Store, fences, processes, tables
from luxops.store.changelog import new_change_id, unknown_change

VALID_FOR = timedelta(days=7)
_NEIGHBOURS = 20
"""Other changes tried when a signature does not fit, to name the one that it does fit."""
_WAITING = frozenset({ChangeState.PLANNED, ChangeState.APPROVED})


class ChangeBook:
    """Over the store. Safe to use from several processes at once; every method raises StoreError where the store cannot."""

    def __init__(
        self, store: Store, *, valid_for: timedelta = VALID_FOR, lease: timedelta = fences.LEASE, person: str = ""
    ) -> None:
        """`valid_for`: how long a change may wait; `lease`: how long a silent holder keeps a device; `person`: who asks."""
        self._store = store
        self._log = ChangeLog(store, person)
        self._valid_for = valid_for
        self._lease = lease

    # Proposing and approving

    def propose(  # noqa: PLR0913 - a proposal has these parts
        self,
        domain: str,
        title: str,
        digest: Digest,
        body: Mapping[str, Any],
        subjects: Sequence[TargetId],
        requested_by: str,
        *,
        emergency: bool = False,
        override: Override | None = None,
    ) -> Proposal:
        """Write down a planned change. The same plan that still waits gives the same proposal again, with its approvals.

        Raises UsageError where `requested_by` is no person's id.
        """
        check_requester(requested_by)
        now = utc_now()
        # The JSON form is what is kept and signed: what comes back from the store must be equal to it.
        plain = _json(body)
        with self._store.write() as connection:
            for earlier in ledger.with_digest(connection, domain, digest):
                same = (earlier.emergency, earlier.override) == (emergency, override)
                if same and self._state(connection, earlier, now) in _WAITING:
                    return earlier
            proposal = Proposal(
                id=new_change_id(), domain=domain, title=title, digest=digest, body=plain, subjects=tuple(subjects),
                requested_by=requested_by, account=processes.account(), proposed=now, expires=now + self._valid_for,
                emergency=emergency, override=override,
            )  # fmt: skip
            ledger.insert_proposal(connection, proposal)
        return proposal

    def proposal(self, change_id: str) -> Proposal:
        """Raises UsageError for an unknown id, and for a change that was begun without a proposal."""
        with self._store.read() as connection:
            found = ledger.find_proposal(connection, change_id)
            if found is None:
                known = list(
                    connection.scalars(select(tables.proposals.c.id).order_by(tables.proposals.c.number.desc()).limit(50))
                )
                raise unknown_change(change_id, known)
        return found

    def approve(
        self, change_id: str, signature: bytes, people: Sequence[Person], now: datetime, *, named: str = ""
    ) -> Approval:
        """Record an approval. Raises ApprovalRefusedError with the reason; then nothing was recorded.

        `named`: who says to have signed; the key alone decides who has, and must agree.
        """
        proposal = self.check_waiting(change_id, now)
        person, read = approver_of(proposal, signature, people, now, self._neighbours(proposal))
        if named not in {"", person.id}:
            raise ApprovalRefusedError(
                Reason.OTHER_PERSON, f"{named} has not signed this", why=f"the key {read.fingerprint} is that of {person.id}",
                remedy=f"Sign with the key of {named}, or leave out whose it is.",
            )  # fmt: skip
        roles = tuple(role.value for role in person.roles)
        approval = Approval(person=person.id, roles=roles, key=read.fingerprint, approved=now, signature=read.armoured)
        with self._store.write() as connection:
            self._check_waiting(connection, proposal, now)
            if any(given.person == person.id for given in ledger.approvals_of(connection, proposal.id)):
                raise ApprovalRefusedError(
                    Reason.TWICE, f"{person.id} has approved change {proposal.id} already", why="each person counts once",
                    remedy="Nothing is left to do for them. An emergency needs a second person.",
                )  # fmt: skip
            ledger.insert_approval(connection, proposal, approval)
        return approval

    def _neighbours(self, proposal: Proposal) -> Iterator[Proposal]:
        with self._store.read() as connection:
            yield from ledger.newest_proposals(connection, proposal.domain, _NEIGHBOURS)

    def check_waiting(self, change_id: str, now: datetime) -> Proposal:
        """The proposal, if it can still be approved. Raises ApprovalRefusedError where it is begun, over or expired."""
        proposal = self.proposal(change_id)
        with self._store.read() as connection:
            self._check_waiting(connection, proposal, now)
        return proposal

    def approvals(self, change_id: str) -> tuple[Approval, ...]:
        """In the order in which they were given. They were good when they were given; gates judge them again."""
        with self._store.read() as connection:
            return ledger.approvals_of(connection, change_id)

    # Carrying out

    def context(self, change_id: str, federation: Federation, now: datetime) -> GateContext:
        """What gates look at."""
        return GateContext(federation, self.approvals(change_id), now)

    def begin(
        self, change_id: str, federation: Federation, handed_in: Sequence[Gate], now: datetime | None = None
    ) -> ChangeRecord:
        """Begin a change, or take up one that was interrupted: its record's journal then tells how far it came.

        `handed_in`: the domain's own gates. Raises GatesShutError with every gate that is shut, ChangeTakenError where the
        change is being carried out or is over.
        """
        proposal = self.proposal(change_id)
        now = now or utc_now()
        found = gates.refusals(proposal, self.context(change_id, federation, now), handed_in)
        if found:
            raise GatesShutError(proposal, found)
        return self._log.carry_out(_begun(proposal))

    def settle(self, change_id: str) -> ChangeRecord:
        """Take up an interrupted change only to write down what came of it, whatever the gates say: no intent is taken."""
        return self._log.carry_out(_begun(self.proposal(change_id)), settle=True)

    def record(self, domain: str, title: str, plan: Digest, override: Override | None = None) -> ChangeRecord:
        """Journal a change that needs no approval; use the record in a `with`."""
        return self._log.begin(domain, title, plan, override)

    def fence(self, device: str, holder: str) -> Fence:
        """The right to touch a device; use it in a `with`, and `check()` it before each thing that is sent.

        Raises FenceHeldError, which says who has it and since when.
        """
        return fences.take(self._store, device, holder, self._lease)

    def fences(self) -> list[HeldFence]:
        """Who works on what now."""
        return fences.held(self._store)

    # Looking

    def changes(self, limit: int = 20) -> list[Change]:
        """The newest first, those that wait among them; without their intents and effects."""
        now = utc_now()
        with self._store.read() as connection:
            outlines = ledger.outlines(connection, limit)
            waiting = [self._as_change(connection, proposal, now) for proposal in outlines]
        begun = self._log.changes(limit)
        planned = {change.id: change for change in waiting}
        merged = {change.id: _merged(change, planned.get(change.id)) for change in begun}
        everything = [*merged.values(), *(change for change in waiting if change.id not in merged)]
        return sorted(everything, key=_newest, reverse=True)[:limit]

    def change(self, change_id: str) -> Change:
        """One, with its approvals, intents and effects. Raises UsageError for an unknown id."""
        with self._store.read() as connection:
            proposal = ledger.find_proposal(connection, change_id)
            planned = None if proposal is None else self._as_change(connection, proposal, utc_now())
            begun = self._log.find(connection, change_id)
        if begun is not None:
            return _merged(begun, planned)
        if planned is None:
            raise unknown_change(change_id, [change.id for change in self.changes(50)])
        return planned

    def _as_change(self, connection: Connection, proposal: Proposal, now: datetime) -> Change:
        given = ledger.approvals_of(connection, proposal.id)
        return _begun(proposal).model_copy(update={"state": self._state(connection, proposal, now), "approvals": given})

    def _state(self, connection: Connection, proposal: Proposal, now: datetime) -> ChangeState:
        begun = self._log.state(connection, proposal.id)
        if begun is not None:
            return begun
        if now >= proposal.expires:
            return ChangeState.EXPIRED
        given = len(ledger.approvals_of(connection, proposal.id))
        return ChangeState.APPROVED if given >= proposal.approvals_needed else ChangeState.PLANNED

    def _check_waiting(self, connection: Connection, proposal: Proposal, now: datetime) -> None:
        state = self._state(connection, proposal, now)
        if state not in _WAITING | {ChangeState.EXPIRED}:
            raise ApprovalRefusedError(
                Reason.OVER, f"Change {proposal.id} is {state} and can no longer be approved",
                why="approval comes before the change", remedy="Plan again.",
            )  # fmt: skip
        check_time(proposal, now)


def _json(body: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(canonical_json(dict(body)))
    return plain


def _begun(proposal: Proposal) -> Change:
    return Change(
        id=proposal.id, domain=proposal.domain, title=proposal.title, plan=proposal.digest,
        requested_by=proposal.account, person=proposal.requested_by, emergency=proposal.emergency,
        proposed=proposal.proposed, override=proposal.override, state=ChangeState.PLANNED,
    )  # fmt: skip


def _merged(begun: Change, planned: Change | None) -> Change:
    if planned is None:
        return begun
    return begun.model_copy(update={"proposed": planned.proposed, "approvals": planned.approvals})


def _newest(change: Change) -> datetime:
    return change.began or change.proposed or utc_now()
