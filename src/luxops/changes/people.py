"""Who may ask for a change, and who may agree to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from luxops.errors import UsageError, did_you_mean
from luxops.federation.schema import Person, Role

APPROVERS: Mapping[str, frozenset[Role]] = {"network": frozenset({Role.NETWORK_ADMIN, Role.SECURITY_OFFICER})}
"""Domain → the roles whose holders may approve its changes. Of a domain that is not here nobody may."""

_NAMED = re.compile(r"[a-z][a-z0-9-]{0,30}")


def may_approve(person: Person, domain: str) -> bool:
    """By role alone; that it is someone else than the requester is judged elsewhere."""
    return bool(APPROVERS.get(domain, frozenset()) & set(person.roles))


def approvers_told(domain: str) -> str:
    """The roles, for a message."""
    return " or ".join(sorted(APPROVERS.get(domain, ()))) or "nobody"


def requester(named: str, people: Sequence[Person]) -> str:
    """The id of the person who asks for a change.

    Raises UsageError where nobody is named, or nobody whom the inventory knows: who asked could then not be told from who
    approves.
    """
    known = [person.id for person in people]
    if not named:
        raise UsageError(
            "Nobody is named who requests this change",
            why="a change is approved by someone else than who requested it, and an account does not tell which person that is",
            remedy="Say who you are: --by PERSON, or LUXOPS_CHANGES__PERSON for good. Known: "
            + (", ".join(known) or "nobody")
            + ".",
        )
    if named not in known:
        raise UsageError(
            f"There is no person `{named}`{did_you_mean(named, known)}",
            why="the inventory knows " + (", ".join(known) or "nobody"),
            remedy="Declare the person with role and SSH key under `people` in federation.yaml, or correct the name.",
        )
    return named


def check_requester(named: str) -> None:
    """Raises UsageError for what cannot be a person's id: an account, or nothing."""
    if not _NAMED.fullmatch(named):
        raise UsageError(
            f"A change is requested by a person, and `{named}` is none"
            if named
            else "A change is requested by a person, and none is named",
            why="who requested a change could not be told from who approves it",
            remedy="Say who you are: --by PERSON, or LUXOPS_CHANGES__PERSON for good.",
        )
