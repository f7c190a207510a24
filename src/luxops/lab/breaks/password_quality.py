"""Short passwords are taken."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

FILE = "/etc/security/pwquality.conf"


class PasswordQuality(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.replace(FILE, "minlen = 14", "minlen = 6")

    def heal(self, bench: Bench) -> None:
        """Nothing runs that would have to read the file again."""

    def in_force(self, bench: Bench) -> bool:
        return "minlen = 6\n" in bench.read(FILE)


BREAK = PasswordQuality(
    name="password-quality",
    title="short passwords are taken",
    domain="hosts",
    target="hrs-his1",
    causes=(Cause(kind="policy", target="hrs-his1", id="pam-password-length"),),
    touches=(FILE,),
)
