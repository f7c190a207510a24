"""What a router platform can do. A new one is one more member of `platforms.PLATFORMS`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from hier_config.platforms.driver_base import HConfigDriverBase

from luxops.domains.network.config import RouterConfig
from luxops.domains.network.nouns import RouterDesign
from luxops.domains.network.planning.nouns import Step
from luxops.federation.schema import Platform
from luxops.model import FactName, FactValue, TargetId

CONFIG = FactName("config")
INTERFACES = FactName("interfaces")
BGP = FactName("bgp")
BFD = FactName("bfd")
ROUTES = FactName("routes")
FACTS = (CONFIG, INTERFACES, BGP, BFD, ROUTES)


class RouterPlatform(Protocol):
    """Renders a design into a platform's words, and reads a router's answers back."""

    @property
    def name(self) -> Platform: ...

    @property
    def device_type(self) -> str:
        """The command line, as netmiko names it."""
        ...

    @property
    def commands(self) -> Mapping[FactName, Sequence[str]]:
        """Fact → the commands whose transcripts `parse` needs for it. Each only reads."""
        ...

    @property
    def driver(self) -> HConfigDriverBase:
        """hier_config's rules of the platform: which lines are values of the same setting."""
        ...

    def render(self, design: RouterDesign, secrets: Mapping[str, str]) -> Mapping[str, str]:
        """Path on the router, or `running-config` → text. `secrets`: name in the inventory → value.

        Raises UsageError where the design needs a secret that `secrets` lacks.
        """
        ...

    def parse(self, fact: FactName, transcripts: Mapping[str, str], target: TargetId) -> FactValue:
        """`transcripts`: command → what the session wrote. Raises ParseError, never a value from half an answer."""
        ...

    def configured(self, design: RouterDesign) -> RouterConfig:
        """What `parse` gives for `config` on a router that runs the design and nothing else."""
        ...

    def reread(self, lines: Sequence[str], target: TargetId) -> RouterConfig:
        """`RouterConfig.lines`, as kept in a plan, as the configuration again. Raises ParseError.

        How a secret is kept is not in the lines: whatever tells that takes the worst for it.
        """
        ...

    def steps(self, before: Sequence[str], after: Sequence[str], user: str) -> tuple[Step, ...]:
        """What turns a router that runs `before` into one that runs `after`: lines of `RouterConfig`, as parsed.

        In an order in which nothing passes on the way that passes at neither end, and the account `user` keeps its way in
        wherever both ends leave it one. Raises Unplannable where luxops does not do it.
        """
        ...
