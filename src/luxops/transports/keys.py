"""Private keys to offer: from files, and from a running SSH agent."""

from __future__ import annotations

import base64
import socket
import struct
import threading
from collections.abc import Sequence
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.pkey import UnknownKeyType

from luxops.errors import LuxopsError

_AGENT_FAILURE = 5
"""SSH_AGENT_FAILURE of the agent protocol (draft-ietf-sshm-ssh-agent): the agent will not do what it was asked."""


class KeyFileError(Exception):
    """A private key's file that cannot be used; the message says why."""


def load_key(file: Path) -> paramiko.PKey:
    """The private key in a file, with the certificate beside it (`FILE-cert.pub`) where there is one. Raises KeyFileError."""
    path = file.expanduser()
    try:
        return paramiko.PKey.from_path(path)
    except FileNotFoundError as error:
        raise KeyFileError("there is no such file") from error
    except OSError as error:
        raise KeyFileError(f"it cannot be read: {error.strerror}") from error
    except UnsupportedAlgorithm as error:
        raise KeyFileError(f"its cipher is not supported: {error}") from error
    except (TypeError, paramiko.PasswordRequiredException) as error:
        raise KeyFileError("it is encrypted, and luxops asks for no passphrase: add it to an agent (ssh-add)") from error
    except (ValueError, UnknownKeyType, paramiko.SSHException) as error:
        raise KeyFileError("it is no private key of a kind that SSH knows (Ed25519, ECDSA, RSA)") from error


def load_configured(files: Sequence[Path]) -> tuple[paramiko.PKey, ...]:
    """Keys that the settings name. Raises LuxopsError for the first that cannot be used: the user wants it used."""
    keys = []
    for file in files:
        try:
            keys.append(load_key(file))
        except KeyFileError as error:
            raise LuxopsError(
                f"The private key {file} cannot be used",
                why=str(error),
                remedy="Correct LUXOPS_CONNECTION__KEYS. A key that is in a running agent need not be named there.",
            ) from error
    return tuple(keys)


class _SharedAgent(paramiko.Agent):
    """One connection to the agent for many sessions: a question and its answer stay together.

    `seconds`: how long it may take to answer.
    """

    _conn: socket.socket

    def __init__(self, seconds: float) -> None:
        self._turn = threading.Lock()
        self._seconds = seconds
        super().__init__()

    def _send_message(self, msg: bytes) -> tuple[int, paramiko.Message]:
        with self._turn:
            try:
                self._conn.settimeout(self._seconds)
                answer: tuple[int, paramiko.Message] = super()._send_message(msg)  # type: ignore[misc]  # not in the stubs
            except (OSError, struct.error) as error:
                # A late answer would be taken for that to the next question.
                self._conn.close()
                raise paramiko.AuthenticationException(f"the SSH agent does not answer: {error}") from error
            if answer[0] == _AGENT_FAILURE:
                raise paramiko.AuthenticationException("the SSH agent refuses: it is locked, or its user did not confirm")
            return answer


class KeyRing:
    """All keys of one run: those of the settings, of the agent, and of IdentityFile lines."""

    def __init__(self, configured: Sequence[paramiko.PKey], *, agent: bool, seconds: float) -> None:
        self._configured = tuple(configured)
        self._files: dict[Path, paramiko.PKey | KeyFileError] = {}
        self._lock = threading.Lock()
        self._agent: _SharedAgent | None = None
        self._agent_keys: tuple[paramiko.PKey, ...] = ()
        self._agent_trouble = ""
        if agent:
            try:
                self._agent = _SharedAgent(seconds)
                self._agent_keys = tuple(self._agent.get_keys())
            except (paramiko.SSHException, OSError, ValueError, IndexError) as error:
                self._agent_trouble = f"the SSH agent is of no use: {error}"

    def close(self) -> None:
        if self._agent is not None:
            self._agent.close()

    def offers(self, identity_files: Sequence[Path], *, identities_only: bool) -> tuple[list[paramiko.PKey], list[str]]:
        """Keys for one host in the order to offer them, none twice; and why others that were named cannot be offered.

        `identities_only`: of the agent's keys only those that the settings or the host's IdentityFile lines name.
        """
        notes = [self._agent_trouble] if self._agent_trouble else []
        named: list[paramiko.PKey] = []
        public: set[bytes] = {key.asbytes() for key in self._configured}
        for file in identity_files:
            key = self._from_file(file)
            if isinstance(key, KeyFileError):
                notes.append(f"{file}: {key}")
                public |= _public_half(file)
            else:
                named.append(key)
                public.add(key.asbytes())
        from_agent = [key for key in self._agent_keys if not identities_only or key.asbytes() in public]
        unique: dict[bytes, paramiko.PKey] = {}
        for key in (*self._configured, *from_agent, *named):
            unique.setdefault(key.asbytes(), key)
        return list(unique.values()), notes

    def _from_file(self, file: Path) -> paramiko.PKey | KeyFileError:
        with self._lock:
            if file not in self._files:
                try:
                    self._files[file] = load_key(file)
                except KeyFileError as error:
                    self._files[file] = error
            return self._files[file]


def _public_half(file: Path) -> set[bytes]:
    """The key in `FILE.pub`, by which an agent's copy of an encrypted key is recognised."""
    try:
        kind, encoded = file.expanduser().with_name(file.name + ".pub").read_text(encoding="utf-8").split()[:2]
        return {paramiko.PKey.from_type_string(kind, base64.b64decode(encoded)).asbytes()}
    except (OSError, ValueError, UnknownKeyType, paramiko.SSHException):
        return set()
