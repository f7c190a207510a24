"""The grammar of sudoers(5), as far as administrators use it. Anything else is an error, never a rule overlooked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from luxops.domains.hosts.facts.interface import ParseError
from luxops.domains.hosts.facts.reading import number_or_text

_ALIAS = re.compile(r"(User|Runas|Host|Cmnd|Cmd)_Alias\s+(.*)")
_DEFAULTS = re.compile(r"Defaults([:@>!]\s*(?:\"[^\"]*\"|\S+))?(?:\s+(.*))?")
_INCLUDE = re.compile(r"[@#]include(dir)?\s+\"?([^\"]+?)\"?\s*")
_PARAMETER = re.compile(r"(!*)([a-z][a-z0-9_]*)\s*(?:(\+=|-=|=)\s*(.*))?", re.DOTALL)
_TAG = re.compile(
    r"(NO)?(PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|FOLLOW|INTERCEPT)\s*:\s*|"
    r"(?:ROLE|TYPE|APPARMOR_PROFILE|PRIVS|LIMITPRIVS|NOTBEFORE|NOTAFTER|TIMEOUT|CWD|CHROOT)\s*=\s*\S+\s*"
)
_SPEC = re.compile(r"([^=]+?)\s*=\s*(.+)", re.DOTALL)
_RUN_AS = re.compile(r"\(([^)]*)\)\s*")


@dataclass(frozen=True)
class Default:
    scope: str
    name: str
    value: bool | int | str


@dataclass(frozen=True)
class Rule:
    source: str
    who: tuple[str, ...]
    hosts: tuple[str, ...]
    run_as: tuple[str, ...] = ("root",)
    commands: tuple[str, ...] = ()
    nopasswd: bool = False
    setenv: bool = False
    noexec: bool = False


@dataclass
class Sudoers:
    """What all files together say."""

    defaults: list[Default] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)


def parse(numbered: Iterable[str]) -> Sudoers:
    """Reads `FILE:LINE:TEXT` lines of /etc/sudoers and /etc/sudoers.d/*. Raises ParseError where it cannot."""
    read = Sudoers()
    counted = [(source, text) for source, text in _logical_lines(numbered) if _counts(source)]
    included = any(_includes_folder(text) for _, text in counted if not _.startswith("/etc/sudoers.d/"))
    for source, text in counted:
        if source.startswith("/etc/sudoers.d/") and not included:
            continue
        _line(read, source, text)
    return read


def holds_all(commands: Iterable[str], aliases: Mapping[str, tuple[str, ...]], depth: int = 0) -> bool:
    """Whether ALL is among the commands, through aliases too."""
    return any(
        command == "ALL" or (depth < len(aliases) and command in aliases and holds_all(aliases[command], aliases, depth + 1))
        for command in commands
    )


def _counts(source: str) -> bool:
    """In an included folder, sudo skips names that end in ~ or hold a dot."""
    name = source.rpartition(":")[0].rpartition("/")[2]
    return not source.startswith("/etc/sudoers.d/") or not (name.endswith("~") or "." in name)


def _includes_folder(text: str) -> bool:
    return bool((match := _INCLUDE.fullmatch(text)) and match[1] and match[2].rstrip("/") == "/etc/sudoers.d")


def _logical_lines(numbered: Iterable[str]) -> Iterator[tuple[str, str]]:
    source, text = "", ""
    for line in numbered:
        if not (match := re.fullmatch(r"(/[^:]+:\d+):(.*)", line)):
            raise ParseError(f"not a numbered line of sudoers: {line[:60]!r}")
        source = source if text else match[1]
        text += match[2]
        if text.endswith("\\"):
            text = text[:-1]
            if text:
                continue
        if stripped := _without_comment(text).strip():
            yield source, stripped
        text = ""
    if text:
        raise ParseError(f"{source}: the last line goes on, but nothing follows")


def _without_comment(text: str) -> str:
    """Up to a # outside quotes that is neither escaped, nor a numeric id, nor an include directive."""
    quoted = False
    for place, sign in enumerate(text):
        if sign == '"':
            quoted = not quoted
        if (
            sign == "#"
            and not quoted
            and not (place and text[place - 1] == "\\")
            and not re.match(r"#(\d|include(dir)?\s)", text[place:])
        ):
            return text[:place]
    return text


def _line(read: Sudoers, source: str, text: str) -> None:
    if match := _INCLUDE.fullmatch(text):
        if not _includes_folder(text):
            raise ParseError(f"{source} includes {match[2]}, which is not looked into")
    elif match := _DEFAULTS.fullmatch(text):
        _defaults(read, (match[1] or "").replace(" ", ""), match[2] or "", source)
    elif match := _ALIAS.fullmatch(text):
        for definition in _split(match[2], ":"):
            name, equals, members = definition.partition("=")
            if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name.strip()):
                raise ParseError(f"{source}: not an alias")
            read.aliases[name.strip()] = _list(members)
    else:
        read.rules.extend(_rules(source, text))


def _defaults(read: Sudoers, scope: str, parameters: str, source: str) -> None:
    for parameter in _split(parameters, ","):
        if not (match := _PARAMETER.fullmatch(parameter)):
            raise ParseError(f"{source}: not a default")
        bangs, name, operator, value = match.groups()
        plain: bool | int | str = len(bangs) % 2 == 0 if operator is None else number_or_text(value.strip().strip('"'))
        before = next((d for d in reversed(read.defaults) if (d.scope, d.name) == (scope, name)), None)
        if operator == "+=" and before is not None and isinstance(before.value, str):
            plain = f"{before.value} {plain}"
        if operator == "-=":
            words = str(before.value).split() if before is not None else []
            plain = " ".join(word for word in words if word not in str(plain).split())
        read.defaults.append(Default(scope, name, plain))


def _rules(source: str, text: str) -> Iterator[Rule]:
    """`who hosts = (run as) TAG: command, TAG: command : hosts = …`. Tags and run-as hold until they are changed."""
    who, first = _who(source, text)
    for spec in _split(first, ":", keep=_TAG):
        if not (match := _SPEC.fullmatch(spec)):
            raise ParseError(f"{source}: not a rule")
        rule = Rule(source, _list(who), _list(match[1]))
        for command in _split(match[2], ","):
            changed, plain = _tags(rule, command, source)
            if rule.commands and replace(changed, commands=rule.commands) == rule:
                rule = replace(rule, commands=(*rule.commands, plain))
                continue
            if rule.commands:
                yield rule
            rule = replace(changed, commands=(plain,))
        yield rule


def _who(source: str, text: str) -> tuple[str, str]:
    """Users before the first space that follows no comma, and the rest."""
    match = re.fullmatch(r"((?:\"[^\"]*\"|\\.|[^\s,\"]|,\s*|\s+(?=,))+)\s+(.*)", text, re.DOTALL)
    if not match or "=" not in match[2]:
        raise ParseError(f"{source}: neither a rule, nor a default, an alias or an include")
    return match[1], match[2]


def _tags(rule: Rule, command: str, source: str) -> tuple[Rule, str]:
    changed, rest = rule, command.strip()
    if match := _RUN_AS.match(rest):
        users = match[1].partition(":")[0]
        changed, rest = replace(changed, run_as=_list(users) if users.strip() else ("(invoking user)",)), rest[match.end() :]
    while match := _TAG.match(rest):
        negated, tag = bool(match[1]), match[2]
        if tag == "PASSWD":
            changed = replace(changed, nopasswd=negated)
        elif tag == "SETENV":
            changed = replace(changed, setenv=not negated)
        elif tag == "EXEC":
            changed = replace(changed, noexec=negated)
        rest = rest[match.end() :]
    if not rest:
        raise ParseError(f"{source}: a rule without a command")
    return changed, " ".join(rest.split())


def _list(text: str) -> tuple[str, ...]:
    members = tuple(member.strip().strip('"') for member in _split(text, ","))
    if not members or not all(members):
        raise ParseError("an empty list in sudoers")
    return members


def _split(text: str, separator: str, keep: re.Pattern[str] | None = None) -> list[str]:
    """Parts between separators that are neither quoted nor escaped, nor in parentheses, nor the colon of a tag."""
    parts, start, depth, quoted, place = [], 0, 0, False, 0
    while place < len(text):
        sign = text[place]
        if sign == "\\":
            place += 2
            continue
        if (
            keep is not None
            and not quoted
            and (tag := keep.match(text, place))
            and (place == 0 or text[place - 1] in " \t,)=:")
        ):
            place = tag.end()
            continue
        quoted ^= sign == '"'
        depth += (sign == "(") - (sign == ")")
        if sign == separator and not quoted and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
        place += 1
    return [*parts, text[start:].strip()]
