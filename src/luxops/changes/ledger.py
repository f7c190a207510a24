"""Proposals and approvals as rows of the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from luxops.changes.nouns import Proposal
from luxops.model import Approval, Override
from luxops.model.base import canonical_json
from luxops.store import tables

if TYPE_CHECKING:
    from luxops.model import Digest


def insert_proposal(connection: Connection, proposal: Proposal) -> None:
    """Its id must be new."""
    columns = proposal.model_dump(exclude={"body", "subjects", "override"}) | {
        "body": canonical_json(dict(proposal.body)),
        "subjects": json.dumps(proposal.subjects),
        "overridden": None if proposal.override is None else json.dumps(proposal.override.model_dump()),
    }
    connection.execute(insert(tables.proposals).values(columns))


def insert_approval(connection: Connection, proposal: Proposal, approval: Approval) -> None:
    """One of each person: the database refuses a second."""
    number = select(tables.proposals.c.number).where(tables.proposals.c.id == proposal.id).scalar_subquery()
    columns = approval.model_dump() | {"proposal": number, "roles": json.dumps(approval.roles)}
    connection.execute(insert(tables.approvals).values(columns))


def find_proposal(connection: Connection, change_id: str) -> Proposal | None:
    """None for an unknown id."""
    table = tables.proposals
    row = connection.execute(select(table).where(table.c.id == change_id)).mappings().first()
    return None if row is None else _proposal(dict(row))


def with_digest(connection: Connection, domain: str, digest: Digest) -> list[Proposal]:
    """The newest first."""
    table = tables.proposals
    query = select(table).where(table.c.digest == digest, table.c.domain == domain).order_by(table.c.number.desc())
    return [_proposal(dict(row)) for row in connection.execute(query).mappings()]


def newest_proposals(connection: Connection, domain: str, limit: int) -> list[Proposal]:
    """The newest first."""
    table = tables.proposals
    query = select(table).where(table.c.domain == domain).order_by(table.c.number.desc()).limit(limit)
    return [_proposal(dict(row)) for row in connection.execute(query).mappings()]


def outlines(connection: Connection, limit: int) -> list[Proposal]:
    """The newest first, of all domains, with empty bodies: plans are large, and lists do not show them."""
    table = tables.proposals
    columns = [column for column in table.c if column.name != "body"]
    query = select(*columns).order_by(table.c.number.desc()).limit(limit)
    return [_proposal({**row, "body": "{}"}) for row in connection.execute(query).mappings()]


def approvals_of(connection: Connection, change_id: str) -> tuple[Approval, ...]:
    """In the order in which they were given."""
    table, proposals = tables.approvals, tables.proposals
    query = select(table).join(proposals, proposals.c.number == table.c.proposal).where(proposals.c.id == change_id)
    rows = connection.execute(query.order_by(table.c.number)).mappings()
    names = ("person", "key", "approved", "signature")
    return tuple(Approval(**{name: row[name] for name in names}, roles=tuple(json.loads(row["roles"]))) for row in rows)


def _proposal(row: Mapping[str, Any]) -> Proposal:
    names = ("id", "domain", "title", "digest", "requested_by", "account", "proposed", "expires", "emergency")
    return Proposal(
        **{name: row[name] for name in names},
        body=json.loads(row["body"]),
        subjects=tuple(json.loads(row["subjects"])),
        override=None if row["overridden"] is None else Override.model_validate(json.loads(row["overridden"])),
    )
