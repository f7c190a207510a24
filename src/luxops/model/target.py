"""What luxops looks after, and how a user names a part of it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal

from pydantic import Field

from luxops.errors import UsageError, did_you_mean
from luxops.model.base import Frozen, TargetId


class TargetKind(StrEnum):
    """What a target is; decides which policies can address it."""

    HOST = "host"
    ROUTER = "router"
    CLOUD = "cloud"
    SERVICE = "service"


HostRole = Literal["controller"]
"""Work for which a host is asked for more than every host: the label `role`. `controller`: OpenStack's services run there."""


class Target(Frozen):
    """One thing that is observed and judged."""

    id: TargetId
    kind: TargetKind
    hospital: str
    """Whose it is: a hospital's id, or the federation's id for what Luxith itself runs."""
    labels: Mapping[str, str] = Field(default_factory=dict)
    """What selectors and policies may ask after beside the fields: `site`, `zone`, `service`, `group`, `platform`, `role`."""

    def attribute(self, name: str) -> str | None:
        """The value behind `name:` in a selector: `kind`, `hospital`, `id`, or a label."""
        if name in {"id", "kind", "hospital"}:
            return str(getattr(self, name))
        return self.labels.get(name)


class Selector(Frozen):
    """`hospital:chl,kind:router`: every term must hold. A bare word is a target's id; `*` matches any run of characters."""

    terms: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Raises UsageError where a term is empty."""
        terms = []
        for term in text.split(","):
            name, colon, value = term.strip().partition(":")
            if not name or (colon and not value):
                raise UsageError(
                    f"`{text}` is not a selector",
                    why=f"the term `{term}` is empty" if not name else f"`{name}:` has no value",
                    remedy="Write a target's id, or terms like hospital:chl,kind:router (a comma means and).",
                )
            terms.append((name, value) if colon else ("id", name))
        return cls(terms=tuple(terms))

    def matches(self, target: Target) -> bool:
        return all(
            (actual := target.attribute(name)) is not None and fnmatch.fnmatchcase(actual, wanted)
            for name, wanted in self.terms
        )

    def __str__(self) -> str:
        return ",".join(value if name == "id" else f"{name}:{value}" for name, value in self.terms)


class Selection(Frozen):
    """Several selectors: a target is in when any of them matches. No selector at all selects everything."""

    selectors: tuple[Selector, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Selection:
        return cls(selectors=tuple(Selector.parse(text) for text in texts))

    def of(self, targets: Iterable[Target]) -> list[Target]:
        """The targets that are in, in their order. May be empty; `checked` refuses that."""
        return [t for t in targets if not self.selectors or any(s.matches(t) for s in self.selectors)]

    def checked(self, targets: Iterable[Target]) -> list[Target]:
        """As `of`, but each selector must match something: a scan of nothing must never look like a clean one."""
        everything = list(targets)
        if not everything:
            raise UsageError(
                "There is nothing to look at",
                why="the inventory declares no targets",
                remedy="Declare hosts or routers in the inventory.",
            )
        for selector in self.selectors:
            if not any(selector.matches(t) for t in everything):
                raise UsageError(
                    f"No target matches `{selector}`{_nearest(selector, everything)}",
                    why=f"the inventory declares {len(everything)} targets",
                    remedy="`luxops inventory show` lists hospitals, hosts and routers.",
                )
        return self.of(everything)

    def __str__(self) -> str:
        return " ".join(map(str, self.selectors)) or "everything"


def _nearest(selector: Selector, targets: list[Target]) -> str:
    for name, wanted in selector.terms:
        known = sorted({value for t in targets if (value := t.attribute(name)) is not None})
        if wanted not in known:
            return did_you_mean(wanted, known)
    return ""
