"""Where log lines go, and who may read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, cast

from luxops.domains.hosts.facts.interface import Answer, FileMode, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import STAT, blocks, file_modes, split_once
from luxops.domains.hosts.facts.services import UNITS, units
from luxops.model import FactName, FactValue, Unreadable


class ForwardTarget(FactValue):
    host: str
    port: int
    protocol: Literal["tcp", "udp", "relp"]
    tls: bool


class Logging(FactValue):
    """Sources: journald.conf and rsyslog.conf with their drop-ins, stat."""

    journald: Mapping[str, str]
    """Setting → value that counts: drop-ins over journald.conf over the defaults of systemd for `Storage` (`auto`), `Compress`
    (`yes`), `Seal` (`yes`), `ForwardToSyslog` (`no`; Debian 12's own default is `yes`)."""
    persistent: bool
    """The journal is kept on disk: Storage is `persistent`, or `auto` with /var/log/journal there."""
    rsyslog_active: bool
    forward_targets: tuple[ForwardTarget, ...] | Unreadable
    """Where rsyslog sends lines, whether it runs or not; sorted by host and port."""
    journal_upload: str
    """URL of systemd-journal-upload; empty where none is set."""
    file_create_mode: str
    """rsyslog's `$FileCreateMode`, four octal digits; empty where not set."""
    files: Mapping[str, FileMode] | Unreadable
    """Path → mode of files and folders directly in /var/log."""


_PARTS = ("journald", "journal", "rsyslog", "upload", "files")
STATE = Section(
    "logging.state",
    rf"""
for f in /etc/systemd/journald.conf /usr/lib/systemd/journald.conf.d/*.conf /run/systemd/journald.conf.d/*.conf \
  /etc/systemd/journald.conf.d/*.conf; do [ ! -e "$f" ] || {{ echo "file $f"; set -- "$@" "$f"; }}; done
[ $# = 0 ] || awk '/^[ \t]*[A-Z][A-Za-z]*[ \t]*=/ {{ print "set " FILENAME ":" $0 }}' "$@" || exit $?
echo '@@ journald 0'
[ ! -d /var/log/journal ] || echo yes
echo '@@ journal 0'
set --
for f in /etc/rsyslog.conf /etc/rsyslog.d/*.conf; do [ ! -e "$f" ] || set -- "$@" "$f"; done
[ $# = 0 ] || awk '/^[ \t]*#/ {{ next }} /[Pp]assword|[Pp]wd/ {{ next }}
  /@|omfwd|omrelp|action\(|[Tt]arget *=|[Pp]ort *=|[Pp]rotocol *=|[Ss]tream[Dd]river|tls *=|FileCreateMode|\)[ \t]*$/' "$@"
echo "@@ rsyslog $?"
[ ! -r /etc/systemd/journal-upload.conf ] || sed -n 's/^URL=//p' /etc/systemd/journal-upload.conf
echo '@@ upload 0'
{STAT} /var/log/* 2>/dev/null
echo '@@ files 0'
""",
    group="local",
)
_DEFAULTS = {"Storage": "auto", "Compress": "yes", "Seal": "yes", "ForwardToSyslog": "yes"}
_LEGACY = re.compile(r"\S*[^\s@]\s+(@{1,2})(?:\([^)]*\))?(\[[^\]]+\]|[^\s:;]+)(?::(\d+))?(?:;.*)?")
_ACTION = re.compile(r"action\s*\(([^)]*)\)")
_SETTING = re.compile(r"([A-Za-z.]+)\s*=\s*\"([^\"]*)\"")
_PORT = 514


def parse(answer: Answer) -> Logging:
    """Raises ParseError for a setting of journald that is none."""
    known = units(answer.text(UNITS.name))
    part = blocks(answer.text(STATE.name), _PARTS)
    journald = _journald(part["journald"].lines)
    rsyslog = known.get("rsyslog.service")
    config = part["rsyslog"]
    storage = journald["Storage"]
    return Logging(
        journald=journald, persistent=storage == "persistent" or (storage == "auto" and part["journal"].lines == ("yes",)),
        rsyslog_active=rsyslog is not None and rsyslog.active == "active",
        forward_targets=_targets(config.lines) if config.status == 0 else Unreadable(reason="rsyslog.conf could not be read"),
        journal_upload=part["upload"].lines[-1] if part["upload"].lines else "",
        file_create_mode=_create_mode(config.lines), files=file_modes(part["files"].lines),
    )  # fmt: skip


def _journald(lines: Iterable[str]) -> dict[str, str]:
    """Systemd's order: the main file first, then drop-ins by name; a folder of higher rank hides an equal name in a lower."""
    files: dict[str, str] = {}
    settings: list[tuple[str, str, str]] = []
    for line in lines:
        kind, rest = split_once(line, " ", "journald.conf")
        if kind == "file":
            files["" if rest == "/etc/systemd/journald.conf" else rest.rpartition("/")[2]] = rest
            continue
        path, setting = split_once(rest, ":", "journald.conf")
        name, value = split_once(setting, "=", "journald.conf")
        settings.append((path, name.strip(), value.strip()))
    merged = dict(_DEFAULTS)
    for _, counting in sorted(files.items()):
        merged |= {name: value for path, name, value in settings if path == counting}
    return merged


def _targets(lines: Iterable[str]) -> tuple[ForwardTarget, ...]:
    text = "\n".join(lines)
    driver = bool(re.search(r"\$DefaultNetstreamDriver\s+(gtls|ossl)|\$ActionSendStreamDriverMode\s+1", text))
    found = [t for match in _ACTION.finditer(text) if (t := _action(dict(_SETTING.findall(match[1]))))]
    for line in _ACTION.sub("", text).splitlines():
        if match := _LEGACY.fullmatch(line.strip()):
            signs, host, port = match.groups()
            protocol: Literal["tcp", "udp"] = "tcp" if signs == "@@" else "udp"
            found.append(
                ForwardTarget(host=host.strip("[]"), port=int(port or _PORT), protocol=protocol, tls=driver and signs == "@@")
            )
    return tuple(sorted(found, key=lambda t: (t.host, t.port, t.protocol)))


def _action(settings: Mapping[str, str]) -> ForwardTarget | None:
    lower = {name.lower(): value for name, value in settings.items()}
    kind, host = lower.get("type", ""), lower.get("target", "")
    if kind not in {"omfwd", "omrelp"}:
        return None
    port = lower.get("port", str(_PORT))
    if not host or not port.isdecimal():
        raise ParseError("an action of rsyslog that forwards has no target, or its port is no number")
    protocol = "relp" if kind == "omrelp" else lower.get("protocol", "udp").lower()
    if protocol not in {"tcp", "udp", "relp"}:
        raise ParseError(f"rsyslog forwards by {protocol[:20]!r}")
    tls = lower.get("tls") == "on" or lower.get("streamdriver") in {"gtls", "ossl"} or lower.get("streamdrivermode") == "1"
    return ForwardTarget(host=host, port=int(port), protocol=cast("Literal['tcp', 'udp', 'relp']", protocol), tls=tls)


def _create_mode(lines: Iterable[str]) -> str:
    modes = [match[1] for line in lines if (match := re.search(r"FileCreateMode[\s=\"]+([0-7]{3,4})", line))]
    return modes[-1].zfill(4) if modes else ""


FACT = HostFact(FactName("logging"), (UNITS, STATE), parse)
