"""Host keys that are trusted: OpenSSH's known_hosts, plain and hashed. An unknown and a changed key are two failures.

Format: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. Luxops only ever reads these files.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, NewType

from luxops.errors import LuxopsError
from luxops.model import FailureReason
from luxops.transports.failures import SessionError

KeyType = NewType("KeyType", str)
"""As in the second column: `ssh-ed25519`, `ssh-rsa`, …"""

_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
"""Algorithms that a key type signs with, where they differ from its name (RFC 8332)."""

_REVOKED = "@revoked"
_AUTHORITY = "@cert-authority"
_MARKERS = {_REVOKED, _AUTHORITY}
_SALT_BYTES = 20
"""SHA-1's length: the salt of a hashed name."""


class HostKey(NamedTuple):
    """A public key as the wire carries it."""

    type: KeyType
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it."""
        return f"{self.type} SHA256:{base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip('=')}"


class _Line(NamedTuple):
    marker: str
    names: str
    key: HostKey
    where: str
    """FILE:LINE"""


class KnownHosts:
    """What some known_hosts files say, in their order."""

    def __init__(self, lines: Iterable[_Line], sources: Sequence[Path], unreadable: Sequence[str] = ()) -> None:
        self._plain: dict[str, list[_Line]] = {}
        self._patterns: list[tuple[re.Pattern[str], re.Pattern[str] | None, _Line]] = []
        self._hashed: list[tuple[bytes, bytes, _Line]] = []
        self._sources = tuple(sources)
        self._unreadable = tuple(unreadable)
        for line in lines:
            self._index(line)

    @classmethod
    def load(cls, files: Iterable[Path]) -> KnownHosts:
        """Read the files; one that does not exist knows no host. Raises LuxopsError where one may not be read."""
        lines: list[_Line] = []
        unreadable: list[str] = []
        sources = [file.expanduser() for file in files]
        for file in sources:
            for number, text in enumerate(_text(file).splitlines(), 1):
                if not text.strip() or text.lstrip().startswith("#"):
                    continue
                if (line := _parsed(text, f"{file}:{number}")) is None:
                    unreadable.append(f"{file}:{number}")
                else:
                    lines.append(line)
        return cls(lines, sources, unreadable)

    def algorithms(self, names: Sequence[str]) -> list[str]:
        """Host key algorithms to prefer for a host: of the types that are known for it, in the files' order."""
        types = dict.fromkeys(line.key.type for line in self._trusted(names))
        return [algorithm for kind in types for algorithm in _SIGNATURES.get(kind, (kind,))]

    def check(self, names: Sequence[str], offered: HostKey) -> None:
        """Return where the key is known for the host. `names`: what the host may be listed as, most specific first.

        The first name that is listed decides: a key that is only known for a later name is not this host's.
        Raises SessionError: HOST_KEY_UNKNOWN where no name is listed, HOST_KEY_CHANGED where it is with other keys or the
        key is revoked.
        """
        for line in self._lines(names, {_REVOKED}):
            if line.key == offered:
                raise SessionError(
                    FailureReason.HOST_KEY_CHANGED,
                    f"`{names[0]}` offered the key {offered.fingerprint}, which {line.where} revokes: whoever holds it is not "
                    "to be trusted. Give the host a new key and list that instead",
                )
        trusted = self._trusted(names)
        if any(line.key == offered for line in trusted):
            return
        if trusted:
            raise SessionError(FailureReason.HOST_KEY_CHANGED, _changed(names[0], offered, trusted))
        raise SessionError(FailureReason.HOST_KEY_UNKNOWN, self._unknown(names, offered))

    def _unknown(self, names: Sequence[str], offered: HostKey) -> str:
        where = " or ".join(map(str, self._sources)) or "a known_hosts file"
        authorities = self._lines(names, {_AUTHORITY})
        about = ""
        if authorities:
            about = (
                f". {authorities[0].where} names a certificate authority for it, which luxops does not use: list the plain key"
            )
        elif self._unreadable:
            about = f". Not readable as a host's key: {', '.join(self._unreadable[:3])}"
        return (
            f"`{names[0]}` offered the key {offered.fingerprint}, and none is known for {', '.join(names)}. Compare it on the "
            f"host's console (ssh-keygen -lf) and list it in {where}{about}"
        )

    def _trusted(self, names: Sequence[str]) -> list[_Line]:
        for name in names:
            if found := self._lines([name], {""}):
                return found
        return []

    def _lines(self, names: Sequence[str], markers: set[str]) -> list[_Line]:
        found: list[_Line] = []
        for name in (n.lower() for n in names):
            found += self._plain.get(name, ())
            found += [line for wanted, but, line in self._patterns if wanted.match(name) and not (but and but.match(name))]
            raw = name.encode()
            found += [line for salt, digest, line in self._hashed if hmac.digest(salt, raw, "sha1") == digest]
        return [line for line in found if line.marker in markers]

    def _index(self, line: _Line) -> None:
        names = [name for name in line.names.lower().split(",") if name]
        if line.names.startswith("|1|"):
            salt, digest = (base64.b64decode(part) for part in line.names.split("|")[2:4])
            self._hashed.append((salt, digest, line))
        elif any(character in line.names for character in "*?!"):
            wanted = [n for n in names if not n.startswith("!")]
            but = [n[1:] for n in names if n.startswith("!")]
            if wanted:
                self._patterns.append((_pattern(wanted), _pattern(but) if but else None, line))
        else:
            for name in names:
                self._plain.setdefault(name, []).append(line)


