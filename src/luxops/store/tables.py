"""The tables. Every time is UTC, every digest 32 bytes, every JSON text pure ASCII: the same on both databases.

Order in history is `ordinal`, given when a scan is recorded; `since_scan` and `until_scan` are ordinals, and a row holds for
every ordinal from `since_scan` up to but not including `until_scan`. A row whose two are equal belongs to that scan alone:
it came later than a newer look at the same target and never was the present state.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine

from luxops.model import Digest

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A moment, to the microsecond. SQLite has no type for it: microseconds since 1970 there."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - what the driver takes
        if value is None or dialect.name == "postgresql":
            return value
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401 - what the driver gives
        if value is None:
            return None
        if dialect.name == "postgresql":
            return cast("datetime", value).astimezone(UTC)
        return _EPOCH + int(value) * _MICROSECOND


class DigestBytes(TypeDecorator[Digest]):
    """`sha256:…` as its 32 bytes."""

    impl = LargeBinary(32)
    cache_ok = True

    def process_bind_param(self, value: Digest | None, dialect: Dialect) -> bytes | None:
        del dialect
        return None if value is None else bytes.fromhex(value.removeprefix("sha256:"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Digest | None:  # noqa: ANN401 - what the driver gives
        del dialect
        return None if value is None else Digest("sha256:" + bytes(value).hex())


RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the type is exactly INTEGER."""

scans = Table(
    "scans",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("ordinal", BigInteger, unique=True),
    Column("state", String(12), nullable=False),
    Column("inventory_digest", DigestBytes, nullable=False),
    Column("policy_digest", DigestBytes, nullable=False),
    Column("selection", Text, nullable=False),
    Column("replayed", Boolean, nullable=False),
    Column("started", Instant, nullable=False),
    Column("finished", Instant),
    Column("result", Text),  # JSON: coverage and totals
    Column("machine", String(80), nullable=False),  # whose process table `process` is looked up in
    Column("process", String(40), nullable=False),  # process number and its start time
    Column("heartbeat", Instant, nullable=False),
    Index(
        "ix_scans_running", "state", sqlite_where=Column("state") == "running", postgresql_where=Column("state") == "running"
    ),
)

targets = Table(
    "targets",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("looked_at", Instant),  # this and what follows: of the newest look, to compare the next one with
    Column("compared_at", Instant),
    Column("policy_digest", DigestBytes),
    Column("compared_inventory", DigestBytes),  # the declaration that the newest comparison was made with
    Column("withdrawn", Boolean, nullable=False),
)

attributes = Table(
    "attributes",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("digest", DigestBytes, nullable=False, unique=True),
    Column("content", Text, nullable=False),  # JSON: domain, and the Target as declared
)

