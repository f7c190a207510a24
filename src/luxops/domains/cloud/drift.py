"""What differs in one target's part of the cloud, as drift."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from luxops.domains.cloud.comparing import Comparison, Difference, Standing
from luxops.domains.cloud.nouns import StackId
from luxops.model import Drift, DriftKind, TargetId

DOMAIN = "cloud"
_KINDS = {
    Standing.MISSING: DriftKind.MISSING,
    Standing.CHANGED: DriftKind.CHANGED,
    Standing.UNMANAGED: DriftKind.UNMANAGED,
    Standing.LEFT: DriftKind.UNMANAGED,
}


def drift_of(comparison: Comparison, target: TargetId, stack: StackId) -> Iterator[Drift]:
    """One a property that changed, one an object that is missing or that nobody declared."""
    here = [difference for difference in comparison.differences if difference.stack == stack]
    names = Counter((d.kind.name, d.name) for d in here)
    for difference in here:
        title = difference.kind.title or difference.kind.name.replace("_", " ")
        path = f"{title} {difference.name}"
        if names[difference.kind.name, difference.name] > 1 and difference.live is not None:
            path += f" ({difference.live.id})"  # two of one name are told apart
        kind = _KINDS[difference.standing]
        if kind is DriftKind.CHANGED:
            for change in difference.paths:
                desired, actual = _shown(change.desired), _shown(change.actual)
                yield _drift(target, difference, f"{path}/{change.path}", kind, desired, actual)
        else:
            yield _drift(target, difference, path, kind, *_sides(difference, comparison))


def _sides(difference: Difference, comparison: Comparison) -> tuple[str | None, str | None]:
    """What was declared, or what is there: the properties that tell most."""
    if difference.declared is not None:
        return _shown(comparison.readable(comparison.matched.properties[difference.declared.urn])), None
    assert difference.live is not None  # noqa: S101 - a difference is about one of the two
    return None, _shown(
        comparison.readable({k: v for k, v in difference.live.properties.items() if v not in (None, "", [], {})})
    )


def _drift(
    target: TargetId, difference: Difference, path: str, kind: DriftKind, desired: str | None, actual: str | None
) -> Drift:
    severity = difference.kind.severity
    return Drift(target=target, domain=DOMAIN, path=path, kind=kind, desired=desired, actual=actual, severity=severity)


def _shown(value: Any) -> str:  # noqa: ANN401 - any property value
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
