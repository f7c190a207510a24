"""The one script that a host runs: all sections of all facts, framed, in one SSH round trip, through at most one sudo.

It reads and never writes: no temporary file, no redirection but to /dev/null and between its own descriptors. It arrives on
standard input, so nothing of it is in the process list, and it is one brace group each side of sudo, so a script that
arrives cut runs not at all. Sections are run and framed by groups, because processes are what a scan costs: each group is
one shell under one time limit, and one checksum. Where the limit ends a group, the section that ran is marked as ended by
it, and a new shell goes on after it. The frame format is described in `framing`.

Two ways to become root, chosen for each host group in the inventory:

`sudo`
    The privileged part is sent too, into `sudo -n /bin/sh -s`.
`installed`
    sudo allows one root-owned copy of it (`INSTALLED`, content `collector_script()`, rule `sudoers_line()`) and nothing else.
    The unprivileged part compares owner, mode and SHA-256 of that copy with what this version of luxops would have sent,
    reports them, and runs it only where they agree.

What a host is asked depends on the role of its group (`HostFact.role`): one without has a script without a byte of what
only others are asked, so its answers, its copy and their digests stay what they are when such a fact changes.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from types import MappingProxyType
from typing import Literal

from luxops.domains.hosts.facts import FACTS
from luxops.domains.hosts.facts.interface import Group, HostFact, Section

Collector = Literal["sudo", "installed"]

COMMAND = "exec nice -n 10 ionice -c 2 -n 7 /bin/sh -s"
"""What the login shell is asked to run: a shell that steps back behind the host's own work and reads standard input."""
INSTALLED = "/usr/local/libexec/luxops-collect"
"""Where the root-owned copy of the privileged part lies on hosts of groups with `collector: installed`."""
IDENTITY = "host.identity"
"""First section: whose answer it is."""
SUDO = "sudo.outcome"
"""Written after the privileged part: its exit status, and what sudo said."""
COPY = "collector.copy"
"""With `installed`: owner, mode and SHA-256 of the copy."""
END = "end.cost"
"""Last section: the shell came to its end, and what it cost."""

_NONCE = re.compile(r"[0-9a-f]{16,64}")

_LIMITS: Mapping[Group, int] = {"local": 15, "system": 10, "daemons": 10}
"""Group → seconds of wall time, in the order in which they are run.

Where it is used up, 5 s are given to what is left, each time anew. A session without a byte of answer is given up after 30 s.
"""

_PRELUDE = """\
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin TZ=UTC0
export LC_ALL PATH TZ nonce
umask 077
mark="
$nonce "
frame() {
  head="#luxops1 $nonce $1 $2 ${#3}"
  sum=$(printf '%s\\n%s' "$head" "$3" | sha256sum)
  printf '%s %s\\n%s\\n' "$head" "${sum%% *}" "$3"
}
group() {
  name=$1 limit=$2 text=$3
  shift 3
  said=$({ all= failed=0
    while [ $# != 0 ]; do
      out=$(printf '%s' "$text" | timeout -k 1 "$limit" /bin/sh -s "$@"; printf ':%s' "$?")
      status=${out##*:} out=${out%:*}
      all=$all$out
      [ "$status" = 0 ] || failed=$status
      [ "$status" -gt 1 ] || break
      while [ "$out" != "${out#*"$mark"}" ]; do out=${out#*"$mark"}; shift; done
      [ $# = 0 ] || { all=$(printf '%s%s%s %s\\n.' "$all" "$mark" "$1" "$status"); all=${all%.}; shift; }
      limit=5
    done
    frame "$name" 0 "$all" >&3
    printf ':%s' "$failed"; } 2>&1)
  [ "${said##*:}" = 0 ] || frame "$name!" 0 "$(printf '%.8000s' "${said%:*}")" >&3
}
exec 3>&1
"""
"""`group NAME SECONDS TEXT SECTION…` runs and frames the sections. Its status is 0: all ended well; 1: one did not; else TEXT's
shell was ended, and those with a mark in what it printed had run by then."""

_GROUP = """\
{ bad=0
for s; do
  printf '%s %s\\n' "$nonce" "$s" >&2
  case $s in
"""
_SECTION = """\
{name}) (set --
{script}
) ;;
"""
_GROUP_END = """\
  esac
  status=$?
  [ $status = 0 ] || bad=1
  printf '\\n%s %s %s\\n' "$nonce" "$s" $status
done
exit $bad
} </dev/null
"""
"""The shell of a group. Its arguments are names of sections; after each one's output stands a mark of this request alone.

It is fed by a pipe, not by an argument: sudo with `log_subcmds` ends a program that has one of more than 4 kB.
"""

_COST = f"""\
read -r stat </proc/$$/stat
set -- ${{stat##*) }}
frame {END} 0 "ticks $((${{12}} + ${{13}} + ${{14}} + ${{15}}))"
"""
"""Fields 14 to 17 of proc(5) stat: own and children's processor time, in hundredths of a second."""

_CHECK_COPY = """\
copy="$(stat -c '%U:%G %a' {path} 2>/dev/null) $(sha256sum <{path} 2>/dev/null)"
frame {section} 0 "$copy"
if [ "$copy" = "{expected}" ]; then
"""


def sections(facts: Sequence[HostFact] = FACTS) -> tuple[Section, ...]:
    """Every section once, unprivileged ones first, by groups: the order in which they are run and framed."""
    unique = {section.name: section for fact in facts for section in fact.sections}
    order = list(_LIMITS)
    return tuple(sorted(unique.values(), key=lambda s: (s.privileged, order.index(s.group))))


