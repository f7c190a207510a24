"""One look at a router: its configuration by digest, and which of its sessions are up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from luxops.domains.network.config import RouterConfig
from luxops.domains.network.operational import Bfd, Bgp
from luxops.domains.network.planning.nouns import DevicePlan
from luxops.domains.network.platforms.interface import BFD, BGP, CONFIG
from luxops.model import Digest, Failure, Frozen, Observation, digest_of

_SHOWN = 3
"""Lines that a message shows of a difference."""


class Look(Frozen):
    """What a router is now. Where `failure` is set, nothing else counts."""

    failure: Failure | None = None
    lines: tuple[str, ...] = ()
    """Its configuration, masked."""
    up: frozenset[str] = frozenset()
    """`bgp ADDRESS` and `bfd ADDRESS` for each session that is up."""

    @property
    def digest(self) -> Digest:
        """As a plan has it."""
        return digest_of(self.lines)


def look_of(observations: Iterable[Observation]) -> Look:
    """From the observations of one router. Any of the three facts that it rests on missing is a failure of the look."""
    facts = {observation.fact: observation for observation in observations}
    for fact in (CONFIG, BGP, BFD):
        failure = facts[fact].failure
        if failure is not None:
            return Look(failure=failure.model_copy(update={"detail": f"{fact}: {failure.detail}"}))
    config, bgp, bfd = (facts[fact].value for fact in (CONFIG, BGP, BFD))
    if not isinstance(config, RouterConfig) or not isinstance(bgp, Bgp) or not isinstance(bfd, Bfd):
        raise TypeError("a router's facts are of other types than the network domain's")
    up = {f"bgp {address}" for address, session in bgp.neighbours.items() if session.state == "Established"}
    up |= {f"bfd {address}" for address, state in bfd.peers.items() if state == "up"}
    return Look(lines=config.lines, up=frozenset(up))


def kept(up: Iterable[str], plan: DevicePlan) -> frozenset[str]:
    """Of the sessions that are up, those that the plan means to be up afterwards too."""
    return frozenset(session for session in up if _meant(session, plan.after))


def _meant(session: str, lines: Sequence[str]) -> bool:
    kind, address = session.split()
    own = [text.strip() for text in lines if re.match(rf" *neighbor {re.escape(address)} ", text)]
    if not own or any(re.fullmatch(r"neighbor \S+ shutdown(?: .*)?", text) for text in own):
        return False
    return kind == "bgp" or any(re.match(r"neighbor \S+ (?:fall-over )?bfd\b", text) for text in own)


def difference(expected: Sequence[str], found: Sequence[str]) -> str:
    """The first lines in which two configurations differ, for people."""
    missing = [text.strip() for text in expected if text not in set(found)]
    more = [text.strip() for text in found if text not in set(expected)]
    if not missing and not more:
        return "the same lines in another order"
    shown = [f"- {text}" for text in missing[:_SHOWN]] + [f"+ {text}" for text in more[:_SHOWN]]
    rest = len(missing) + len(more) - len(shown)
    return "; ".join(shown) + (f"; and {rest} more" if rest else "")
