"""One SSH connection as luxops speaks it by paramiko: algorithms, key exchange, keys offered one after the other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import paramiko
from paramiko.auth_handler import AuthHandler
from paramiko.packet import Packetizer
from paramiko.ssh_exception import PartialAuthentication

from luxops.model import FailureReason
from luxops.transports.failures import PEER_ERRORS, SessionError, classified
from luxops.transports.known_hosts import HostKey, KeyType

# Authenticated encryption first: it is the cheapest in paramiko too. CBC, MD5, SHA-1 and 3DES are not offered.
_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
_MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")

_GREETING_BYTES = 64 * 1024
"""RFC 4253, section 4.2 sets no bound to what a server may say before its version; this is one."""

_LEAVE_SECONDS = 2.0
"""How long the end of a reader thread is waited for. It looks up every tenth of a second."""

_POLL = 0.1
"""Seconds between two looks at whether a session is still there."""


class _Packetizer(Packetizer):
    """paramiko's, with a bound on what a peer can make it keep before the first packet."""

    _greeting = 0

    def _read_timeout(self, timeout: float) -> bytes:
        received: bytes = super()._read_timeout(timeout)  # type: ignore[misc]  # not in the stubs
        self._greeting += len(received)
        if self._greeting > _GREETING_BYTES:
            raise ValueError(f"no SSH version among the first {_GREETING_BYTES} bytes")
        return received


class _AuthHandler(AuthHandler):
    """paramiko's, which asks for the authentication service anew before each key. Not every server takes that twice."""

    _serving = False

    def _request_auth(self) -> None:
        if not self._serving:
            self._serving = True
            super()._request_auth()  # type: ignore[misc]  # not in the stubs
            return
        accepted = paramiko.Message()
        accepted.add_string("ssh-userauth")
        accepted.rewind()
        self._parse_service_accept(accepted)  # type: ignore[attr-defined]  # not in the stubs


class WireTransport(paramiko.Transport):
    """paramiko's Transport over a connected socket or channel. `preferred`: host key algorithms to ask for first."""

    def __init__(self, connection: Any, preferred: Sequence[str], seconds: float) -> None:  # noqa: ANN401 - a socket or a channel
        super().__init__(connection, packetizer_class=_Packetizer)
        self._own = threading.local()
        self._refusals: dict[int, paramiko.ChannelException] = {}
        options = self.get_security_options()
        algorithms = [name for name in preferred if name in options.key_types]
        options.key_types = tuple(dict.fromkeys([*algorithms, *options.key_types]))
        options.ciphers = _CIPHERS
        options.digests = _MACS
        self.banner_timeout = self.handshake_timeout = self.auth_timeout = seconds

    def auth_publickey(self, username: str, key: paramiko.PKey, event: threading.Event | None = None) -> list[str]:
        """Start to offer the key; `event` is set when the server has answered."""
        finished = event or threading.Event()
        if self.auth_handler is None:
            self.auth_handler = _AuthHandler(self)
        self.auth_handler.auth_publickey(username, key, finished)
        return [] if event else self.auth_handler.wait_for_response(finished)

    def exchange_keys(self) -> HostKey:
        """Up to the host key that the server has proven to hold. Raises SessionError. It waits as long as it takes."""
        doing = "the SSH key exchange"
        finished = threading.Event()
        try:
            self.start_client(event=finished)
        except PEER_ERRORS as error:
            raise classified(error, doing) from error
        self._wait(finished)
        if not self.is_active() or not self.initial_kex_done:
            raise classified(self.get_exception(), doing)
        try:
            key = self.get_remote_server_key()
        except paramiko.SSHException as error:
            raise classified(self.get_exception(), doing) from error
        return HostKey(KeyType(key.get_name()), key.asbytes())

    def offer(self, user: str, keys: Sequence[paramiko.PKey]) -> None:
        """Offer keys until one is taken. Raises SessionError where none is, or where the server wants more than a key."""
        doing = "authentication"
        who = f"the account `{user}`"
        for number, key in enumerate(keys, 1):
            finished = threading.Event()
            try:
                self.auth_publickey(user, key, finished)
            except PEER_ERRORS as error:
                raise classified(self.get_exception() or error, doing) from error
            self._wait(finished)
            if self.is_authenticated():
                return
            refusal = self.get_exception()
            if isinstance(refusal, PartialAuthentication):
                wanted = ", ".join(refusal.allowed_types)
                raise SessionError(FailureReason.AUTHENTICATION, f"the key for {who} was taken, and more is wanted: {wanted}")
            if isinstance(refusal, paramiko.BadAuthenticationType):
                wanted = ", ".join(refusal.allowed_types) or "nothing"
                raise SessionError(FailureReason.AUTHENTICATION, f"{who} cannot be entered with a key, only with {wanted}")
            if not self.is_active():
                if number == 1:
                    raise classified(refusal, doing)
                raise SessionError(
                    FailureReason.AUTHENTICATION,
                    f"{who}: the connection was closed after {number - 1} of {len(keys)} keys: name the right one in "
                    "LUXOPS_CONNECTION__KEYS, or set IdentitiesOnly in the SSH client configuration",
                )
        offered = "the key was refused" if len(keys) == 1 else f"all {len(keys)} keys were refused"
        raise SessionError(FailureReason.AUTHENTICATION, f"{who}: {offered}")

    def forward(self, host: str, port: int, seconds: float) -> paramiko.Channel:
        """A connection from the server to another, over this one, by any thread. Raises SessionError."""
        doing = f"connecting to {host} port {port}"
        try:
            return self.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=seconds)
        except PEER_ERRORS as error:
            # paramiko keeps one refusal for all who wait: it may be another's, or taken by another.
            refusal = self._refusals.pop(getattr(self._own, "number", -1), None)
            if refusal is None and self.is_active():
                raise SessionError(FailureReason.TIMEOUT, f"{doing} took longer than {seconds:g} s") from error
            raise classified(refusal or self.get_exception(), doing) from error

    def _next_channel(self) -> int:
        number: int = super()._next_channel()  # type: ignore[misc]  # not in the stubs
        self._own.number = number
        return number

    def _parse_channel_open_failure(self, message: paramiko.Message) -> None:
        number, code, text = message.get_int(), message.get_int(), message.get_text()
        self._refusals[number] = paramiko.ChannelException(code, text)
        message.rewind()
        super()._parse_channel_open_failure(message)  # type: ignore[misc]  # not in the stubs

    def close(self) -> None:
        """End the session, and return when its reader thread has ended.

        paramiko closes the socket under that thread. By the time the thread reads once more, the number of the closed socket
        may be another session's; and on a channel over a bastion it may still send, which ends the bastion's connection
        with all others over it. So the thread is woken, and closes what it read from itself.
        """
        self.active = False
        for channel in list(self._channels.values()):  # type: ignore[attr-defined]  # not in the stubs
            channel._unlink()  # noqa: SLF001 - as paramiko's own close does
        if isinstance(self.sock, paramiko.Channel):
            self.sock.in_buffer.close()
        else:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
        if self.is_alive() and self is not threading.current_thread():
            self.join(_LEAVE_SECONDS)
        # Where the thread has ended, or was never started, this finds nothing of anyone else's to disturb.
        self.packetizer.close()

    def _wait(self, finished: threading.Event) -> None:
        while not finished.wait(_POLL) and self.is_active():
            pass
