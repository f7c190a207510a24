"""A Debian router in a folder: luxops' own scripts run in a real shell, over programs that do here what they do on a router.

FRR's configuration, the kernel's ruleset and systemd's timers are files below the folder. Timers run out when a test says so.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

_ABSOLUTE = re.compile(r"(?<![\w.:/-])/(?=(?:etc|var/lib/luxops|usr/lib/frr)\b)")

_PROGRAMS = {
    "sudo": 'shift; exec "$@"\n',
    "sync": ":\n",
    "sysctl": 'echo "sysctl" >>"$ROOT/log"\n',
    "chown": ":\n",
    "ss": 'cat "$ROOT/facts/sockets.txt"\n',
    "head": '/usr/bin/head "$@" 2>&1 | sed "s#$ROOT##g"\n',
    "uname": 'cat "$ROOT/name"\n',
    "nft": """
case "$1" in
list) cat "$ROOT/ruleset" ;;
-c) ! grep -q SYNTAX "$3" || { echo "$3:1:1: Error: syntax error"; exit 1; } ;;
-f) ! grep -q SYNTAX "$2" || { echo "$2:1:1: Error: syntax error"; exit 1; }
    grep -v -e '^#!' -e '^flush ruleset' -e '^$' "$2" >"$ROOT/ruleset.new"; mv "$ROOT/ruleset.new" "$ROOT/ruleset"
    echo nft >>"$ROOT/log" ;;
esac
""",
    "systemd-run": """
[ ! -e "$ROOT/faults/no-timer" ] || { echo 'Failed to start transient timer unit: Access denied'; exit 1; }
unit= after=
while :; do
    case "$1" in
    --unit=*) unit=${1#--unit=} ;;
    --on-active=*) after=${1#--on-active=} ;;
    --*) ;;
    *) break ;;
    esac
    shift
done
if [ -n "$after" ]; then printf '%s %s\\n' "$after" "$*" >"$ROOT/timers/$unit.timer"; echo armed >>"$ROOT/log"; else "$@"; fi
""",
    "systemctl": """
case "$1" in
is-active) [ -e "$ROOT/timers/$3" ] ;;
stop) [ ! -e "$ROOT/timers/$2" ] || echo disarmed >>"$ROOT/log"; rm -f "$ROOT/timers/$2" ;;
restart) echo "restart $2" >>"$ROOT/log"
    [ "$2" != frr.service ] || grep -v -e '^end$' -e '^!$' "$ROOT/etc/frr/frr.conf" >"$ROOT/running" ;;
