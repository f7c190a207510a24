"""Steps make a router that is not as declared so, and the rollback makes it what it was.

On routers that refuse what the real ones refuse; and on the way nothing passes that passes at neither end.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.network.mutations import FRR, IOS, mutated
from tests.network.openness import may_log_in, open_to, samples
from tests.network.router_text import FrrRouter, IosRouter, Router, numbered, written
from tests.network.transcripts import recorded

from luxops.domains.network import PLATFORMS, design_router
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.planning.edits import blocks_of
from luxops.domains.network.planning.nouns import Step
from luxops.domains.network.platforms.frr.configuration import configuration as frr_configuration
from luxops.domains.network.platforms.frr.files import FILTERS
from luxops.domains.network.platforms.frr.planning import SAVE, filter_text
from luxops.domains.network.platforms.interface import CONFIG
from luxops.domains.network.platforms.ios_xe.configuration import configuration as ios_configuration
from luxops.federation import Federation
from luxops.federation.schema import Platform
from luxops.model import TargetId

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Nothing in a source of chance gets simpler, and every try costs a whole configuration."""
BASTION, STRANGER = IPv4Address("10.255.0.5"), IPv4Address("198.51.100.66")
SECRETS = {"<secret:bgp>": "a", "9 <secret:account>": "9 b"}


class Device:
    """A router of either platform: its command line, and on FRR the host around it."""

    def __init__(self, router: TargetId, platform: Platform, lines: Sequence[str]) -> None:
        self.name = router
        self.platform = platform
        blocks = blocks_of(lines)
        self.files = {
            b.text.removeprefix("file "): "\n".join(c.text for c in b.children) for b in blocks if b.text.startswith("file ")
        }
        self.loaded = filter_text(blocks) if platform is Platform.FRR else ""
        self.stored = self.loaded  # /etc/nftables.conf
        own = lines if platform is Platform.IOS_XE else [*_without(lines, r"access-list |nft |file "), f"hostname {router}"]
        self.line: Router = FrrRouter(own) if platform is Platform.FRR else IosRouter(numbered(own))
        self.saved = True

    def config(self) -> RouterConfig:
        """As luxops would observe it."""
        if self.platform is Platform.FRR:
            return frr_configuration(self.line.running(), self.loaded, self.files, None, self.name)
        return ios_configuration(self.line.running(), self.name)

    def send(self, step: Step) -> Iterator[None]:
        """Line by line, as far as a router takes effect line by line; stops after each."""
        if step.kind == "file":
            if step.path == FILTERS:
                self.stored = "\n".join(step.lines)
            else:
                self.files[step.path] = "\n".join(step.lines)
            return
        if step.kind == "command":
            for command in step.lines:
                self.run(command)
                yield
            return
        self.saved = False
        self.line.context = []
        for line in step.lines:
            text = line.strip()
            for name, value in SECRETS.items():
                text = text.replace(name, value)
            assert "<secret" not in text
            self.line.line(text)
            yield
        assert not self.line.context

    def run(self, command: str) -> None:
        if command == f"nft -f {FILTERS}":
            self.loaded = self.stored
        elif match := re.fullmatch(r"rm -- (\S+)", command):
            del self.files[match[1]]
        elif command == SAVE:
            self.saved = True
        else:
            assert re.fullmatch(r"nft -c -f \S+|sshd -t|rsyslogd -N1|systemctl (restart|reload) \S+", command), command


def _without(lines: Sequence[str], pattern: str) -> list[str]:
    kept, keep = [], True
    for line in lines:
        keep = keep if line.startswith(" ") else re.match(pattern, line) is None
        kept += [line] if keep else []
    return kept


def sent(device: Device, steps: Sequence[Step]) -> None:
    for step in steps:
        for _ in device.send(step):
            pass
    assert device.saved or device.platform is Platform.IOS_XE


