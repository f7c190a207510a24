"""A host shows another key than the one that is known: it was made anew, or someone stands in its place."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

KEY = "/etc/ssh/ssh_host_ed25519_key"
PUBLIC = f"{KEY}.pub"


class ChangedHostKey(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.remove(KEY)
        bench.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
        bench.run("systemctl", "restart", "ssh")

    def heal(self, bench: Bench) -> None:
        bench.run("systemctl", "restart", "ssh")

    def in_force(self, bench: Bench) -> bool:
        return bench.read(PUBLIC).split()[1] not in bench.state.known_hosts.read_text()


BREAK = ChangedHostKey(
    name="changed-host-key",
    title="the host shows another key than the known one",
    domain="hosts",
    target="hrs-his1",
    causes=(Cause(kind="unknown", target="hrs-his1", reason="host-key-changed"),),
    touches=(KEY, PUBLIC),
)