@cache
def expected_frames(collector: Collector, role: str | None = None) -> Mapping[str, tuple[str, ...]]:
    """All frames of a whole answer, in order: name → sections in it; none for a frame that is one section itself.

    Beside each may stand one `NAME!` with what went to standard error.
    """
    opened, privileged = _groups(role, privileged=False), _groups(role, privileged=True)
    copy: dict[str, tuple[str, ...]] = {COPY: ()} if collector == "installed" else {}
    inside = [{name: tuple(s.name for s in members) for name, members in side.items()} for side in (opened, privileged)]
    return MappingProxyType({IDENTITY: (), **inside[0], **copy, **inside[1], SUDO: (), END: ()})


def _groups(role: str | None, *, privileged: bool) -> Mapping[str, tuple[Section, ...]]:
    """Name of the frame → its sections, of one side of sudo."""
    asked = [fact for fact in FACTS if fact.asked_of(role)]
    mine = (section for section in sections(asked) if section.privileged is privileged)
    side = "root" if privileged else "open"
    return {f"{group}.{side}": tuple(members) for group, members in groupby(mine, key=lambda s: s.group)}


@cache
def _privileged_body(role: str | None) -> str:
    return f"{{\n{_PRELUDE}{_runs(role, privileged=True)}exit 0\n}}\n"


@cache
def collector_script(role: str | None = None) -> bytes:
    """The privileged part as a file, for INSTALLED on hosts of that role: owner root:root, mode 0755.

    Reads the nonce from standard input.
    """
    guard = "case $nonce in *[!0-9a-f]* | '') exit 64 ;; esac\n"
    header = "#!/bin/sh\n# luxops: reads what host facts need. Takes no arguments; writes nothing.\nread -r nonce\n"
    return f"{header}{guard}{_privileged_body(role)}".encode()


def collector_digest(role: str | None = None) -> str:
    """SHA-256 of `collector_script(role)`, 64 hexadecimal digits."""
    return hashlib.sha256(collector_script(role)).hexdigest()


def collector_copy(role: str | None = None) -> str:
    """What the COPY section says of a right copy."""
    return f"root:root 755 {collector_digest(role)}  -"


def sudoers_line(user: str) -> str:
    """The one rule that `collector: installed` needs, for a file of mode 0440 in /etc/sudoers.d. No arguments are allowed."""
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", user):
        raise ValueError(f"not an account name: {user!r}")
    return f'{user} ALL=(root) NOPASSWD: {INSTALLED} ""\n'


def nonce_of(script: bytes) -> str:
    """The nonce that `compose` put into a script: what a recording must keep beside the answer."""
    match = re.match(rb"\{\nnonce=([0-9a-f]{16,64})\n", script)
    if match is None:
        raise ValueError("not a script that luxops composed")
    return match[1].decode()


def compose(nonce: str, collector: Collector, role: str | None = None) -> bytes:
    """The script for one request to a host of that role. The nonce, 16 to 64 hexadecimal digits, binds the answer to it."""
    if not _NONCE.fullmatch(nonce):
        raise ValueError("a nonce is 16 to 64 hexadecimal digits")
    return f"{{\nnonce={nonce}\n{_unprivileged(collector, role)}}}\n".encode()


@cache
def _unprivileged(collector: Collector, role: str | None) -> str:
    identity = f'frame {IDENTITY} 0 "$(cat /proc/sys/kernel/hostname; printf .)"\n'
    runs = _runs(role, privileged=False)
    if collector == "sudo":
        root = _as_root("{ printf 'nonce=%s\\n' \"$nonce\"; cat <<'LUXOPS_PRIVILEGED'", "/bin/sh -s", _privileged_body(role))
    else:
        check = _CHECK_COPY.format(path=INSTALLED, section=COPY, expected=collector_copy(role))
        skipped = f'else\nframe {SUDO} 126 "the installed collector is not the one expected"\nfi\n'
        root = check + _as_root("{ printf '%s\\n' \"$nonce\"", INSTALLED) + skipped
    return f"{_PRELUDE}{identity}{runs}{root}{_COST}"


def _as_root(feed: str, command: str, document: str = "") -> str:
    """Feeds the privileged part to sudo, passes its frames on, and frames how sudo ended with what it said.

    A session of root itself needs no sudo.
    """
    end = "LUXOPS_PRIVILEGED\n}" if document else "; }"
    return (
        "become='sudo -n'; [ \"$(id -u)\" != 0 ] || become=\n"
        f"said=$({feed}{chr(10) if document else ''}{document}{end} | $become {command} 2>&1 >&3; printf ':%s' \"$?\")\n"
        f'frame {SUDO} "${{said##*:}}" "$(printf \'%.400s\' "${{said%:*}}")"\n'
    )


def _runs(role: str | None, *, privileged: bool) -> str:
    return "".join(_run(name, members) for name, members in _groups(role, privileged=privileged).items())


def _run(frame: str, members: Sequence[Section]) -> str:
    cases = "".join(_SECTION.format(name=section.name, script=section.script.strip("\n")) for section in members)
    names = " ".join(section.name for section in members)
    return f"group {frame} {_LIMITS[members[0].group]} {shlex.quote(_GROUP + cases + _GROUP_END)} {names}\n"
