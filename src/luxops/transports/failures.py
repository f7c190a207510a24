"""From what libraries raise to why a target could not be asked. Nothing a peer can send gets past this."""

from __future__ import annotations

import struct

import paramiko
from cryptography.exceptions import InternalError, InvalidSignature, InvalidTag, UnsupportedAlgorithm
from paramiko.ssh_exception import IncompatiblePeer

from luxops.model import Failure, FailureReason

# paramiko hands whatever its reader thread met to whoever waits on the session: beside its own exceptions also what
# parsing a hostile packet raises. RuntimeError is what threading raises where the machine has no thread left.
PEER_ERRORS = (
    paramiko.SSHException,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    InternalError,
    InvalidSignature,
    InvalidTag,
    UnsupportedAlgorithm,
)

RETRYABLE = frozenset({FailureReason.UNREACHABLE, FailureReason.TIMEOUT, FailureReason.SESSION_LOST})
"""Reasons that may be gone a moment later. A host key, a refused key, a flood or nonsense are not."""

_ADMINISTRATIVELY_PROHIBITED = 1
"""RFC 4254, section 5.1: the reason code of a channel that may not be opened."""


class SessionError(Exception):
    """A session to one target ended here, for the reason in `failure`."""

    def __init__(self, reason: FailureReason, detail: str, *, retryable: bool | None = None) -> None:
        super().__init__(detail)
        self.failure = Failure(reason=reason, detail=detail, retryable=reason in RETRYABLE if retryable is None else retryable)

    def adding(self, more: str) -> SessionError:
        """The same failure, with `more` said at its end."""
        return SessionError(self.failure.reason, self.failure.detail + more, retryable=self.failure.retryable)

    def at(self, where: str) -> SessionError:
        """The same failure, said of `where`: of a bastion on the way, for instance."""
        return SessionError(self.failure.reason, f"{where}: {self.failure.detail}", retryable=self.failure.retryable)


def classified(error: BaseException | None, doing: str) -> SessionError:
    """The failure behind an exception. `doing`: what was under way, as in `key exchange`. None: the peer just left."""
    if isinstance(error, SessionError):
        return error
    if error is None or isinstance(error, EOFError):
        return SessionError(FailureReason.SESSION_LOST, f"the other side closed the connection during {doing}")
    reason = _reason(error)
    if reason is FailureReason.MALFORMED:
        return SessionError(reason, f"{doing}: what came back is not valid SSH: {_words(error)}")
    return SessionError(reason, f"{doing}: {_words(error)}")


def _reason(error: BaseException) -> FailureReason:  # noqa: PLR0911 - a table, kind by kind, most special first
    if isinstance(error, TimeoutError):
        return FailureReason.TIMEOUT
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return FailureReason.SESSION_LOST
    if isinstance(error, OSError | RuntimeError):
        return FailureReason.UNREACHABLE
    if isinstance(error, IncompatiblePeer):
        return FailureReason.UNSUPPORTED
    if isinstance(error, paramiko.AuthenticationException):
        return FailureReason.AUTHENTICATION
    if isinstance(error, paramiko.ChannelException):
        return FailureReason.REFUSED if error.code == _ADMINISTRATIVELY_PROHIBITED else FailureReason.UNREACHABLE
    cause = error.__context__
    # paramiko wraps what it met while it waited for the greeting, and keeps it as the context.
    if isinstance(error, paramiko.SSHException) and isinstance(cause, EOFError | OSError):
        return FailureReason.SESSION_LOST if isinstance(cause, EOFError) else _reason(cause)
    return FailureReason.MALFORMED


def _words(error: BaseException) -> str:
    said = error.strerror if isinstance(error, OSError) else error.text if isinstance(error, paramiko.ChannelException) else ""
    text = " ".join((said or str(error)).split())
    return text[:300] or type(error).__name__
