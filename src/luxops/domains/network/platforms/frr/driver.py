"""Which lines of an FRR router are values of the same setting."""

from __future__ import annotations

from hier_config.platforms.driver_base import HConfigDriverBase, HConfigDriverRules

from luxops.domains.network.settings_rules import rules_of

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", (r"^hostname ", r"^log syslog ", r"^frr defaults ", r"^ip route (\S+) ")),
    (r"^interface ", (r"^description ",)),
    (
        r"^router bgp ",
        (
            r"^bgp router-id ",
            r"^neighbor (\S+) (remote-as|description|password|bfd profile|ttl-security hops|timers|ebgp-multihop)( |$)",
        ),
    ),
    (
        r"^router bgp /address-family ",
        (r"^neighbor (\S+) maximum-prefix ", r"^neighbor (\S+) (route-map|prefix-list) \S+ (in|out)$"),
    ),
    (r"^ip prefix-list ", (r"^seq (\d+) ",)),
    (r"^route-map ", (r"^set (\S+) ", r"^match ip address ")),
    (r"^access-list ", (r"^type filter hook (\S+) ", r'^(iifname|oifname) "([^"]+)" (?=goto|accept$)')),
    (r"^file ", (r"^(\w+)(=| )",)),
)
"""Section → its settings, as regular expressions: what their groups match tells settings apart, the rest is the value."""


class FrrDriver(HConfigDriverBase):
    """FRR's closing lines never reach it: the parser has dropped them."""

    @staticmethod
    def _instantiate_rules() -> HConfigDriverRules:
        return HConfigDriverRules(idempotent_commands=rules_of(SECTIONS))