attestations = Table(
    "attestations",
    metadata,
    Column("target", BigInteger, ForeignKey(targets.c.number), primary_key=True, autoincrement=False),
    Column("scan", BigInteger, ForeignKey(scans.c.ordinal), primary_key=True, autoincrement=False),
    Column("attributes", BigInteger, ForeignKey(attributes.c.number), nullable=False),
    Column("looked_at", Instant, nullable=False),
    Column("whole", Boolean, nullable=False),  # every observation has a value
    Column("compared", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("passed", SmallInteger, nullable=False),
    Column("failed", SmallInteger, nullable=False),
    Column("unknown", SmallInteger, nullable=False),
    Column("not_applicable", SmallInteger, nullable=False),
    Column("waived", SmallInteger, nullable=False),
    Column("drift", Integer, nullable=False),
    Column("digest", DigestBytes, nullable=False),  # over the digests of all observations
    Index("ix_attestations_scan", "scan"),
    sqlite_with_rowid=False,
)


def _interval(name: str, *own: Column[Any]) -> Table:
    """A table of intervals: what a target was, from one scan to another."""
    return Table(
        name,
        metadata,
        Column("number", RowId, primary_key=True),
        Column("target", BigInteger, ForeignKey(targets.c.number), nullable=False),
        *own,
        Column("since_scan", BigInteger, nullable=False),
        Column("until_scan", BigInteger),
        Column("since", Instant, nullable=False),
        Column("until", Instant),
        Column("confirmed", Instant),  # set on closing: the last look at which it still held
        Column("ended", String(12)),
        Index(f"ix_{name}_until_scan", "until_scan", "target"),
    )


observations = _interval(
    "observations",
    Column("fact", Text, nullable=False),
    Column("digest", DigestBytes, nullable=False),
    Column("failure", Text),  # JSON; NULL where there is a value
)
"""Open where `until_scan` is NULL: the last thing seen of that fact."""

findings = _interval(
    "findings",
    Column("policy", Text, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("content", Text, nullable=False),  # JSON: reason, actual, expected
    Column("evidence", DigestBytes, nullable=False),
    Column("same_since", Instant, nullable=False),
    Column("failing_since", Instant),
    Column("fixed_at", Instant),
    Column("failed_under", DigestBytes),  # UNKNOWN only: the policies under which the failure it carries on was last seen
)
"""A row ends whenever anything of the finding changes; `same_since` looks through changes of the evidence alone."""

drift = _interval(
    "drift",
    Column("kind", String(12), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("content", Text, nullable=False),  # JSON: path, desired, actual
    Column("drifting_since", Instant, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    Column("digest", DigestBytes, primary_key=True),
    Column("content", LargeBinary, nullable=False),  # zlib over canonical JSON
)
"""What was observed, once however often it was seen."""

changes = Table(
    "changes",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("domain", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("plan", DigestBytes, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("began", Instant, nullable=False),
    Column("ended", Instant),
    Column("state", String(12), nullable=False),
    Column("overridden", Text),  # JSON: the reason, and what was overridden
    Column("machine", String(80), nullable=False),
    Column("process", String(40), nullable=False),
    Column("person", Text),
    Column("emergency", Boolean, nullable=False, server_default=false()),
    Column("heartbeat", Instant),  # NULL: from before it was kept
)
"""What was begun. One that needed approval has the id of its proposal."""

effects = Table(
    "effects",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("change", BigInteger, ForeignKey(changes.c.number), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("action", String(20), nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("detail", Text, nullable=False),
    Column("intent", BigInteger),  # number of the intent whose outcome it is; NULL: there was none
    Column("at", Instant),
)

intents = Table(
    "intents",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("change", BigInteger, ForeignKey(changes.c.number), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("action", String(20), nullable=False),
    Column("token", BigInteger),
    Column("at", Instant, nullable=False),
)

proposals = Table(
    "proposals",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("domain", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("digest", DigestBytes, nullable=False, index=True),
    Column("body", Text, nullable=False),  # JSON, as the domain gave it
    Column("subjects", Text, nullable=False),  # JSON: ids of targets
    Column("requested_by", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("proposed", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("emergency", Boolean, nullable=False),
    Column("overridden", Text),
)

approvals = Table(
    "approvals",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("proposal", BigInteger, ForeignKey(proposals.c.number), nullable=False),
    Column("person", String(40), nullable=False),
    Column("roles", Text, nullable=False),  # JSON
    Column("key", Text, nullable=False),
    Column("approved", Instant, nullable=False),
    Column("signature", Text, nullable=False),
    UniqueConstraint("proposal", "person"),
)

fences = Table(
    "fences",
    metadata,
    Column("device", String(80), primary_key=True),
    Column("token", BigInteger, nullable=False),  # only grows: a row is never deleted
    Column("holder", Text, nullable=False),
    Column("place", Text, nullable=False),  # account, machine and process, for people
    Column("machine", String(80), nullable=False),
    Column("process", String(40), nullable=False),
    Column("since", Instant, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("released", Instant),
)
"""Who may touch a device now, or touched it last."""
