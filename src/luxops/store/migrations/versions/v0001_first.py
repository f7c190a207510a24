"""Scans, targets, and what they were: intervals of observations, findings and drift; evidence once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from luxops.store.tables import DigestBytes, Instant, RowId

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    _scans()
    _targets()
    _interval(
        "observations",
        sa.Column("fact", sa.Text, nullable=False),
        sa.Column("digest", DigestBytes, nullable=False),
        sa.Column("failure", sa.Text),
    )
    _interval(
        "findings",
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("evidence", DigestBytes, nullable=False),
        sa.Column("same_since", Instant, nullable=False),
        sa.Column("failing_since", Instant),
        sa.Column("fixed_at", Instant),
        sa.Column("failed_under", DigestBytes),
    )
    _interval(
        "drift",
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("drifting_since", Instant, nullable=False),
    )
    op.create_table(
        "evidence",
        sa.Column("digest", DigestBytes, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def _scans() -> None:
    op.create_table(
        "scans",
        sa.Column("number", RowId, primary_key=True),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("ordinal", sa.BigInteger, unique=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("inventory_digest", DigestBytes, nullable=False),
        sa.Column("policy_digest", DigestBytes, nullable=False),
        sa.Column("selection", sa.Text, nullable=False),
        sa.Column("replayed", sa.Boolean, nullable=False),
        sa.Column("started", Instant, nullable=False),
        sa.Column("finished", Instant),
        sa.Column("result", sa.Text),
        sa.Column("machine", sa.String(80), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
        sa.Column("heartbeat", Instant, nullable=False),
    )
    running = sa.text("state = 'running'")
    op.create_index("ix_scans_running", "scans", ["state"], sqlite_where=running, postgresql_where=running)


def _targets() -> None:
    op.create_table(
        "targets",
        sa.Column("number", RowId, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("looked_at", Instant),
        sa.Column("compared_at", Instant),
        sa.Column("policy_digest", DigestBytes),
        sa.Column("compared_inventory", DigestBytes),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_table(
        "attributes",
        sa.Column("number", RowId, primary_key=True),
        sa.Column("digest", DigestBytes, nullable=False, unique=True),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "attestations",
        sa.Column("target", sa.BigInteger, sa.ForeignKey("targets.number"), primary_key=True, autoincrement=False),
        sa.Column("scan", sa.BigInteger, sa.ForeignKey("scans.ordinal"), primary_key=True, autoincrement=False),
        sa.Column("attributes", sa.BigInteger, sa.ForeignKey("attributes.number"), nullable=False),
        sa.Column("looked_at", Instant, nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("compared", sa.Boolean, nullable=False),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("passed", sa.SmallInteger, nullable=False),
        sa.Column("failed", sa.SmallInteger, nullable=False),
        sa.Column("unknown", sa.SmallInteger, nullable=False),
        sa.Column("not_applicable", sa.SmallInteger, nullable=False),
        sa.Column("waived", sa.SmallInteger, nullable=False),
        sa.Column("drift", sa.Integer, nullable=False),
        sa.Column("digest", DigestBytes, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attestations_scan", "attestations", ["scan"])


def _interval(name: str, *own: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("number", RowId, primary_key=True),
        sa.Column("target", sa.BigInteger, sa.ForeignKey("targets.number"), nullable=False),
        *own,
        sa.Column("since_scan", sa.BigInteger, nullable=False),
        sa.Column("until_scan", sa.BigInteger),
        sa.Column("since", Instant, nullable=False),
        sa.Column("until", Instant),
        sa.Column("confirmed", Instant),
        sa.Column("ended", sa.String(12)),
    )
    op.create_index(f"ix_{name}_until_scan", name, ["until_scan", "target"])
