"""Evidence as it is kept: canonical JSON, compressed, found and checked by its digest."""

from __future__ import annotations

import json
import zlib
from typing import Any

from luxops.model import Digest, Observation
from luxops.model.base import digest_of_canonical

_LEVEL = 6


def packed(observation: Observation) -> bytes:
    """Raises ValueError where the digest is not that of the value: evidence must be what its findings were built on."""
    canonical = observation.json_form.canonical
    if digest_of_canonical(canonical) != observation.digest:
        raise ValueError(f"{observation.fact} of {observation.target} does not have the digest {observation.digest}")
    return zlib.compress(canonical.encode(), _LEVEL)


def unpacked(content: bytes, digest: Digest) -> Any:  # noqa: ANN401 - any JSON value
    """Raises ValueError where the content is damaged or is not what the digest says."""
    try:
        canonical = zlib.decompress(content).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"evidence {digest} cannot be unpacked ({error})") from None
    if digest_of_canonical(canonical) != digest:
        raise ValueError(f"evidence {digest} is not what its digest says")
    return json.loads(canonical)
