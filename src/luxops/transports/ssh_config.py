"""The way to a target: the inventory's endpoint, refined by the OpenSSH client configuration.

Read by paramiko's SSHConfig. Honoured: HostName, Port, User, IdentityFile, IdentitiesOnly, ProxyJump,
UserKnownHostsFile, HostKeyAlias, Include. `ProxyCommand` is refused: luxops runs no local command to reach a target.
"""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import paramiko

from luxops.errors import LuxopsError
from luxops.model import FailureReason
from luxops.transports.failures import SessionError
from luxops.transports.interface import Endpoint
from luxops.transports.known_hosts import names_of

_DEPTH = 8
"""Hops and inclusions deeper than this are a loop."""

_HOP = re.compile(r"(?:(?P<user>[^@\s]+)@)?(?P<host>\[[0-9a-fA-F:]+\]|[^@\s:\[\]/]+)(?::(?P<port>\d{1,5}))?")


class Hop(NamedTuple):
    """One server on the way, or the target itself."""

    alias: str
    host: str
    """Address or name to connect to."""
    port: int
    user: str
    key_names: tuple[str, ...]
    """What known_hosts may list it as, most specific first."""
    known_hosts: tuple[Path, ...] = ()
    """Files to look into beside the settings' own."""
    identity_files: tuple[Path, ...] = ()
    identities_only: bool = False

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}"


class ClientConfig:
    """An OpenSSH client configuration, and the bastion for hosts about which it names none."""

    def __init__(self, config: paramiko.SSHConfig, jump: str = "") -> None:
        self._config = config
        self._jump = jump

    @classmethod
    def load(cls, file: Path, jump: str = "") -> ClientConfig:
        """A file that does not exist says nothing. Raises LuxopsError where it cannot be read or understood."""
        path = file.expanduser()
        config = paramiko.SSHConfig()
        try:
            config.parse(StringIO("\n".join(_lines(path, 0))))
        except OSError as error:
            raise _broken(path, str(error.strerror)) from error
        except (paramiko.ConfigParseError, ValueError) as error:
            raise _broken(path, str(error)) from error
        for hop in filter(None, jump.split(",")):
            if not _HOP.fullmatch(hop.strip()):
                raise LuxopsError(
                    f"`{jump}` is not a bastion",
                    why=f"`{hop}` is not USER@HOST or USER@HOST:PORT",
                    remedy="Correct LUXOPS_CONNECTION__JUMP; several hops are separated by commas.",
                )
        return cls(config, jump)

    def route(self, endpoint: Endpoint) -> tuple[Hop, ...]:
        """Bastions in the order to pass them, then the target. Raises SessionError where that cannot be said."""
        options = self._options(endpoint.alias)
        fixed = endpoint.user if endpoint.user_fixed else None
        target = _hop(endpoint.alias, options, str(endpoint.address), endpoint.port, endpoint.user, user=fixed)
        return (*self._bastions(options, self._jump, 0), target)

    def _bastions(self, options: Mapping[str, Any], jump: str, depth: int) -> tuple[Hop, ...]:
        named = str(options.get("proxyjump", jump)).strip()
        if options.get("proxycommand") and "proxyjump" not in options:
            raise SessionError(
                FailureReason.UNREACHABLE,
                "the SSH client configuration reaches it by ProxyCommand, which luxops does not run: use ProxyJump",
                retryable=False,
            )
        if not named or named.lower() == "none":
            return ()
        if depth > _DEPTH:
            raise SessionError(FailureReason.UNREACHABLE, f"the way over `{named}` has no end", retryable=False)
        hops: list[Hop] = []
        for number, text in enumerate(part.strip() for part in named.split(",")):
            match = _HOP.fullmatch(text)
            if match is None:
                raise SessionError(FailureReason.UNREACHABLE, f"`{text}` is not a bastion (USER@HOST:PORT)", retryable=False)
            host = match["host"].strip("[]")
            own = self._options(host)
            if number == 0:
                # The first hop may itself lie behind another, where the configuration says so of it.
                hops += self._bastions(own, "", depth + 1)
            hops.append(_hop(host, own, host, 22, "", port=match["port"], user=match["user"]))
        return tuple(hops)

    def _options(self, alias: str) -> Mapping[str, Any]:
        try:
            return self._config.lookup(alias)
        except (paramiko.SSHException, ValueError, LookupError, ImportError, OSError) as error:
            # Match exec without the package for it, an address family that does not exist, a name not to be canonicalised.
            raise SessionError(
                FailureReason.UNREACHABLE,
                f"the SSH client configuration cannot be applied to `{alias}`: {error}",
                retryable=False,
            ) from error


def _hop(
    alias: str,
    options: Mapping[str, Any],
    address: str,
    default_port: int,
    default_user: str,
    *,
    port: str | None = None,
    user: str | None = None,
) -> Hop:
    named = str(options.get("hostname", alias))
    # paramiko fills HostName with the alias itself where nothing is said: then the inventory's address holds.
    host = address if named == alias else named
    number = _port(str(port or options.get("port", default_port)))
    key_alias = options.get("hostkeyalias")
    return Hop(
        alias=alias,
        host=host,
        port=number,
        user=user or options.get("user") or default_user or getpass.getuser(),
        key_names=(str(key_alias),) if key_alias else names_of(alias, host, number),
        known_hosts=_files(str(options.get("userknownhostsfile", ""))),
        identity_files=tuple(Path(file) for file in options.get("identityfile", ()) if file.lower() != "none"),
        identities_only=str(options.get("identitiesonly", "no")).lower() == "yes",
    )


def _port(text: str) -> int:
    highest = 65535
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= highest:
        raise SessionError(FailureReason.UNREACHABLE, f"`{text}` is no port", retryable=False)
    return int(text)


def _files(value: str) -> tuple[Path, ...]:
    return tuple(Path(file.strip('"')) for file in value.split() if file.lower() != "none")


def _lines(path: Path, depth: int) -> Iterator[str]:
    """The file's lines with the files that it includes in their place, as paramiko's parser does not know Include."""
    if depth > _DEPTH:
        raise ValueError(f"Include goes deeper than {_DEPTH} files")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        match = re.fullmatch(r"\s*include(?:\s*=\s*|\s+)(.+)", line, re.IGNORECASE)
        if match is None:
            yield line
            continue
        for pattern in match[1].split():
            named = Path(pattern.strip('"')).expanduser()
            named = named if named.is_absolute() else Path("~/.ssh").expanduser() / named
            for file in sorted(Path(named.anchor).glob(str(named.relative_to(named.anchor)))):
                yield from _lines(file, depth + 1)


def _broken(path: Path, why: str) -> LuxopsError:
    return LuxopsError(
        f"The SSH client configuration {path} cannot be used",
        why=why,
        remedy="Correct the file, or name another as LUXOPS_CONNECTION__SSH_CONFIG.",
    )
