"""Who may become whom by sudo, from sudoers and everything it includes."""

from __future__ import annotations

from collections.abc import Mapping

from luxops.domains.hosts.facts import sudoers
from luxops.domains.hosts.facts.interface import Answer, FileMode, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import STAT, blocks, file_modes
from luxops.model import FactName, FactValue


class ScopedDefault(FactValue):
    scope: str
    """`:user`, `@host`, `>runas` or `!command`, as written."""
    name: str
    value: bool | int | str


class SudoRule(FactValue):
    source: str
    """`FILE:LINE`."""
    who: tuple[str, ...]
    """`root`, `%group`, `#uid`, an alias; `ALL` for everyone."""
    hosts: tuple[str, ...]
    run_as: tuple[str, ...]
    """Users as whom it may run; (`root`) where none is written."""
    commands: tuple[str, ...]
    """As written, arguments included; `ALL` for every command, `!…` for exclusions, `sudoedit …`."""
    nopasswd: bool
    setenv: bool
    noexec: bool
    all_commands: bool
    """`ALL` is among the commands, or an alias that holds it."""


class Sudo(FactValue):
    """Source: /etc/sudoers, read as root, with its includes."""

    installed: bool
    """Whether sudo is there; if not, all else is empty."""
    defaults: Mapping[str, bool | int | str]
    """Defaults that hold for everyone, as set in the files: `use_pty: true`, `authenticate: false` for `!authenticate`,
    `timestamp_timeout: 5`. What no file sets is not in it. With `+=`, the values joined by a space."""
    scoped_defaults: tuple[ScopedDefault, ...]
    rules: tuple[SudoRule, ...]
    """In order; a line with several tags gives a rule for each run of equal tags."""
    aliases: Mapping[str, tuple[str, ...]]
    """Name of a user, run-as, host or command alias → members."""
    files: Mapping[str, FileMode]


_PARTS = ("installed", "files", "lines")
ROOT = Section(
    "sudo.rules",
    f"""\
[ ! -x /usr/bin/sudo ] && [ ! -x /usr/sbin/sudo ] || echo yes
echo '@@ installed 0'
for f in /etc/sudoers /etc/sudoers.d/*; do [ ! -f "$f" ] || set -- "$@" "$f"; done
[ $# = 0 ] || {STAT} "$@"
echo "@@ files $?"
[ $# = 0 ] || awk '/^[ \\t]*#([^i0-9]|$)/ || /^[ \\t]*$/ {{ next }} {{ print FILENAME ":" FNR ":" $0 }}' "$@"
echo "@@ lines $?"
""",
    group="local",
    privileged=True,
)


def parse(answer: Answer) -> Sudo:
    """Raises ParseError for a line outside the grammar of sudoers that sudoers.py reads, or an include that was not read."""
    part = blocks(answer.text(ROOT.name), _PARTS)
    if part["installed"].lines != ("yes",):
        return Sudo(installed=False, defaults={}, scoped_defaults=(), rules=(), aliases={}, files={})
    if part["files"].status or part["lines"].status or not part["lines"].lines:
        raise ParseError("sudo is installed, but sudoers could not be read")
    read = sudoers.parse(part["lines"].lines)
    return Sudo(
        installed=True,
        defaults={d.name: d.value for d in read.defaults if not d.scope},
        scoped_defaults=tuple(ScopedDefault(scope=d.scope, name=d.name, value=d.value) for d in read.defaults if d.scope),
        rules=tuple(
            SudoRule(
                source=rule.source, who=rule.who, hosts=rule.hosts, run_as=rule.run_as, commands=rule.commands,
                nopasswd=rule.nopasswd, setenv=rule.setenv, noexec=rule.noexec,
                all_commands=sudoers.holds_all(rule.commands, read.aliases),
            )
            for rule in read.rules
        ),
        aliases=read.aliases,
        files=file_modes(part["files"].lines),
    )  # fmt: skip


FACT = HostFact(FactName("sudo"), (ROOT,), parse)
