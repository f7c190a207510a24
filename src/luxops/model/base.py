"""What every noun shares: frozen strict models, typed ids, canonical digests."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NewType

from pydantic import BaseModel, ConfigDict

TargetId = NewType("TargetId", str)
PolicyId = NewType("PolicyId", str)
ScanId = NewType("ScanId", str)
Digest = NewType("Digest", str)
"""`sha256:` and 64 hexadecimal digits."""


class Frozen(BaseModel):
    """A value: it never changes after it is made, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def canonical_json(value: Any) -> str:  # noqa: ANN401 - any JSON value, or a model
    """What `digest_of` is taken over. NUL and lone surrogates are written as escapes: every database takes it."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return json.dumps(plain, sort_keys=True, separators=(",", ":"))


def digest_of(value: Any) -> Digest:  # noqa: ANN401 - any JSON value, or a model
    """SHA-256 over canonical JSON: keys sorted, no spaces, ASCII. The same value gives the same digest everywhere."""
    return digest_of_canonical(canonical_json(value))


def digest_of_canonical(canonical: str) -> Digest:
    """The digest of a value whose canonical JSON is there already."""
    return Digest("sha256:" + hashlib.sha256(canonical.encode()).hexdigest())


def utc_now() -> datetime:
    """The present, timezone-aware."""
    return datetime.now(UTC)
