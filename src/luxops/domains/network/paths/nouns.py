"""Paths over the fibre network: what flows use, what stands by, and what is lost with what."""

from __future__ import annotations

from typing import Literal

from luxops.model import Frozen, Severity

ElementKind = Literal["link", "shared risk", "router", "datacentre", "attachment", "carrier"]
State = Literal["up", "down", "unknown"]


class Element(Frozen):
    """Something that can be out."""

    kind: ElementKind
    id: str
    """As the inventory names it; an attachment is `PEER@ROUTER`."""

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Path(Frozen):
    """One way of packets, from the first router to the last."""

    routers: tuple[str, ...]
    links: tuple[str, ...] = ()
    """Between them, one fewer."""
    attachments: tuple[str, ...] = ()
    """`PEER@ROUTER` where it begins or ends at an external peer."""
    risks: tuple[str, ...] = ()
    """Shared-risk groups of its links, sorted, each once."""

    @property
    def elements(self) -> frozenset[Element]:
        """All that it hangs on."""
        return frozenset({
            *(Element(kind="router", id=name) for name in self.routers),
            *(Element(kind="link", id=name) for name in self.links),
            *(Element(kind="attachment", id=name) for name in self.attachments),
            *(Element(kind="shared risk", id=name) for name in self.risks),
        })  # fmt: skip

    def __str__(self) -> str:
        return " → ".join(self.routers)


class Now(Frozen):
    """What routers say at the moment."""

    state: State
    paths: tuple[Path, ...] = ()
    reason: str = ""
    """Why it is down or unknown."""


class Leg(Frozen):
    """One flow between two places: a hospital's campus, a datacentre, an external peer."""

    source: str
    """`chl campus`, `dc1`, or a peer's id."""
    destination: str
    subnets: int
    """Pairs of a source and a destination subnet that it stands for: all take the same paths."""
    paths: tuple[Path, ...]
    """In use for packets of whoever opens the session; several where routes are equal. Empty: no path works."""
    back: tuple[Path, ...]
    """In use for the answers, in their direction."""
    spare: Path | None
    """What routing would choose with everything out that the first of `paths` and of `back` hang on; None: nothing."""
    spare_shares: tuple[Element, ...] = ()
    """What the spare has in common with them all the same: the only core router of a datacentre where the flow ends."""
    broken: str = ""
    """Why no path works, or why that cannot be told."""
    unknown: bool = False
    """Whether it cannot be told."""
    now: Now | None = None
    """Of its paths; None where no router was asked."""
    spare_now: Now | None = None


class FlowPaths(Frozen):
    """All that one declared flow takes."""

    flow: str
    """Its id, as `luxops inventory flows` shows it."""
    hospitals: tuple[str, ...]
    """Whose campus or cloud is at an end of it."""
    legs: tuple[Leg, ...]
    """Never empty."""


class Loss(Frozen):
    """What a flow between two places loses."""

    flow: str
    source: str
    destination: str
    hospitals: tuple[str, ...]
    lost: Literal["path", "spare", "unknown"]
    """`path`: nothing carries it any more; `spare`: something does, and nothing stands by; `unknown`: cannot be told."""
    end_out: bool = False
    """Whether it is lost because the place itself is out, which no path could help."""
    before: Path | None
    after: Path | None = None
    reason: str = ""


class Cut(Frozen):
    """Flows between two places that lose their path with an element."""

    source: str
    destination: str
    flows: tuple[str, ...]
    hospitals: tuple[str, ...]
    """At an end of any of them."""
    end_out: bool
    """Whether it is because the place itself is out."""
    unknown: bool
    """Whether it cannot be told."""
    reason: str


class Outage(Frozen):
    """What is lost with elements whose loss means the same, from where everything else is up."""

    elements: tuple[Element, ...]
    """Each of them alone."""
    lost: tuple[Cut, ...]
    moved: int
    """Legs that go on over another path."""
    spares: int
    """Legs that stay on their path, and whose spare hangs on it."""


class Weakness(Frozen):
    """Declared redundancy that is not real."""

    kind: Literal["no-path", "single-point", "unused-spare", "no-spare", "shared-risk"]
    severity: Severity
    title: str
    why: str
    remedy: str
    elements: tuple[Element, ...] = ()
    flows: tuple[str, ...] = ()
    """Ids of the flows that it can cost."""
    hospitals: tuple[str, ...] = ()
