"""Evidence as it is kept: canonical JSON, compressed, found and checked by its digest."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any

from luxops.model import Digest, FactValue
from luxops.model.base import canonical_json

_LEVEL = 6


def packed(value: FactValue, digest: Digest) -> bytes:
    """Raises ValueError where the digest is not that of the value: evidence must be what its findings were built on."""
    canonical = canonical_json(value).encode()
    if _digest(canonical) != digest:
        raise ValueError(f"{type(value).__name__} does not have the digest {digest}")
    return zlib.compress(canonical, _LEVEL)


def unpacked(content: bytes, digest: Digest) -> Any:  # noqa: ANN401 - any JSON value
    """Raises ValueError where the content is damaged or is not what the digest says."""
    try:
        canonical = zlib.decompress(content)
    except zlib.error as error:
        raise ValueError(f"evidence {digest} cannot be unpacked ({error})") from None
    if _digest(canonical) != digest:
        raise ValueError(f"evidence {digest} is not what its digest says")
    return json.loads(canonical)


def _digest(canonical: bytes) -> str:
    return "sha256:" + hashlib.sha256(canonical).hexdigest()
