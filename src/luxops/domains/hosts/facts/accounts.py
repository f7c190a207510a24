"""Accounts, groups, the state of passwords, and keys that open a session. No password hash leaves the host."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, TypeVar, cast

from luxops.domains.hosts.facts.interface import Answer, FileMode, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import STAT, blocks, file_modes, number_or_text
from luxops.model import FactName, FactValue, Unreadable


class User(FactValue):
    uid: int
    gid: int
    home: str
    shell: str
    login: bool
    """Its shell is neither nologin nor false, so that it can open a session."""
    system: bool
    """Its number lies below UID_MIN of login.defs, or is that of nobody."""
    password: Literal["shadowed", "empty", "in-passwd"]
    """Field 2 of passwd: `x`, nothing, or something else."""


class Group(FactValue):
    gid: int
    members: tuple[str, ...]
    """As the group file names them; primary groups are in `User.gid`."""


class Password(FactValue):
    state: Literal["locked", "empty", "hashed"]
    """`locked`: no password opens it; `empty`: none is asked for."""
    algorithm: str
    """`yescrypt`, `sha512`, `sha256`, `md5`, `blowfish`, `gost-yescrypt`, `scrypt`, `des`, `unknown`; empty where
    there is no hash.
    A locked account may still have one."""
    changed_on: str
    """Date `YYYY-MM-DD`; empty where not known; `1970-01-01`: must be changed at the next login."""
    min_days: int | None
    max_days: int | None
    """Days until it must be changed; None: never."""
    warn_days: int | None
    inactive_days: int | None
    expires_on: str
    """Date on which the account ends; empty: never."""


class AuthorizedKey(FactValue):
    type: str
    """`ssh-ed25519`, `ssh-rsa`, …"""
    options: tuple[str, ...]
    """Names of its options (`from`, `command`, `restrict`, …), without their values."""


class AuthorizedKeys(FactValue):
    file: FileMode
    keys: tuple[AuthorizedKey, ...]


class Accounts(FactValue):
    """Sources: passwd, group, shadow (reduced on the host), login.defs, ~/.ssh/authorized_keys."""

    users: Mapping[str, User]
    groups: Mapping[str, Group]
    passwords: Mapping[str, Password] | Unreadable
    """Name in shadow → state of its password."""
    login_defs: Mapping[str, int | str]
    """Name → value of login.defs; numbers where it is one. `UMASK` and octal values stay text."""
    authorized_keys: Mapping[str, AuthorizedKeys] | Unreadable
    """User → their keys; only users who have the file."""
    homes: Mapping[str, FileMode] | Unreadable
    """User who can log in → mode of the home directory; only homes that exist."""
    duplicate_names: tuple[str, ...]
    """User names that passwd has more than once."""
    duplicate_uids: tuple[int, ...]
    duplicate_gids: tuple[int, ...]
    nis_entries: int
    """Lines of passwd and group that begin with + or -."""


_OPEN_PARTS = ("passwd", "group", "login_defs")
STATE = Section(
    "accounts.state",
    """\
[ -r /etc/passwd ] && [ -r /etc/group ] && [ -r /etc/login.defs ] || exit 1
awk -F: 'FILENAME != file { if (file == "/etc/passwd") print "@@ passwd 0"; file = FILENAME }
  file == "/etc/login.defs" { if (!defs++) print "@@ group 0"; if ($0 ~ /^[ \t]*[A-Z][A-Z0-9_]*([ \t]|$)/) print; next }
  /^[+-]/ { print "+"; next }
  file == "/etc/group" { print NF == 4 ? $1 ":" $3 ":" $4 : "?"; next }
  NF != 7 { print "?"; next }
  { password = $2 == "x" ? "shadowed" : $2 == "" ? "empty" : "in-passwd"
    print $1 ":" password ":" $3 ":" $4 ":" $6 ":" $7 }' /etc/passwd /etc/group /etc/login.defs || exit $?
echo '@@ login_defs 0'
""",
    group="local",
)
_ROOT_PARTS = ("shadow", "homes", "modes", "keys")
ROOT = Section(
    "accounts.root",
    f"""\
