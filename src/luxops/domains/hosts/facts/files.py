"""Modes and owners of sensitive paths, and files that lend or leak rights."""

from __future__ import annotations

from collections.abc import Mapping

from luxops.domains.hosts.facts.interface import Answer, FileMode, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import STAT, Block, blocks, file_mode, file_modes
from luxops.model import FactName, FactValue, Unreadable


class SetIdFile(FactValue):
    path: str
    mode: str
    """Four octal digits."""
    owner: str
    group: str
    setuid: bool
    setgid: bool


class Files(FactValue):
    """Sources: stat and find."""

    paths: Mapping[str, FileMode]
    """Sensitive path → mode, of those that exist.

    /etc/passwd, passwd-, shadow, shadow-, group, group-, gshadow, gshadow-, /etc/crontab, cron.d,
    cron.hourly, cron.daily, cron.weekly, cron.monthly, cron.allow,
    at.allow, /etc/ssh/sshd_config, /etc/sudoers, sudoers.d,
    /etc/security, /etc/pam.d, /etc/login.defs, /etc/hosts, /etc/fstab, /etc/issue, /etc/issue.net, /etc/motd, /etc/apt,
    /etc/nftables.conf, /etc/sysctl.conf, sysctl.d, /etc/ssl/private, /etc/audit, /boot, /boot/grub/grub.cfg, /root, /home,
    /tmp,     /var/tmp, /var/log, /var/spool/cron/crontabs.
    """
    absent: tuple[str, ...]
    """Those of them that do not exist, sorted."""
    setid: tuple[SetIdFile, ...] | Unreadable
    """Regular files with setuid or setgid in `looked_in`, without other file systems; by path."""
    world_writable_directories: tuple[str, ...] | Unreadable
    """Directories in `looked_in` that everyone may write to and that lack the sticky bit; sorted."""
    world_writable_files: tuple[str, ...] | Unreadable
    """Regular files in `looked_in` that everyone may write to; sorted."""
    unowned: tuple[str, ...] | Unreadable
    """Paths in `looked_in` whose user or group has no account; sorted."""
    looked_in: tuple[str, ...]
    """Directories searched, three levels deep; /usr/lib/modules, /usr/lib/python3 and /var/lib/dpkg are left out."""


SENSITIVE = (
    *(
        "/etc/passwd",
        "/etc/passwd-",
        "/etc/shadow",
        "/etc/shadow-",
        "/etc/group",
        "/etc/group-",
        "/etc/gshadow",
        "/etc/gshadow-",
    ),
    *("/etc/crontab", "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly"),
    *("/etc/cron.allow", "/etc/at.allow", "/etc/ssh/sshd_config", "/etc/sudoers", "/etc/sudoers.d", "/etc/security"),
    *("/etc/pam.d", "/etc/login.defs", "/etc/hosts", "/etc/fstab", "/etc/issue", "/etc/issue.net", "/etc/motd", "/etc/apt"),
    *(
        "/etc/nftables.conf",
        "/etc/sysctl.conf",
        "/etc/sysctl.d",
        "/etc/ssl/private",
        "/etc/audit",
        "/boot",
        "/boot/grub/grub.cfg",
    ),
    *("/root", "/home", "/tmp", "/var/tmp", "/var/log", "/var/spool/cron/crontabs"),  # noqa: S108 - names to ask after
)
LOOKED_IN = (
    "/etc",
    "/home",
    "/opt",
    "/root",
    "/srv",
    "/usr/bin",
    "/usr/lib",
    "/usr/libexec",
    "/usr/local",
    "/usr/sbin",
    "/var",
)
_DEPTH = 3
ROOT = Section("files.root", f"{STAT} {' '.join(SENSITIVE)} 2>/dev/null\necho '@@ modes 0'\n", group="local", privileged=True)
FOUND = Section(
    "files.found",
    f"""\
for d in {" ".join(LOOKED_IN)}; do [ ! -d "$d" ] || set -- "$@" "$d"; done
both=$(awk -F: 'FILENAME != "/etc/passwd" && !groups++ {{ printf ":" }}
  {{ printf " ! -%s %s", groups ? "gid" : "uid", $3 }}' /etc/passwd /etc/group)
users=${{both%:*}} groups=${{both#*:}}
find "$@" -maxdepth {_DEPTH} -xdev \\
  \\( -path /usr/lib/modules -o -path /usr/lib/python3 -o -path /var/lib/dpkg \\) -prune -o \\
  \\( -type f -perm /6000 -printf 's %m %u %g %p\\n' \\) , \\
  \\( -type d -perm -0002 ! -perm -1000 -printf 'd %p\\n' \\) , \\
  \\( -type f -perm -0002 -printf 'w %p\\n' \\) , \\
  \\( \\( ! -uid 0 -o ! -gid 0 \\) \\( $users -o $groups \\) -printf 'u %p\\n' \\)
echo "@@ found $?"
""",
    group="local",
    privileged=True,
)


def parse(answer: Answer) -> Files:
    """Raises ParseError for a line that neither stat nor find prints, and where /etc/passwd has no mode."""
    paths = file_modes(blocks(answer.text(ROOT.name), ("modes",))["modes"].lines)
    if "/etc/passwd" not in paths:
        raise ParseError("/etc/passwd has no mode")
    found = answer.part(FOUND.name, lambda text: _found(blocks(text, ("found",))["found"]))
    listed = {kind: _paths(found, kind) for kind in "dwu"}
    return Files(
        paths=paths, absent=tuple(sorted(set(SENSITIVE) - paths.keys())),
        setid=found if isinstance(found, Unreadable) else _set_ids(found),
        world_writable_directories=listed["d"], world_writable_files=listed["w"], unowned=listed["u"], looked_in=LOOKED_IN,
    )  # fmt: skip


def _found(block: Block) -> list[tuple[str, str]] | Unreadable:
    if block.status != 0:
        return Unreadable(reason=f"find ended with status {block.status}: not everything was looked at")
    found = []
    for line in block.lines:
        if line[:2] not in {"s ", "d ", "w ", "u "}:
            raise ParseError(f"not a line of find: {line[:80]!r}")
        found.append((line[0], line[2:]))
    return found


def _paths(found: list[tuple[str, str]] | Unreadable, kind: str) -> tuple[str, ...] | Unreadable:
    return found if isinstance(found, Unreadable) else tuple(sorted(path for k, path in found if k == kind))


def _set_ids(found: list[tuple[str, str]]) -> tuple[SetIdFile, ...]:
    return tuple(sorted((_set_id(rest) for kind, rest in found if kind == "s"), key=lambda file: file.path))


def _set_id(line: str) -> SetIdFile:
    mode, owner, group, path = (line.split(" ", 3) + [""] * 4)[:4]
    if not path.startswith("/") or not mode.isdecimal():
        raise ParseError(f"not a file with setuid or setgid: {line[:80]!r}")
    bits = int(mode, 8)
    shown = file_mode(bits, owner, group)
    return SetIdFile(
        path=path, mode=shown.mode, owner=owner, group=group, setuid=bool(bits & 0o4000), setgid=bool(bits & 0o2000)
    )


FACT = HostFact(FactName("files"), (ROOT, FOUND), parse)
