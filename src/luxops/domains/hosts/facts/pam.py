"""How PAM decides who gets in: stacks of modules, password quality, lock-out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from luxops.domains.hosts.facts.interface import Answer, CannotAnswer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import blocks, number_or_text, split_once
from luxops.model import FactName, FactValue, Failure, FailureReason


class PamLine(FactValue):
    type: str
    """`auth`, `account`, `password`, `session`; `include` for an `@include` line, whose `module` is the stack's name."""
    control: str
    """`required`, `sufficient`, `[success=1 default=ignore]`, …; empty for `@include`."""
    module: str
    """`pam_unix.so`, without a folder."""
    arguments: tuple[str, ...]


class Pam(FactValue):
    """Sources: /etc/pam.d, pwquality.conf, faillock.conf."""

    stacks: Mapping[str, tuple[PamLine, ...]]
    """Service (`common-auth`, `common-password`, `su`, `sshd`, `login`, …: every file of /etc/pam.d) → its lines, in order."""
    pwquality: Mapping[str, int | str | bool]
    """Setting → value, of pwquality.conf over its drop-ins; `true` for a word that stands alone. Empty where none is set."""
    faillock: Mapping[str, int | str | bool]
    """Same for faillock.conf."""


_PARTS = ("files", "stacks", "pwquality", "faillock")
STATE = Section(
    "pam.state",
    """\
for f in /etc/pam.d/*; do
  case $f in *~|*.dpkg-*) continue ;; esac
  [ ! -r "$f" ] || { echo "$f"; set -- "$@" "$f"; continue; }
  echo "! $f"
done
echo '@@ files 0'
awk '{ line = $0; while (sub(/\\\\$/, "", line) && (getline following) > 0) line = line following
  sub(/[ \\t]*#.*/, "", line); if (line !~ /^[ \\t]*$/) print FILENAME ":" line }' "$@" || exit $?
echo '@@ stacks 0'
set --
for f in /etc/security/pwquality.conf.d/*.conf /etc/security/pwquality.conf; do [ ! -r "$f" ] || set -- "$@" "$f"; done
[ $# = 0 ] || awk '{ sub(/#.*/, "") } NF' "$@" || exit $?
echo '@@ pwquality 0'
[ ! -r /etc/security/faillock.conf ] || awk '{ sub(/#.*/, "") } NF' /etc/security/faillock.conf || exit $?
echo '@@ faillock 0'
""",
    group="local",
)
_LINE = re.compile(r"-?(auth|account|password|session)\s+(\[[^\]]*\]|\w+)\s+(\S+)\s*(.*)", re.IGNORECASE)
_INCLUDE = re.compile(r"@include\s+(\S+)\s*")
_ARGUMENT = re.compile(r"\[(?:\\.|[^\]])*\]|\S+")


def parse(answer: Answer) -> Pam:
    """Raises ParseError for a line that PAM could not read either, and where there is no stack."""
    part = blocks(answer.text(STATE.name), _PARTS)
    stacks: dict[str, list[PamLine]] = {}
    for path in part["files"].lines:
        if path.startswith("! "):
            raise CannotAnswer(Failure(reason=FailureReason.REFUSED, detail=f"{path[2:]} may only be read by root"))
        stacks[path.rpartition("/")[2]] = []
    for line in part["stacks"].lines:
        path, text = split_once(line, ":", "pam.d")
        if (name := path.rpartition("/")[2]) not in stacks:
            raise ParseError(f"a line of a file that is not there: {path[:60]!r}")
        stacks[name].append(_line(text.strip()))
    if not stacks:
        raise ParseError("pam.d is empty")
    return Pam(
        stacks={name: tuple(lines) for name, lines in stacks.items()},
        pwquality=_settings(part["pwquality"].lines), faillock=_settings(part["faillock"].lines),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _line(text: str) -> PamLine:
    if match := _INCLUDE.fullmatch(text):
        return PamLine(type="include", control="", module=match[1], arguments=())
    if not (match := _LINE.fullmatch(text)):
        raise ParseError(f"not a line of PAM: {text[:80]!r}")
    module = match[3] if match[2] in {"include", "substack"} else match[3].rpartition("/")[2]
    return PamLine(type=match[1].lower(), control=match[2], module=module, arguments=tuple(_ARGUMENT.findall(match[4])))


def _settings(lines: Iterable[str]) -> dict[str, int | str | bool]:
    settings: dict[str, int | str | bool] = {}
    for line in lines:
        if not (match := re.fullmatch(r"\s*([a-z_]+)\s*(?:=\s*(.*?))?\s*", line)):
            raise ParseError(f"not a setting: {line[:80]!r}")
        settings[match[1]] = True if match[2] is None else number_or_text(match[2])
    return settings


FACT = HostFact(FactName("pam"), (STATE,), parse)
