"""Which lines of an IOS-XE device are values of the same setting."""

from __future__ import annotations

from hier_config.platforms.driver_base import HConfigDriverBase, HConfigDriverRules

from luxops.domains.network.settings_rules import rules_of

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "",
        (
            r"^hostname ",
            r"^banner (\S+) ",
            r"^username (\S+) ",
            r"^enable (secret|password) ",
            r"^ip ssh (\S+) ",
            r"^logging (buffered|trap|source-interface) ",
            r"^ip route (\S+ \S+) ",
            r"^aaa (\S+ \S+ \S+) ",
            r"^service timestamps (\S+) ",
        ),
    ),
    (
        r"^interface ",
        (r"^description ", r"^ip address (?!.* secondary)", r"^ip access-group \S+ (in|out)$", r"^vrf forwarding "),
    ),
    (
        r"^router bgp ",
        (
            r"^bgp router-id ",
            r"^neighbor (\S+) (remote-as|description|password|ttl-security hops|timers|ebgp-multihop|fall-over)( |$)",
        ),
    ),
    (
        r"^router bgp /^address-family ",
        (r"^neighbor (\S+) maximum-prefix ", r"^neighbor (\S+) (route-map|prefix-list) \S+ (in|out)$"),
    ),
    (r"^ip prefix-list ", (r"^seq (\d+) ",)),
    (r"^route-map ", (r"^set (\S+) ", r"^match ip address ")),
    (r"^line ", (r"^exec-timeout ", r"^access-class \S+ (in|out)", r"^transport (\S+) ")),
    (r"^bfd-template ", (r"^interval ",)),
)
"""As for FRR: section → its settings, told apart by what the groups match."""


class IosXeDriver(HConfigDriverBase):
    """hier_config's own driver for IOS renumbers access lists and drops remarks; both matter here."""

    @staticmethod
    def _instantiate_rules() -> HConfigDriverRules:
        return HConfigDriverRules(idempotent_commands=rules_of(SECTIONS))
