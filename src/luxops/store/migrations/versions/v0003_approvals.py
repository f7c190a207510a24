"""Changes that wait for approval, who agreed, what was about to be done, and who may touch a device."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from luxops.store.tables import DigestBytes, Instant, RowId

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables, and widen those of the journal: columns only, which SQLite adds without copying a table."""
    _proposals()
    op.create_table(
        "intents",
        sa.Column("number", RowId, primary_key=True),
        sa.Column("change", sa.BigInteger, sa.ForeignKey("changes.number"), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("token", sa.BigInteger),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_intents_change", "intents", ["change"])
    op.create_table(
        "fences",
        sa.Column("device", sa.String(80), primary_key=True),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("machine", sa.String(80), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("lease_until", Instant, nullable=False),
        sa.Column("released", Instant),
    )
    op.add_column("changes", sa.Column("person", sa.Text))
    op.add_column("changes", sa.Column("emergency", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("changes", sa.Column("heartbeat", Instant))
    op.add_column("effects", sa.Column("intent", sa.BigInteger))
    op.add_column("effects", sa.Column("at", Instant))


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("number", RowId, primary_key=True),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("domain", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("digest", DigestBytes, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("subjects", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("proposed", Instant, nullable=False),
        sa.Column("expires", Instant, nullable=False),
        sa.Column("emergency", sa.Boolean, nullable=False),
        sa.Column("overridden", sa.Text),
    )
    op.create_index("ix_proposals_digest", "proposals", ["digest"])
    op.create_table(
        "approvals",
        sa.Column("number", RowId, primary_key=True),
        sa.Column("proposal", sa.BigInteger, sa.ForeignKey("proposals.number"), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("approved", Instant, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.UniqueConstraint("proposal", "person"),
    )
