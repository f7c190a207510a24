"""Changes: what luxops was asked to do, with what came of each step."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from luxops.store.tables import DigestBytes, Instant, RowId

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "changes",
        sa.Column("number", RowId, primary_key=True),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("domain", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("plan", DigestBytes, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("began", Instant, nullable=False),
        sa.Column("ended", Instant),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("overridden", sa.Text),
        sa.Column("machine", sa.String(80), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
    )
    op.create_table(
        "effects",
        sa.Column("number", RowId, primary_key=True),
        sa.Column("change", sa.BigInteger, sa.ForeignKey("changes.number"), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_effects_change", "effects", ["change"])