*) echo "$1 $2" >>"$ROOT/log" ;;
esac
""",
}
_RELOAD = """\
#!/bin/sh
export ROOT={root}
[ "$1" = --reload ] || exit 1
[ ! -e "$ROOT/faults/no-reload" ] || exit 1
grep -v -e '^end$' -e '^!$' "$2" >"$ROOT/running.new"; mv "$ROOT/running.new" "$ROOT/running"
echo frr-reload >>"$ROOT/log"
"""
_VTYSH = """\
#!{python} -SEs
import sys
sys.path.insert(0, {here!r})
from frr_box import vtysh
sys.exit(vtysh({root!r}, sys.argv[1:]))
"""
_OPENERS = re.compile(r"(interface|router bgp|address-family|route-map|bfd$|profile)\b")
_WORD_LIST = """
interface router address-family route-map bfd profile neighbor network description ip no match set log hostname exit
exit-address-family end ! frr ipv6 service
"""
_WORDS = set(_WORD_LIST.split())


class Ended(NamedTuple):
    status: int
    output: str
    errors: str


class FrrBox:
    """`files`: path on the router → text; `/etc/frr/frr.conf` is also what runs, `/etc/nftables.conf` what the kernel has."""

    def __init__(self, folder: Path, name: str, files: Mapping[str, str]) -> None:
        self.name = name
        self.root = folder / name
        self.running = self.root / "running"
        for part in ("bin", "timers", "facts", "faults", "usr/lib/frr", "var/lib", "etc/frr", "etc/systemd/system"):
            (self.root / part).mkdir(parents=True, exist_ok=True)
        for program, body in _PROGRAMS.items():
            self._program(f"bin/{program}", f"#!/bin/sh\nROOT={self.root}\n{body}")
        self._program("bin/vtysh", _VTYSH.format(python=sys.executable, here=str(Path(__file__).parent), root=str(self.root)))
        self._program("usr/lib/frr/frr-reload.py", _RELOAD.format(root=self.root))
        (self.root / "name").write_text(f"{name}\n")
        for path, text in files.items():
            place = self.root / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        self.running.write_text(_without_end(files["/etc/frr/frr.conf"]))
        self.shell("nft -f /etc/nftables.conf")
        (self.root / "log").write_text("")

    def _program(self, path: str, text: str) -> None:
        place = self.root / path
        place.write_text(text)
        place.chmod(0o755)

    def run(self, command: str, stdin: bytes = b"") -> Ended:
        """A command as sshd runs it, with its input."""
        script = self._moved(_with_data_moved(stdin.decode(), self._moved))
        done = subprocess.run(  # noqa: S602 - a router's shell
            self._moved(command), shell=True, input=script.encode(), capture_output=True, check=False, env=self._environment
        )
        output, errors = (text.decode(errors="replace").replace(str(self.root), "") for text in (done.stdout, done.stderr))
        return Ended(done.returncode, output, errors)

    def shell(self, line: str) -> str:
        """What a line that is typed into a shell shows."""
        done = self.run(line)
        return done.output + done.errors

    @property
    def _environment(self) -> dict[str, str]:
        return {"PATH": f"{self.root}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "ROOT": str(self.root), "LC_ALL": "C.UTF-8"}

    def _moved(self, text: str) -> str:
        return _ABSOLUTE.sub(f"{self.root}/", text).replace("PATH=/usr/sbin", f"PATH={self.root}/bin:/usr/sbin")

    def fire(self) -> int:
        """Let every timer run out. How many did."""
        timers = sorted((self.root / "timers").glob("*.timer"))
        for timer in timers:
            _, _, command = timer.read_text().partition(" ")
            timer.unlink(missing_ok=True)
            self.run(command)
        return len(timers)

    def reboot(self) -> None:
        """Timers are gone, FRR and the kernel start from their files, after whatever stands in the way of that at boot."""
        for timer in (self.root / "timers").glob("*.timer"):
            timer.unlink()
        for link in sorted((self.root / "etc/systemd/system/sysinit.target.wants").glob("*.service")):
            (start,) = re.findall(r"^ExecStart=(.*)$", link.read_text(), re.MULTILINE)
            self.run(start)
        self.running.write_text(_without_end(self.text("/etc/frr/frr.conf")))
        self.shell("nft -f /etc/nftables.conf")

    def timers(self) -> list[int]:
        """Seconds of each timer that runs."""
        return [int(timer.read_text().split()[0]) for timer in sorted((self.root / "timers").glob("*.timer"))]

    def text(self, path: str) -> str:
        return (self.root / path.lstrip("/")).read_text()

    def fault(self, name: str, text: str = "") -> None:
        (self.root / "faults" / name).write_text(text)

    def log(self) -> list[str]:
        """What was done to it: `armed`, `disarmed`, `frr-lines`, `nft`, `saved`, `reload …`."""
        return (self.root / "log").read_text().split("\n")[:-1]

    def lines(self) -> tuple[str, ...]:
        """All of its configuration: what runs, and what the files hold that luxops manages."""
        paths = ("/etc/nftables.conf", "/etc/rsyslog.d/luxops.conf", "/etc/issue.net")
        files = [
            f"{path}: {text}"
            for path in paths
            if (self.root / path.lstrip("/")).exists()
            for text in self.text(path).split("\n")
        ]
        return (*self.running.read_text().split("\n"), *(self.root / "ruleset").read_text().split("\n"), *files)

    def saved(self) -> bool:
        """Whether FRR would start with what it runs."""
        return _without_end(self.text("/etc/frr/frr.conf")) == self.running.read_text()

    def wipe(self) -> None:
        shutil.rmtree(self.root)


def _with_data_moved(script: str, moved: Callable[[str], str]) -> str:
    """A command line goes to the router in base64: it, too, must stay below the folder."""
    call, _, rest = script.rpartition("\nmain command ")
    if not call:
        return script
    head, _, body = rest.partition("\n")
    data, _, tail = body.partition("LUXOPS-DATA")
    encoded = base64.encodebytes(moved(base64.b64decode(data).decode()).encode()).decode()
    return f"{call}\nmain command {head}\n{encoded}LUXOPS-DATA{tail}"


def _without_end(text: str) -> str:
    return "".join(f"{line}\n" for line in text.split("\n") if line not in {"end", ""})


# --- FRR's command line, run as a program of its own


def vtysh(root: str, words: list[str]) -> int:
    """`-c 'show running-config'`, `-c 'write memory'`, `-C -f FILE`, `-f FILE`, and facts by `-c 'show … json'`."""
    place = Path(root)
    if words[:1] == ["-c"]:
        return _asked(place, words[1])
    lines = Path(words[-1]).read_text().split("\n")
    wrong = [n for n, line in enumerate(lines, 1) if line.strip() and line.split()[0] not in _WORDS]
    for number in wrong:
        print(f"line {number}: % Unknown command[5]: {lines[number - 1]}", file=sys.stderr)  # noqa: T201 - it is a program
    if "-C" in words or wrong:
        return 2 if wrong else 0
    tree = (place / "running").read_text().split("\n")[:-1]
    fault = place / "faults" / "vtysh"
    at = fault.read_text() if fault.exists() else None
    for number, line in enumerate(lines, 1):
        if at and at in line:
            print(f"line {number}: Failure to communicate[13] to bgpd, line: {line}", file=sys.stderr)  # noqa: T201 - same
            (place / "running").write_text("".join(f"{text}\n" for text in tree))
            return 13
    if (place / "faults" / "vtysh-says").exists():
        print((place / "faults" / "vtysh-says").read_text())  # noqa: T201 - same
    (place / "running").write_text("".join(f"{text}\n" for text in applied(tree, lines)))
    with (place / "log").open("a") as log:
        log.write("frr-lines\n")
    return 0


def _asked(place: Path, command: str) -> int:
    out = sys.stdout
    if command == "show running-config":
        out.write(f"Building configuration...\n\nCurrent configuration:\n!\n{(place / 'running').read_text()}end\n")
    elif command == "write memory":
        if (place / "faults" / "no-save").exists():
            out.write("% Can't open configuration file: No space left on device\n")
            return 1
        (place / "etc/frr/frr.conf").write_text((place / "running").read_text() + "end\n")
        with (place / "log").open("a") as log:
            log.write("saved\n")
        out.write("Building Configuration...\nIntegrated configuration saved to /etc/frr/frr.conf\n[OK]\n")
    else:
        name = {"show interface json": "interfaces", "show bgp ipv4 unicast summary json": "bgp", "show bfd peers json": "bfd",
                "show ip route json": "routes"}[command]  # fmt: skip
        out.write((place / "facts" / f"{name}.json").read_text())
    return 0


def applied(running: list[str], lines: list[str]) -> list[str]:
    """A configuration after lines of the configuration mode: one level is one blank."""
    after = list(running)
    context: list[str] = []
    for line in (text.strip() for text in lines):
        if not line or line == "!":
            continue
        if line in {"exit", "exit-address-family"}:
            context = context[:-1]
        elif line == "end":
            context = []
        elif _OPENERS.match(line):
            if re.match(r"(interface|router|route-map|bfd$)", line):
                context = []
            _entered(after, context, line)
            context = [*context, line]
        else:
            _set(after, context, line)
    return after


def _block(after: list[str], context: list[str]) -> tuple[int, int]:
    start, end, depth = -1, len(after), 0
    for depth, text in enumerate(context):
        start = next(n for n in range(start + 1, end) if after[n] == " " * depth + text)
        end = next((n for n in range(start + 1, end) if not after[n].startswith(" " * (depth + 1))), end)
    return start + 1, end


def _entered(after: list[str], context: list[str], line: str) -> None:
    start, end = _block(after, context)
    text = " " * len(context) + line
    if text not in after[start:end]:
        after.insert(end, text)


def _set(after: list[str], context: list[str], line: str) -> None:
    start, end = _block(after, context)
    indent = " " * len(context)
    if line.startswith("no ") and not line.startswith(("no bgp ", "no ipv6 ")):
        gone = indent + line.removeprefix("no ")
        first = next((n for n in range(start, end) if after[n] == gone or after[n].startswith(f"{gone} ")), None)
        if first is not None:
            last = next((n for n in range(first + 1, end) if not after[n].startswith(indent + " ")), end)
            del after[first:last]
        return
    key = " ".join(line.split()[: 1 if line.startswith("description") else 3 if line.startswith("neighbor") else 99])
    old = next((n for n in range(start, end) if after[n] == indent + line or after[n].startswith(f"{indent}{key} ")), None)
    if old is None:
        after.insert(end, indent + line)
    else:
        after[old] = indent + line
