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


def digest_of(value: Any) -> Digest:  # noqa: ANN401 - any JSON value, or a model
    """SHA-256 over canonical JSON: keys sorted, no spaces, ASCII. The same value gives the same digest everywhere."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return Digest("sha256:" + hashlib.sha256(canonical.encode()).hexdigest())


def utc_now() -> datetime:
    """The present, timezone-aware."""
    return datetime.now(UTC)
