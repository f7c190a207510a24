"""Sockets that syslog messages come in by: one thread, bounded in connections, memory and time."""

from __future__ import annotations

import contextlib
import ipaddress
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

from luxops.errors import UsageError
from luxops.watch.events.syslog.framing import Frames, FramingError
from luxops.watch.events.syslog.message import LIMIT

CONNECTIONS = 256
"""At once; a further one is closed at once."""
IDLE = 3600.0
"""Seconds after which a silent connection is closed when another needs its place."""
_DATAGRAMS = 100
"""Read from one socket before the others have their turn."""
_PULSE = 1.0

Take = Callable[[str, bytes], None]
"""Source address, message."""


class Address(NamedTuple):
    kind: socket.SocketKind
    host: str
    port: int


def parse_address(text: str) -> Address:
    """`udp://127.0.0.1:5514`, `tcp://[::1]:5514`. Raises UsageError; a name is refused, so that nobody else decides where."""
    try:
        parts = urlsplit(text)
        host, port = str(ipaddress.ip_address(parts.hostname or "")), parts.port
        kind = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}[parts.scheme]
    except (ValueError, KeyError):
        host, port, kind = "", None, socket.SOCK_DGRAM
    if not host or port is None or parts.path or parts.query:
        raise UsageError(
            f"`{text}` is no address to receive syslog at",
            why="it is udp:// or tcp://, an IP address, and a port",
            remedy="Write LUXOPS_WATCH__SYSLOG='[\"udp://127.0.0.1:5514\"]'.",
        )
    return Address(kind, host, port)


@dataclass
class _Connection:
    source: str
    frames: Frames = field(default_factory=Frames)
    heard: float = field(default_factory=time.monotonic)


class Receiver:
    """`take` is called in its thread, once a message; `lost` for each connection that could not be followed any further."""

    def __init__(self, addresses: Sequence[Address], take: Take, lost: Callable[[str], None]) -> None:
        self._addresses = addresses
        self._take = take
        self._lost = lost
        self._selector = selectors.DefaultSelector()
        self._connections: dict[socket.socket, _Connection] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="syslog", daemon=True)
        self.ports: list[int] = []
        """Of each address, in order: what port 0 became."""

    def open(self) -> None:
        """Raises UsageError where an address cannot be listened at."""
        for address in self._addresses:
            try:
                self._listen(address)
            except OSError as error:
                self._shut()
                raise UsageError(
                    f"Syslog cannot be received at {address.host} port {address.port}",
                    why=f"{error.strerror}",
                    remedy="Choose another address in LUXOPS_WATCH__SYSLOG; a port below 1024 needs CAP_NET_BIND_SERVICE.",
                ) from error
        self._thread.start()

    def close(self) -> None:
        """No message is taken afterwards."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._shut()

    def _listen(self, address: Address) -> None:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        opened = socket.socket(family, address.kind)
        self._selector.register(opened, selectors.EVENT_READ)
        opened.setblocking(False)
        if address.kind is socket.SOCK_STREAM:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
        opened.bind((address.host, address.port))
        if address.kind is socket.SOCK_STREAM:
            opened.listen(64)
        self.ports.append(int(opened.getsockname()[1]))

    def _shut(self) -> None:
        for key in list((self._selector.get_map() or {}).values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        self._connections.clear()

    def _run(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(_PULSE):
                opened = key.fileobj
                assert isinstance(opened, socket.socket)  # noqa: S101 - nothing else is registered
                if opened in self._connections:
                    self._read(opened)
                elif opened.type is socket.SOCK_STREAM:
                    self._accept(opened)
                else:
                    self._datagrams(opened)

    def _datagrams(self, opened: socket.socket) -> None:
        for _ in range(_DATAGRAMS):
            try:
                data, source = opened.recvfrom(LIMIT + 1)
            except OSError:  # nothing more, or a datagram that was refused on the way back
                return
            self._take(plain_address(source[0]), data)

    def _accept(self, opened: socket.socket) -> None:
        with contextlib.suppress(OSError):  # gone again before it was taken
            accepted, source = opened.accept()
            if len(self._connections) >= CONNECTIONS and not self._made_room():
                accepted.close()
                self._lost("too many connections")
                return
            accepted.setblocking(False)
            self._connections[accepted] = _Connection(plain_address(source[0]))
            self._selector.register(accepted, selectors.EVENT_READ)

    def _made_room(self) -> bool:
        idlest = min(self._connections, key=lambda c: self._connections[c].heard)
        if time.monotonic() - self._connections[idlest].heard < IDLE:
            return False
        self._end(idlest)
        return True

    def _read(self, opened: socket.socket) -> None:
        connection = self._connections[opened]
        try:
            data = opened.recv(LIMIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        connection.heard = time.monotonic()
        try:
            messages = connection.frames.feed(data)
        except FramingError as error:
            self._lost(str(error))
            self._end(opened)
            return
        if not data:
            if rest := connection.frames.rest():
                messages.append(rest)
            self._end(opened)
        for message in messages:
            self._take(connection.source, message)

    def _end(self, opened: socket.socket) -> None:
        self._selector.unregister(opened)
        del self._connections[opened]
        opened.close()


def plain_address(text: str) -> str:
    """As the inventory writes it: an IPv4 address that came in over an IPv6 socket is one."""
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
