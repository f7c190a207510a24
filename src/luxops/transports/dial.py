"""TCP connections, in the network namespace that management has for itself where the settings name one."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from luxops.errors import LuxopsError
from luxops.model import FailureReason
from luxops.transports.failures import SessionError, classified
from luxops.transports.watchdog import Lease

_NAMESPACES = Path("/run/netns")
_CLONE_NEWNET = 0x40000000
"""linux/sched.h: the kind of namespace that setns(2) is to enter."""


def checked_namespace(name: str) -> str:
    """The name as it is. Raises LuxopsError where it is no name under /run/netns."""
    if name and (name in {".", ".."} or "/" in name or "\0" in name):
        raise LuxopsError(
            f"`{name}` is not a network namespace's name",
            why=f"it must name an entry of {_NAMESPACES}",
            remedy="Correct LUXOPS_CONNECTION__NETWORK_NAMESPACE; `ip netns list` shows the names.",
        )
    return name


def dial(host: str, port: int, *, seconds: float, namespace: str, lease: Lease) -> socket.socket:
    """A connected socket. `host`: an address, or a name that is resolved outside the namespace.

    Raises SessionError: UNREACHABLE (refused, no route, no such name or namespace, no permission), TIMEOUT.
    """
    what = f"connecting to {host} port {port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise SessionError(FailureReason.UNREACHABLE, f"the name `{host}` is not known: {error}") from error
    try:
        plain = _socket_in(namespace, family, kind, protocol)
    except OSError as error:
        raise classified(error, what) from error
    lease.holds(partial(_hang_up, plain))
    try:
        with lease.limit(seconds, what):
            plain.settimeout(seconds)
            plain.connect(address)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except TimeoutError as error:
        raise SessionError(FailureReason.TIMEOUT, f"{what} took longer than {seconds:g} s") from error
    except OSError as error:
        raise SessionError(FailureReason.UNREACHABLE, f"{what}: {error.strerror or error}") from error
    return plain


def _hang_up(plain: socket.socket) -> None:
    # Closing alone does not wake a thread that still waits for the connection; shutting down does.
    with suppress(OSError):
        plain.shutdown(socket.SHUT_RDWR)
    plain.close()


def _socket_in(namespace: str, family: int, kind: int, protocol: int) -> socket.socket:
    """A socket that belongs to the namespace, for as long as it lives and whoever uses it."""
    if not namespace:
        return socket.socket(family, kind, protocol)
    # setns(2) moves the calling thread alone. A thread of its own makes the socket and ends, so that no thread that
    # does other work is ever in the wrong namespace, and there is nothing to move back.
    made: list[socket.socket | BaseException] = []

    def enter() -> None:
        try:
            _enter(namespace)
            made.append(socket.socket(family, kind, protocol))
        except (OSError, SessionError) as error:
            made.append(error)

    _run_alone(enter)
    outcome = made[0]
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _run_alone(function: Callable[[], None]) -> None:
    thread = threading.Thread(target=function, name="luxops-netns", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise classified(error, "entering the network namespace") from error
    thread.join()


def _enter(namespace: str) -> None:
    try:
        handle = os.open(_NAMESPACES / namespace, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot_enter(namespace, error.errno) from error
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(handle, _CLONE_NEWNET) != 0:
            raise _cannot_enter(namespace, ctypes.get_errno())
    finally:
        os.close(handle)


def _cannot_enter(namespace: str, number: int | None) -> SessionError:
    why = {
        errno.ENOENT: "there is none of that name; `ip netns list` shows those there are",
        errno.EPERM: "this needs root (CAP_SYS_ADMIN)",
        errno.EACCES: "this needs root (CAP_SYS_ADMIN)",
    }.get(number or 0, os.strerror(number or 0))
    return SessionError(
        FailureReason.UNREACHABLE, f"the network namespace `{namespace}` cannot be entered: {why}", retryable=False
    )
