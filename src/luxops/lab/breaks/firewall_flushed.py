"""A host filters nothing."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause


class FirewallFlushed(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.run("nft", "flush", "ruleset")

    def heal(self, bench: Bench) -> None:
        bench.run("nft", "-f", "/etc/nftables.conf")

    def in_force(self, bench: Bench) -> bool:
        return not bench.run("nft", "list", "ruleset").strip()


BREAK = FirewallFlushed(
    name="firewall-flushed",
    title="the packet filter was flushed",
    domain="hosts",
    target="hrs-his1",
    causes=(Cause(kind="policy", target="hrs-his1", id="firewall-input-closed"),),
)