def planned(federation: Federation, router: TargetId) -> tuple[Platform, tuple[str, ...]]:
    design = design_router(federation, router)
    return design.platform, PLATFORMS[design.platform].configured(design).lines


def by_hand(federation: Federation, router: TargetId, chance: random.Random) -> Device:
    """A router on which something was done by hand."""
    platform, lines = planned(federation, router)
    node = mutated(lines, chance.randrange(1, 7), chance, FRR if platform is Platform.FRR else IOS)
    return Device(router, platform, [" " * (len(line) - len(line.lstrip())) + line for line in written(node)])


ROUTERS = [TargetId(name) for name in ("chl-edge1", "dc1-core1", "dc2-core1", "hrs-edge2")]


@settings(deadline=None, max_examples=120, phases=UNSHRUNK)
@given(chance=st.randoms(use_true_random=False), router=st.sampled_from(ROUTERS))
def test_there_and_back(federation: Federation, chance: random.Random, router: TargetId) -> None:
    device = by_hand(federation, router, chance)
    platform, after = planned(federation, router)
    before = device.config().lines
    sent(device, PLATFORMS[platform].steps(before, after, "luxops"))
    assert device.config().lines == after
    sent(device, PLATFORMS[platform].steps(after, before, "luxops"))
    assert device.config().lines == before


@settings(deadline=None, max_examples=40, phases=UNSHRUNK)
@given(chance=st.randoms(use_true_random=False), router=st.sampled_from(ROUTERS), back=st.booleans())
def test_nothing_passes_on_the_way_that_passes_at_neither_end(
    federation: Federation, chance: random.Random, router: TargetId, *, back: bool
) -> None:
    device = by_hand(federation, router, chance)
    platform, declared = planned(federation, router)
    start, end = device.config(), Device(router, platform, declared).config()
    if back:
        device, start, end = Device(router, platform, declared), end, start
    routes, packets = samples((start, end))
    allowed = open_to(start, routes, packets) | open_to(end, routes, packets)
    for step in PLATFORMS[platform].steps(start.lines, end.lines, "luxops"):
        for _ in device.send(step):
            now = device.config()
            assert not open_to(now, routes, packets) - allowed, (step.title, device.line.context)
            for source in (BASTION, STRANGER):
                at_ends = {may_log_in(start, source), may_log_in(end, source)}
                assert may_log_in(now, source) in at_ends, (step.title, source)
    assert device.config().lines == end.lines


@pytest.mark.parametrize("router", [TargetId("chl-edge1"), TargetId("dc1-core1")])
def test_recorded_router_from_bare_and_back(federation: Federation, router: TargetId) -> None:
    seen = PLATFORMS[Platform.FRR].parse(CONFIG, recorded(router), router)
    assert isinstance(seen, RouterConfig)
    bare: Sequence[str] = ("frr defaults traditional",)
    device = Device(router, Platform.FRR, bare)
    sent(device, PLATFORMS[Platform.FRR].steps(bare, seen.lines, "luxops"))
    assert device.config().lines == seen.lines == planned(federation, router)[1]
    sent(device, PLATFORMS[Platform.FRR].steps(seen.lines, bare, "luxops"))
    assert device.config().lines == bare


GOLDEN: Mapping[str, str] = {"chl-edge1": "chl-edge2", "dc1-core1": "dc2-core1", "hrs-edge1": "chl-edge1"}


@pytest.mark.parametrize(("here", "there"), GOLDEN.items())
def test_one_routers_configuration_into_anothers(federation: Federation, here: str, there: str) -> None:
    """Almost nothing stays: interfaces, sessions, the AS number, every filter."""
    name = TargetId(here)
    platform, before = planned(federation, name)
    _, after = planned(federation, TargetId(there))
    device = Device(name, platform, before)
    sent(device, PLATFORMS[platform].steps(before, after, "luxops"))
    assert device.config().lines == after
    sent(device, PLATFORMS[platform].steps(after, before, "luxops"))
    assert device.config().lines == before
