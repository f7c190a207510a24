"""A program listens on a port that no flow declares."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

UNIT = "/etc/systemd/system/handover.service"
PORT = 8080
TEXT = f"""\
[Unit]
Description=Quick way to hand over files

[Service]
ExecStart=/usr/bin/python3 -m http.server {PORT}
WorkingDirectory=/srv
DynamicUser=yes
"""


class UndeclaredListener(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.write(UNIT, TEXT)
        bench.run("systemctl", "daemon-reload")
        bench.run("systemctl", "start", "handover")
        bench.run("timeout", "10", "sh", "-c", f"until ss -Hltn sport = :{PORT} | grep -q .; do sleep 0.1; done")

    def heal(self, bench: Bench) -> None:
        """The unit's file is gone already; its process is not."""
        if bench.succeeds("systemctl", "is-active", "--quiet", "handover"):
            bench.run("systemctl", "stop", "handover")
        bench.run("systemctl", "daemon-reload")

    def in_force(self, bench: Bench) -> bool:
        return bool(bench.run("ss", "-Hltn", f"sport = :{PORT}").strip())


BREAK = UndeclaredListener(
    name="undeclared-listener",
    title="a service listens on a port that nothing declares",
    domain="hosts",
    target="anim-dc1",
    causes=(Cause(kind="drift", target="anim-dc1", path=f"sockets/tcp/0.0.0.0:{PORT}"),),
    touches=(UNIT,),
)
