"""The demonstration: the main job from a declared federation to a report, with faults put in and taken out again.

It runs the same commands that a person would type, shows each, and stops at the first that ends otherwise than it must.
Without root or off Debian 12 it replays answers that the lab gave earlier, through the same pipeline; every screen says so.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from luxops.errors import ExitCode
from luxops.lab.inventory import derive
from luxops.lab.machine import lacking
from luxops.lab.state import State
from luxops.settings import Settings

FAULTS = ("sshd-root-login", "acl-line", "static-route", "undeclared-listener", "truncated-answer", "changed-host-key")
CLOUD_FAULTS = ("cloud-rule-added", "cloud-port-security", "cloud-wildcard-share", "cloud-role")
TYPED_ON, TYPED = "chl-edge1", "ip route 10.32.0.0/16 10.255.0.9"
APPROVERS = ("network-admin-2", "security-officer-1")
GROUND = ("kind:host", "kind:router")
"""Acts 3 to 6: the cloud comes after them."""
REPAIRED = "mirth-dc2"
"""The port of that name, of which a fault has switched port security off."""
REPORTS = Path("reports")
RECORDINGS = Path(__file__).parent / "recordings"


@dataclass
class Demo:
    """Runs commands one after the other, with a heading each."""

    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """A heading, with the time since the demo began: where it goes, everybody asks."""
        heading = f"{text}  [{self.seconds:.0f} s]"
        print(f"\n\033[1m{heading}\033[0m" if sys.stdout.isatty() else f"\n== {heading}", flush=True)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def run(self, *arguments: str, expect: tuple[ExitCode, ...] = (ExitCode.GOOD,)) -> None:
        """Run `luxops ARGUMENTS…`; an exit code that is not expected ends the demo with it."""
        print(f"$ luxops {shlex.join(arguments)}", flush=True)
        command = [str(Path(sys.executable).with_name("luxops")), *arguments]
        code = subprocess.run(command, env=self.environment, check=False).returncode
        if code not in expect:
            print(f"\nThe demo stops here: `luxops {shlex.join(arguments)}` ended with exit code {code}.", file=sys.stderr)
            sys.exit(code or 1)

    def answer(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        """What `luxops ARGUMENTS…` writes as JSON, unseen."""
        command = [str(Path(sys.executable).with_name("luxops")), *arguments]
        return json.loads(subprocess.run(command, env=self.environment, check=False, capture_output=True).stdout)


FOUND = (ExitCode.FINDINGS, ExitCode.INCOMPLETE, ExitCode.GOOD)


def main() -> None:
    """Run the demo on the lab where one can run here, else on recorded answers."""
    demo = Demo()
    reasons = lacking()
    REPORTS.mkdir(exist_ok=True)
    demo.say("1. The declaration: every file, every cross-check")
    demo.run("--no-lab", "inventory", "check")
    if reasons:
        on_recordings(demo, reasons)
    else:
        on_lab(demo)
    demo.say("Done.")


def on_lab(demo: Demo) -> None:
    """Real hosts, routers and cloud."""
    demo.say("2. A lab of real Debian hosts, FRR routers and OpenStack, from the same declaration")
    demo.run("lab", "up", "hosts", "routers", "cloud")
    demo.run("lab", "heal", "--all")
    demo.say("3. Scan hosts and routers: observe, judge, compare")
    demo.run("--lab", "scan", *GROUND, expect=FOUND)
    demo.say("4. Six faults, as they happen at night")
    demo.run("lab", "break", *FAULTS)
    demo.say("5. Scan again: what failed, what drifted, what became UNKNOWN and why")
    demo.run("--lab", "scan", *GROUND, expect=(ExitCode.FINDINGS,))
    demo.run("--lab", "report", "--to", str(REPORTS / "with-faults.html"))
    demo.say("6. Heal, and look again")
    demo.run("lab", "heal", "--all")
    demo.run("--lab", "scan", *GROUND, expect=FOUND)
    demo.run("--lab", "report", "--to", str(REPORTS / "healed.html"))
    on_the_network(demo)
    in_the_cloud(demo)
    print("\nThe lab is still up: try `luxops lab breaks`, `luxops show chl-pacs1`, and `make lab-down` at the end.")


def on_the_network(demo: Demo) -> None:
    """A router that somebody changed by hand: found, planned back, agreed to by two people, pushed."""
    keys = Settings().lab.state / "keys"
    demo.say("7. Somebody types a route into a router, and it is found")
    demo.run("lab", "exec", TYPED_ON, "--", "vtysh", "-c", "configure terminal", "-c", TYPED)
    demo.run("--lab", "drift", TYPED_ON, expect=(ExitCode.FINDINGS,))
    demo.say("8. The way back: planned, agreed to by two people, pushed under a timer on the router")
    asked = ("--lab", "network", "plan", TYPED_ON, "--emergency", "--by", "network-admin-1")
    demo.run(*asked, expect=(ExitCode.FINDINGS,))
    change = demo.answer(*asked, "--output", "json")["change"]["id"]  # planned again, it is the same change
    for person in APPROVERS:
        demo.run("--lab", "network", "approve", change, "--key", str(keys / f"person-{person}"))
    demo.run("--lab", "network", "push", change, "--yes")
    demo.run("--lab", "drift", TYPED_ON)


def in_the_cloud(demo: Demo) -> None:
    """Real OpenStack: three hospitals and two services, provisioned from the same declaration."""
    demo.say("9. Each hospital's cloud, provisioned from the same declaration")
    demo.run("--lab", "cloud", "up", "--yes", expect=FOUND)
    demo.say("10. What a flow declares passes, what none declares does not: real TCP between servers")
    demo.run("--lab", "lab", "connect", "chl-pacs1", "anim-dc1", "2762")
    demo.run("--lab", "lab", "connect", "chl-pacs1", "anim-dc1", "22", expect=(ExitCode.FINDINGS,))
    demo.run("--lab", "lab", "connect", "anim-dc1", "chl-pacs1", "104", expect=(ExitCode.FINDINGS,))
    demo.say("11. Faults in the cloud, as hands leave them there")
    demo.run("lab", "break", *CLOUD_FAULTS)
    demo.run("--lab", "drift", "kind:cloud", expect=(ExitCode.FINDINGS,))
    demo.say("12. One object repaired, the rest healed, and no drift left")
    demo.run("--lab", "cloud", "repair", REPAIRED, "--yes", expect=FOUND)
    demo.run("lab", "heal", "--all")
    demo.run("--lab", "drift", "kind:cloud", expect=(ExitCode.GOOD,))


def on_recordings(demo: Demo, reasons: list[str]) -> None:
    """The same pipeline over answers the lab gave earlier."""
    demo.say("2. No lab here, so answers recorded from it are replayed: marked REPLAYED on every screen and page")
    for reason in reasons:
        print(f"   left out: the lab, because {reason}")
    folder = Path(mkdtemp(prefix="luxops-demo-"))
    state = State(folder)
    state.create()
    derive(Path("inventory"), state)
    print("   left out: the cloud, of which no answers are recorded")
    demo.environment |= {"LUXOPS_INVENTORY": str(state.inventory), "LUXOPS_STORE__URL": f"sqlite:///{state.database}"}
    demo.environment["LUXOPS_DOMAINS"] = '["hosts", "network"]'
    acts = (("untouched", "Scan: observe, judge, compare"), ("broken", "Six faults later"), ("untouched", "After healing"))
    for number, (name, title) in enumerate(acts, 3):
        demo.say(f"{number}. {title} (REPLAYED)")
        demo.environment["LUXOPS_REPLAY"] = str(RECORDINGS / name)
        demo.run("scan", expect=FOUND)
        if name == "broken":
            demo.run("report", "--to", str(REPORTS / "with-faults.html"))
    demo.run("report", "--to", str(REPORTS / "healed.html"))


if __name__ == "__main__":
    main()
