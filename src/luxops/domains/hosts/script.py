"""The one script that a host runs: all sections of all facts, framed, in one SSH round trip, through at most one sudo.

It reads and never writes: no temporary file, no redirection but to /dev/null and between its own descriptors. It arrives on
standard input, so nothing of it is in the process list, and it is one brace group each side of sudo, so a script that
arrives cut runs not at all. Each section that asks a
program or a daemon has a time limit of its own. The frame format is described in `framing`.

Two ways to become root, chosen for each host group in the inventory:

`sudo`
    The privileged part is sent too, into `sudo -n /bin/sh -s`.
`installed`
    sudo allows one root-owned copy of it (`INSTALLED`, content `collector_script()`, rule `sudoers_line()`) and nothing else.
    The unprivileged part compares owner, mode and SHA-256 of that copy with what this version of luxops would have sent,
    reports them, and runs it only where they agree.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence
from functools import cache
from typing import Literal

from luxops.domains.hosts.facts import FACTS
from luxops.domains.hosts.facts.interface import HostFact, Section

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

_PRELUDE = """\
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin TZ=UTC0
export LC_ALL PATH TZ
umask 077
frame() {
  head="#luxops1 $nonce $1 $2 ${#3}"
  sum=$(printf '%s\\n%s' "$head" "$3" | sha256sum)
  printf '%s %s\\n%s\\n' "$head" "${sum%% *}" "$3"
}
run() {
  said=$({ out=$(if [ "$2" = - ]; then (text=$3; set --; eval "$text"); else timeout -k 1 "$2" /bin/sh -c "$3"; fi </dev/null
      printf ':%s' "$?")
    frame "$1" "${out##*:}" "${out%:*}" >&3; } 2>&1)
  [ -z "$said" ] || frame "$1!" 0 "$(printf '%.400s' "$said")" >&3
}
exec 3>&1
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
    """Every section once, unprivileged ones first: the order in which they are run and framed."""
    unique = {section.name: section for fact in facts for section in fact.sections}
    return tuple(sorted(unique.values(), key=lambda s: s.privileged))


def expected_frames(collector: Collector) -> tuple[str, ...]:
    """Names of all frames of a whole answer, in order; beside each may stand one `NAME!` with what went to standard error."""
    names = [(section.name, section.privileged) for section in sections()]
    return (
        IDENTITY,
        *(name for name, privileged in names if not privileged),
        *((COPY,) if collector == "installed" else ()),
        *(name for name, privileged in names if privileged),
        SUDO,
        END,
    )


@cache
def _privileged_body() -> str:
    runs = "".join(_run(section) for section in sections() if section.privileged)
    return f"{{\n{_PRELUDE}{runs}exit 0\n}}\n"


@cache
def collector_script() -> bytes:
    """The privileged part as a file, for INSTALLED: owner root:root, mode 0755. Reads the nonce from standard input."""
    guard = "case $nonce in *[!0-9a-f]* | '') exit 64 ;; esac\n"
    header = "#!/bin/sh\n# luxops: reads what host facts need. Takes no arguments; writes nothing.\nread -r nonce\n"
    return f"{header}{guard}{_privileged_body()}".encode()


def collector_digest() -> str:
    """SHA-256 of `collector_script()`, 64 hexadecimal digits."""
    return hashlib.sha256(collector_script()).hexdigest()


def collector_copy() -> str:
    """What the COPY section says of a right copy."""
    return f"root:root 755 {collector_digest()}  -"


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


def compose(nonce: str, collector: Collector) -> bytes:
    """The script for one request. The nonce, 16 to 64 hexadecimal digits, binds the answer to it."""
    if not _NONCE.fullmatch(nonce):
        raise ValueError("a nonce is 16 to 64 hexadecimal digits")
    return f"{{\nnonce={nonce}\n{_unprivileged(collector)}}}\n".encode()


@cache
def _unprivileged(collector: Collector) -> str:
    identity = f'frame {IDENTITY} 0 "$(cat /proc/sys/kernel/hostname; printf .)"\n'
    runs = "".join(_run(section) for section in sections() if not section.privileged)
    if collector == "sudo":
        root = _as_root("{ printf 'nonce=%s\\n' \"$nonce\"; cat <<'LUXOPS_PRIVILEGED'", "/bin/sh -s", _privileged_body())
    else:
        check = _CHECK_COPY.format(path=INSTALLED, section=COPY, expected=collector_copy())
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


def _run(section: Section) -> str:
    return f"run {section.name} {section.seconds or '-'} {shlex.quote(section.script)}\n"
