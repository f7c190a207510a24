"""An account is open to anyone who knows its name."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

SHADOW = "/etc/shadow"


class EmptyPassword(BreakBase):
    def apply(self, bench: Bench) -> None:
        line = next(line for line in bench.read(SHADOW).splitlines() if line.startswith("games:"))
        fields = line.split(":")
        bench.replace(SHADOW, f"{line}\n", ":".join(["games", "", *fields[2:]]) + "\n")

    def heal(self, bench: Bench) -> None:
        """Accounts are read from their files each time."""

    def in_force(self, bench: Bench) -> bool:
        return "\ngames::" in bench.read(SHADOW)


BREAK = EmptyPassword(
    name="empty-password",
    title="an account has an empty password",
    domain="hosts",
    target="hrs-his1",
    causes=(
        Cause(kind="policy", target="hrs-his1", id="accounts-empty-passwords"),
        Cause(kind="policy", target="hrs-his1", id="accounts-system-locked"),
    ),
    touches=(SHADOW,),
)