def names_of(alias: str, host: str, port: int) -> tuple[str, ...]:
    """What known_hosts may list a host as: its alias before its address, a port that is not 22 as `[host]:port`.

    The bare address stands for port 22 alone; the alias means the one host, whatever its port.
    """
    standard = 22
    names = [alias, host] if port == standard else [f"[{alias}]:{port}", alias, f"[{host}]:{port}"]
    return tuple(dict.fromkeys(names))


def _changed(name: str, offered: HostKey, trusted: Sequence[_Line]) -> str:
    known = "; ".join(f"{line.key.fingerprint} ({line.where})" for line in trusted[:4])
    return (
        f"`{name}` offered the key {offered.fingerprint}, but is known by {known}. Either the host was installed anew, or "
        "something else answers in its place: find out which before the known key is replaced"
    )


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    """OpenSSH's patterns: `*` and `?` are special, brackets are not."""
    translated = (re.escape(name).replace(r"\*", ".*").replace(r"\?", ".") for name in names)
    return re.compile(f"(?:{'|'.join(translated)})\\Z")


def _parsed(text: str, where: str) -> _Line | None:
    """None where it is no line of a known_hosts file: it then vouches for nothing."""
    fields = text.split()
    marker = fields.pop(0) if fields[0].startswith("@") else ""
    if (marker and marker not in _MARKERS) or len(fields) < 3:  # noqa: PLR2004 - names, type and key
        return None
    names, kind, encoded = fields[:3]
    try:
        blob = base64.b64decode(encoded, validate=True)
        hashed = [base64.b64decode(part, validate=True) for part in names.split("|")[2:4]] if names.startswith("|") else []
    except ValueError:
        return None
    # The blob begins with its own type, a string with a length of four bytes: a line whose type column lies is none.
    if blob[:4] != len(kind).to_bytes(4, "big") or blob[4 : 4 + len(kind)] != kind.encode(errors="replace"):
        return None
    if names.startswith("|") and (not names.startswith("|1|") or [len(h) for h in hashed] != [_SALT_BYTES] * 2):
        return None
    return _Line(marker, names, HostKey(KeyType(kind), blob), where)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise LuxopsError(
            f"The known host keys in {file} cannot be read",
            why=str(error.strerror),
            remedy="Correct the file's mode or LUXOPS_CONNECTION__KNOWN_HOSTS.",
        ) from error
