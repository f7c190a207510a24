"""Passwords can be guessed without end."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

FILE = "/etc/pam.d/common-auth"


class AccountLockout(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.write(
            FILE, "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
        )

    def heal(self, bench: Bench) -> None:
        """PAM reads its files at each login."""

    def in_force(self, bench: Bench) -> bool:
        return "pam_faillock" not in bench.read(FILE)


BREAK = AccountLockout(
    name="account-lockout",
    title="guessed passwords lock no account",
    domain="hosts",
    target="mirth-dc2",
    causes=(Cause(kind="policy", target="mirth-dc2", id="pam-account-lockout"),),
    touches=(FILE,),
)
