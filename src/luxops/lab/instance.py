"""One booted system: a systemd in systemd-nspawn, in a network namespace and a cgroup of its own.

Nothing here trusts a noted process id. What belongs to an instance is what its cgroup holds, and what is mounted for it is
what the kernel's mount table names after it: both survive a killed `up`, and neither can be another's.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from luxops.lab.cgroups import ENVIRONMENT, PREFIX, launch, processes_of
from luxops.lab.images import overlay_options
from luxops.lab.shell import LabError, attempt, run
from luxops.lab.state import State

SUPERVISE = Path(__file__).with_name("supervise.sh")
_LISTEN = "0A"
"""The kernel's number of the state in /proc/net/tcp."""


def namespace_of(name: str) -> str:
    """The network namespace of an instance, or of a part of the lab."""
    return PREFIX + name


def leader_of(name: str) -> int | None:
    """The process that is process 1 inside the instance, or None while there is none."""
    for pid in sorted(processes_of(name)):
        if _is_leader(pid):
            return pid
    return None


def mounts() -> dict[Path, str]:
    """Mount point → instance, for every root that any lab mounted on this machine."""
    found = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        source = rest.split(" ")[1]
        if source.startswith(PREFIX):
            found[Path(fields.split(" ")[4])] = source.removeprefix(PREFIX)
    return found


def mount(state: State, name: str, lower: Sequence[Path]) -> Path:
    """A fresh root for the instance above the images `lower` (topmost first)."""
    folder = state.instances / name
    if folder.exists():
        shutil.rmtree(folder)
    for part in ("upper", "work", "root"):
        (folder / part).mkdir(parents=True, mode=0o755)
    root = state.root_of(name)
    options = overlay_options(list(lower), folder / "upper", folder / "work")
    run("mount", "-t", "overlay", namespace_of(name), "-o", options, str(root))
    return root


def boot(state: State, name: str) -> None:
    """Start the instance; it comes up on its own time. A reboot inside starts it again."""
    variables = {
        "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",  # sysctls under /proc/sys/net are the namespace's own
        "SYSTEMD_NSPAWN_LOCK": "0",
        "SYSTEMD_SECCOMP": "0",  # auditd needs its socket
    }
    log = state.instances / name / "console.log"
    launch(name, ["/bin/sh", str(SUPERVISE), name, str(state.root_of(name))], log, variables)


def listens(name: str, port: int) -> bool:
    """Whether something in the instance's network namespace waits for TCP connections on the port. Costs next to nothing."""
    leader = leader_of(name)
    try:
        lines = Path(f"/proc/{leader}/net/tcp").read_text().splitlines()[1:] if leader is not None else []
    except OSError:  # it ended meanwhile
        return False
    fields = (line.split() for line in lines)
    return any(state == _LISTEN and local.endswith(f":{port:04X}") for _, local, _, state, *_ in fields)


def enter(name: str, *command: str) -> list[str]:
    """The argument list that runs `command` inside the instance. Raises LabError where it does not run."""
    leader = leader_of(name)
    if leader is None:
        raise LabError(f"{name} is not running", remedy="`luxops lab up` starts it; `luxops lab status` shows all.")
    variables = [f"{key}={value}" for key, value in ENVIRONMENT.items()]
    return ["nsenter", "--target", str(leader), "--all", "--wdns=/", "--", "env", "-i", *variables, *command]


def inside(name: str, *command: str, stdin: str | None = None, timeout: float = 60.0) -> str:
    """Run inside the instance and return standard output. Raises LabError when the command fails."""
    return run(*enter(name, *command), stdin=stdin, timeout=timeout)


def try_inside(name: str, *command: str) -> subprocess.CompletedProcess[str]:
    """As `inside`, but the exit status is the caller's to judge."""
    return attempt(*enter(name, *command), timeout=60.0)


def attached(name: str, *command: str) -> int:
    """Run inside the instance on this terminal; the command's exit status."""
    return subprocess.run(enter(name, *command), check=False).returncode


def unmount(point: Path) -> None:
    """Take a root away, also where something below it is still mounted."""
    if attempt("umount", str(point)).returncode != 0:
        run("umount", "--lazy", "--recursive", str(point))


def _is_leader(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    spaces = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    return len(spaces) > 1 and spaces[-1] == "1" and spaces[0] == str(pid)
