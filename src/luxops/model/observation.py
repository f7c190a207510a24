"""What was seen of a target: a value or a failure, never both, never neither."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, NamedTuple, NewType, Self

from pydantic import ConfigDict, model_serializer, model_validator

from luxops.model.base import Digest, Frozen, TargetId, canonical_json, digest_of_canonical, utc_now

FactName = NewType("FactName", str)

UNREADABLE: Final = "$unreadable"
"""The one key of an unreadable part's JSON form."""


class FailureReason(StrEnum):
    """Why something could not be observed."""

    UNREACHABLE = "unreachable"
    """No connection: refused, no route, name not known."""
    TIMEOUT = "timeout"
    """Connecting, reading or the whole session took longer than allowed."""
    HOST_KEY_UNKNOWN = "host-key-unknown"
    HOST_KEY_CHANGED = "host-key-changed"
    AUTHENTICATION = "authentication"
    """The target refused the key or the user."""
    SESSION_LOST = "session-lost"
    """The connection closed before the answer was whole."""
    TOO_LARGE = "too-large"
    """The answer passed the size limit."""
    MALFORMED = "malformed"
    """The answer broke framing, checksum or grammar: truncated, garbled, or another target's."""
    REFUSED = "refused"
    """The target would not run the command."""
    WRONG_TARGET = "wrong-target"
    """What answered is not who it should be."""
    UNSUPPORTED = "unsupported"
    """The target lacks the program or feature that would answer."""
    STALE = "stale"
    """The last observation is older than its limit."""
    INTERRUPTED = "interrupted"
    """The user or the system ended the work before this target's turn."""


class Failure(Frozen):
    """Why there is no value. `retryable`: whether the same attempt may succeed later with nothing changed."""

    reason: FailureReason
    detail: str
    retryable: bool = False

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)


class Unreadable(Frozen):
    """A part that could not be read, inside a value that otherwise could. In JSON: `{"$unreadable": reason}`."""

    reason: str

    @model_serializer
    def _as_json(self) -> dict[str, str]:
        return {UNREADABLE: self.reason}

    @model_validator(mode="before")
    @classmethod
    def _from_json(cls, data: Any) -> Any:  # noqa: ANN401 - whatever is being validated
        if isinstance(data, dict) and data.keys() == {UNREADABLE}:
            return {"reason": data[UNREADABLE]}
        return data


class FactValue(Frozen):
    """Base of what facts parse into: JSON values, models, `Unreadable`. Policies see `model_dump(mode="json")`."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    volatile: ClassVar[bool] = False
    """True for what measures the look and not the target, such as its cost: it is told, but no evidence and not recorded."""


class JsonForm(NamedTuple):
    """A value or failure in JSON. It is shared: whoever reads it changes nothing in it."""

    plain: Any
    """`model_dump(mode="json")`."""
    canonical: str
    """What its digest is taken over."""

    partial: bool
    """Whether some part of it may not have been readable. False is certain."""
    broken: bool
    """Whether its text may hold half of a surrogate pair, which is no text to most. False is certain."""


def json_form_of(outcome: FactValue | Failure) -> tuple[JsonForm, Digest]:
    """The JSON form and its digest."""
    plain = outcome.model_dump(mode="json")
    canonical = canonical_json(plain)
    form = JsonForm(plain, canonical, f'"{UNREADABLE}"' in canonical, "\\ud" in canonical)
    return form, digest_of_canonical(canonical)


class Observation(Frozen):
    """One fact of one target at one time."""

    # No field: two observations are equal whether or not it was made, and a changed copy does not inherit it.
    __slots__ = ("_json_form",)

    target: TargetId
    fact: FactName
    taken_at: datetime
    value: FactValue | None = None
    failure: Failure | None = None
    digest: Digest
    """Over the value, or over the failure: equal digests mean equal evidence."""

    @model_validator(mode="after")
    def _value_or_failure(self) -> Self:
        if (self.value is None) == (self.failure is None):
            raise ValueError("an observation has a value or a failure, never both, never neither")
        return self

    @classmethod
    def of(
        cls, target: TargetId, fact: FactName, outcome: FactValue | Failure, taken_at: datetime | None = None
    ) -> Observation:
        value, failure = (None, outcome) if isinstance(outcome, Failure) else (outcome, None)
        form, digest = json_form_of(outcome)
        observation = cls.model_construct(
            target=target, fact=fact, taken_at=taken_at or utc_now(), value=value, failure=failure, digest=digest
        )
        object.__setattr__(observation, "_json_form", form)
        return observation

    @property
    def json_form(self) -> JsonForm:
        """Of its value or failure: made once, and kept for whoever judges, shows or stores it."""
        kept: JsonForm | None = getattr(self, "_json_form", None)
        if kept is None:
            # The validator holds that there is one of them.
            kept, _ = json_form_of(self.value if self.failure is None else self.failure)  # type: ignore[arg-type]
            object.__setattr__(self, "_json_form", kept)
        return kept
