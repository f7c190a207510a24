"""The kernel's audit trail: whether it runs, what it is told to record, how its log is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import Block, blocks, number_or_text, split_once
from luxops.domains.hosts.facts.services import UNITS, units
from luxops.model import FactName, FactValue, Unreadable


class Audit(FactValue):
    """Sources: systemd's units, auditctl, /etc/audit."""

    installed: bool
    active: bool
    """auditd runs."""
    enabled: bool
    """auditd starts at boot."""
    config: Mapping[str, int | str] | Unreadable
    """auditd.conf: setting in lower case → value. Empty where auditd is not installed."""
    loaded_rules: tuple[str, ...] | Unreadable
    """Rules in the kernel, as auditctl prints them; empty: none. Unreadable in a container, which has no audit of its own."""
    kernel_enabled: int | Unreadable
    """0 off, 1 on, 2 on and locked until the next boot."""
    configured_rules: tuple[str, ...] | Unreadable
    """Rules in rules.d, in order, single spaces."""
    keys: tuple[str, ...] | Unreadable
    """Keys (`-k`) of configured rules, sorted, each once."""
    watched: tuple[str, ...] | Unreadable
    """Paths (`-w`, `-F path=`, `-F dir=`) of configured rules, sorted."""


_PARTS = ("installed", "config", "status", "loaded", "rules")
ROOT = Section(
    "audit.root",
    r"""
if command -v auditctl >/dev/null; then echo yes; else
  for part in installed config status loaded rules; do echo "@@ $part 0"; done; exit 0
fi
echo '@@ installed 0'
awk '/^[ \t]*[a-z_]+[ \t]*=/' /etc/audit/auditd.conf
echo "@@ config $?"
auditctl -s
echo "@@ status $?"
auditctl -l
echo "@@ loaded $?"
for f in /etc/audit/rules.d/*.rules; do [ ! -f "$f" ] || set -- "$@" "$f"; done
[ $# = 0 ] || awk '/^[ \t]*-/' "$@"
echo "@@ rules $?"
""",
    group="daemons",
    privileged=True,
)
_NO_AUDIT = "the kernel lets no audit be asked here: a container's audit is the machine's"
_NO_RULES = "No rules"
_WATCH = re.compile(r"(?:^|\s)(?:-w\s+|-F\s+(?:path|dir)=)(\S+)")
_KEY = re.compile(r"(?:^|\s)(?:-k\s+|-F\s+key=)(\S+)")


def parse(answer: Answer) -> Audit:
    """Raises ParseError for a setting of auditd.conf or a status of auditctl that is none."""
    unit = units(answer.text(UNITS.name)).get("auditd.service")
    active, enabled = (unit.active == "active", unit.enabled == "enabled") if unit else (False, False)
    part = answer.part(ROOT.name, lambda text: blocks(text, _PARTS))
    if isinstance(part, Unreadable):
        return Audit(
            installed=unit is not None, active=active, enabled=enabled, config=part, loaded_rules=part, kernel_enabled=part,
            configured_rules=part, keys=part, watched=part,
        )  # fmt: skip
    configured = part["rules"].or_unreadable("reading rules.d")
    rules = configured if isinstance(configured, Unreadable) else tuple(" ".join(line.split()) for line in configured)
    return Audit(
        installed=part["installed"].lines == ("yes",), active=active, enabled=enabled, config=_config(part["config"]),
        loaded_rules=_loaded(part["loaded"]), kernel_enabled=_kernel(part["status"]), configured_rules=rules,
        keys=_all(rules, _KEY), watched=_all(rules, _WATCH),
    )  # fmt: skip


def _all(rules: tuple[str, ...] | Unreadable, pattern: re.Pattern[str]) -> tuple[str, ...] | Unreadable:
    return (
        rules if isinstance(rules, Unreadable) else tuple(sorted({found for rule in rules for found in pattern.findall(rule)}))
    )


def _config(block: Block) -> Mapping[str, int | str] | Unreadable:
    lines = block.or_unreadable("reading auditd.conf")
    return lines if isinstance(lines, Unreadable) else dict(_settings(lines))


def _settings(lines: Iterable[str]) -> Iterable[tuple[str, int | str]]:
    for line in lines:
        name, value = split_once(line, "=", "auditd.conf")
        yield name.strip().lower(), number_or_text(value.strip())


def _loaded(block: Block) -> tuple[str, ...] | Unreadable:
    if block.status != 0:
        return Unreadable(reason=_NO_AUDIT)
    if not all(line.startswith("-") or line == _NO_RULES for line in block.lines):
        raise ParseError("auditctl printed a line that is no rule")
    return tuple(line for line in block.lines if line != _NO_RULES)


def _kernel(block: Block) -> int | Unreadable:
    if block.status != 0:
        return Unreadable(reason=_NO_AUDIT)
    if not block.lines:
        return 0  # auditctl is not installed: nothing was asked, and nothing records
    found = [match[1] for line in block.lines if (match := re.fullmatch(r"enabled\s+(\d)", line))]
    if len(found) != 1:
        raise ParseError("auditctl did not say whether audit is enabled")
    return int(found[0])


FACT = HostFact(FactName("audit"), (UNITS, ROOT), parse)
