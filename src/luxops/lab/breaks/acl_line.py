"""A line was added by hand to a router's access list."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

CHAIN = "FIBRE-IN"
RULE = "ip saddr 10.32.0.0/16 ip daddr 10.16.136.0/21 tcp dport 104 accept"


class AclLine(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.run("nft", "insert", "rule", "inet", "luxops", CHAIN, *RULE.split())

    def heal(self, bench: Bench) -> None:
        bench.run("nft", "-f", "/etc/nftables.conf")  # replaces the whole rule set at once

    def in_force(self, bench: Bench) -> bool:
        return bench.says(RULE, "nft", "list", "chain", "inet", "luxops", CHAIN)


BREAK = AclLine(
    name="acl-line",
    title="an access list lets through what no flow declares",
    domain="network",
    target="chl-edge1",
    causes=(
        Cause(kind="drift", target="chl-edge1", path=f"access-list {CHAIN}/{RULE}"),
        Cause(kind="policy", target="chl-edge1", id="acl-only-declared"),
    ),
)
