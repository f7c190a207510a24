"""Messages in a TCP stream (RFC 6587): each with its length before it, or each ended by a newline."""

from __future__ import annotations

from luxops.watch.events.syslog.message import LIMIT

_DIGITS = 6
"""Of the largest length, and the blank behind it."""


class FramingError(Exception):
    """The stream cannot be followed any more: where its next message begins is not known."""


class Frames:
    """One connection's bytes, cut into messages. Holds at most one message."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole by now. Raises FramingError for a length that is none, or too large."""
        self._buffer += data
        found: list[bytes] = []
        while self._buffer:
            message = self._counted() if self._buffer[0] in b"123456789" else self._ended()
            if message is None:
                break
            if message:
                found.append(message)
        return found

    def rest(self) -> bytes:
        """What came last without its end, where the connection was closed: a message, if lines are ended by newlines."""
        return b"" if self._buffer[:1].isdigit() else bytes(self._buffer)

    def _counted(self) -> bytes | None:
        blank = self._buffer.find(b" ", 0, _DIGITS + 1)
        if blank < 0:
            if len(self._buffer) > _DIGITS or not self._buffer.isdigit():
                raise FramingError("no length before a message")
            return None
        digits = self._buffer[:blank]
        if not digits.isdigit() or int(digits) > LIMIT:
            raise FramingError("a length that is none, or too large")
        end = blank + 1 + int(digits)
        if len(self._buffer) < end:
            return None
        message = bytes(self._buffer[blank + 1 : end])
        del self._buffer[:end]
        return message

    def _ended(self) -> bytes | None:
        ends = [at for at in (self._buffer.find(b"\n"), self._buffer.find(b"\0")) if at >= 0]
        if not ends:
            if len(self._buffer) > LIMIT:
                raise FramingError("a message without an end")
            return None
        message = bytes(self._buffer[: min(ends)]).rstrip(b"\r")
        del self._buffer[: min(ends) + 1]
        return message