awk -F: 'NF != 9 {{ print "?"; next }}
  {{ hash = $2; state = hash == "" ? "empty" : hash ~ /^[!*]/ ? "locked" : "hashed"; sub(/^[!*]+/, "", hash); scheme = ""
    if (hash ~ /^\\$/) {{
      split(hash, piece, "$")
      scheme = index(" y gy 7 6 5 1 2a 2b 2x 2y sha1 md5 ", " " piece[2] " ") ? piece[2] : "?" }}
    else if (hash != "") scheme = length(hash) == 13 ? "des" : "?"
    print $1 ":" state ":" scheme ":" $3 ":" $4 ":" $5 ":" $6 ":" $8 ":" $7 }}' /etc/shadow || exit $?
echo '@@ shadow 0'
while IFS=: read -r user x uid gid gecos home shell; do
  [ -d "$home" ] || continue
  case $home in /*/*|/root) ;; *) continue ;; esac
  echo "$user:$home"
  set -- "$@" "$home"
  for f in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2"; do [ ! -f "$f" ] || set -- "$@" "$f"; done
done </etc/passwd
echo '@@ homes 0'
[ $# = 0 ] || {STAT} "$@"
echo "@@ modes $?"
for p; do shift; case $p in */.ssh/authorized_keys*) set -- "$@" "$p" ;; esac; done
[ $# = 0 ] || awk '/^[ \\t]*(#|$)/ {{ next }}
  {{ gsub(/\\\\"/, ""); gsub(/"[^"]*"/, ""); type = ""; options = ""
    for (i = 1; i <= NF && i <= 2 && type == ""; i++) if ($i ~ /^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+$/) type = $i
    if (type != "" && type != $1) options = $1
    gsub(/=/, "", options)
    print FILENAME "\\t" (type == "" ? "?" : type) "\\t" options }}' "$@"
echo "@@ keys $?"
""",
    group="local",
    privileged=True,
)
_SCHEMES = {
    "": "", "y": "yescrypt", "gy": "gost-yescrypt", "7": "scrypt", "6": "sha512", "5": "sha256", "1": "md5", "md5": "md5",
    "2a": "blowfish", "2b": "blowfish", "2x": "blowfish", "2y": "blowfish", "sha1": "sha1", "des": "des", "?": "unknown",
}  # fmt: skip
_NOBODY = 65534
_CLOSED = re.compile(r".*/(nologin|false)")
_USER = re.compile(r"([^:]+):(shadowed|empty|in-passwd):(\d+):(\d+):([^:]*):([^:]*)")
_GROUP = re.compile(r"([^:]+):(\d+):([^:]*)")
_SHADOW = re.compile(r"([^:]+):(locked|empty|hashed):([^:]*):(-?\d*):(-?\d*):(-?\d*):(-?\d*):(-?\d*):(-?\d*)")


def parse(answer: Answer) -> Accounts:
    """Raises ParseError for a line that is no account, group or setting, and where there is no root."""
    part = blocks(answer.text(STATE.name), _OPEN_PARTS)
    login_defs = _login_defs(part["login_defs"].lines)
    first_uid = login_defs.get("UID_MIN", 1000)
    users = [_user(line, first_uid) for line in part["passwd"].lines if line != "+"]
    groups = [_group(line) for line in part["group"].lines if line != "+"]
    if not any(user.uid == 0 for _, user in users) or not groups:
        raise ParseError("there is no account with number 0, or no group")
    root = answer.part(ROOT.name, _root)
    passwords, keys, homes = (root, root, root) if isinstance(root, Unreadable) else root
    return Accounts(
        users=dict(reversed(users)), groups=dict(reversed(groups)),
        passwords=passwords, login_defs=login_defs, authorized_keys=keys,
        homes=homes if isinstance(homes, Unreadable)
        else {name: homes[name] for name, user in users if user.login and name in homes},
        duplicate_names=_twice(name for name, _ in users), duplicate_uids=_twice(user.uid for _, user in users),
        duplicate_gids=_twice(group.gid for _, group in groups),
        nis_entries=sum(line == "+" for name in ("passwd", "group") for line in part[name].lines),
    )  # fmt: skip


Item = TypeVar("Item", int, str)


def _twice(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(sorted(item for item, count in Counter(items).items() if count > 1))


@lru_cache(maxsize=4096)
def _user(line: str, first_uid: int | str) -> tuple[str, User]:
    if not (match := _USER.fullmatch(line)):
        raise ParseError("a line of passwd has not seven fields")
    name, password, uid, gid, home, shell = match.groups()
    number = int(uid)
    return name, User(
        uid=number, gid=int(gid), home=home, shell=shell, login=not _CLOSED.fullmatch(shell),
        system=number == _NOBODY or (isinstance(first_uid, int) and number < first_uid),
        password=cast("Literal['shadowed', 'empty', 'in-passwd']", password),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _group(line: str) -> tuple[str, Group]:
    if not (match := _GROUP.fullmatch(line)):
        raise ParseError("a line of group has not four fields")
    return match[1], Group(gid=int(match[2]), members=tuple(m for m in match[3].split(",") if m))


def _login_defs(lines: Iterable[str]) -> dict[str, int | str]:
    settings: dict[str, int | str] = {}
    for line in lines:
        name, *value = line.split(maxsplit=1)
        settings[name] = number_or_text(value[0].strip()) if value else ""
    if not settings:
        raise ParseError("login.defs sets nothing")
    return settings


_Root = tuple[Mapping[str, Password], Mapping[str, AuthorizedKeys] | Unreadable, Mapping[str, FileMode] | Unreadable]


def _root(text: str) -> _Root:
    part = blocks(text, _ROOT_PARTS)
    passwords = dict(_password(line) for line in part["shadow"].lines)
    if not passwords:
        raise ParseError("shadow has no account")
    if part["modes"].status != 0 or part["keys"].status != 0:
        missing = Unreadable(reason="a home directory could not be looked at")
        return passwords, missing, missing
    modes = file_modes(part["modes"].lines)
    homes = dict(line.split(":", 1) for line in part["homes"].lines)
    keys: dict[str, list[AuthorizedKey]] = {}
    for line in part["keys"].lines:
        path, kind, options = _three(line)
        keys.setdefault(path, []).append(AuthorizedKey(type=kind, options=tuple(o for o in options.split(",") if o)))
    return passwords, _of_users(homes, modes, keys), {user: modes[home] for user, home in homes.items()}


def _of_users(
    homes: Mapping[str, str], modes: Mapping[str, FileMode], keys: Mapping[str, list[AuthorizedKey]]
) -> dict[str, AuthorizedKeys]:
    """A second file, authorized_keys2, adds its keys; the mode shown is the first one's."""
    found: dict[str, AuthorizedKeys] = {}
    for user, home in homes.items():
        paths = [path for name in ("authorized_keys", "authorized_keys2") if (path := f"{home}/.ssh/{name}") in modes]
        if paths:
            found[user] = AuthorizedKeys(file=modes[paths[0]], keys=tuple(key for path in paths for key in keys.get(path, ())))
    return found


def _three(line: str) -> tuple[str, str, str]:
    fields = line.split("\t")
    if len(fields) != 3:  # noqa: PLR2004 - path, type, options
        raise ParseError("not an authorised key")
    return fields[0], fields[1], fields[2]


def _password(line: str) -> tuple[str, Password]:
    if not (match := _SHADOW.fullmatch(line)) or match[3] not in _SCHEMES:
        raise ParseError("a line of shadow has not nine fields")
    name, state, scheme, changed, least, most, warn, expires, inactive = match.groups()
    return name, Password(
        state=cast("Literal['locked', 'empty', 'hashed']", state), algorithm=_SCHEMES[scheme], changed_on=_day(changed),
        min_days=_days(least), max_days=_days(most), warn_days=_days(warn), inactive_days=_days(inactive),
        expires_on=_day(expires),
    )  # fmt: skip


def _days(text: str) -> int | None:
    return int(text) if text not in {"", "-1"} else None


def _day(text: str) -> str:
    try:
        return (date(1970, 1, 1) + timedelta(days=int(text))).isoformat() if text not in {"", "-1"} else ""
    except OverflowError as error:
        raise ParseError("a day in shadow is out of range") from error


FACT = HostFact(FactName("accounts"), (STATE, ROOT), parse)
