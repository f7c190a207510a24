"""A proxy between luxops and a real cloud, with every fault that lies between the two.

A clouds.yaml of its own leads to it, and it writes itself into the catalogue that Keystone answers, and into every link.
"""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import yaml

from luxops.settings import CloudSettings
from luxops.transports.openstack import CloudSession

_HOP: Final = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})


class Answer(NamedTuple):
    """What the cloud has said."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Request(NamedTuple):
    """One request on its way."""

    method: str
    path: str
    forward: Callable[[], Answer]
    """Asks the cloud."""
    handler: Any


Fault = Callable[[Request], None]
"""Answers in the cloud's place, or spoils its answer."""


@dataclass
class Rule:
    """Which requests meet which fault."""

    fault: Fault
    method: str = ""
    path: str = ""
    """Part of it."""
    times: int = 1_000_000
    share: float = 1.0
    """How many of those that it is about, by chance."""
    each: int = 1_000_000
    """How often the same request may meet it: fewer than luxops repeats it, where it is to pass."""
    met: int = 0
    requests: Counter[str] = field(default_factory=Counter)

    def about(self, request: Request, chance: random.Random) -> bool:
        fits = self.method in {"", request.method} and self.path in request.path
        fits = fits and self.met < self.times and self.requests[f"{request.method} {request.path}"] < self.each
        return fits and (self.share >= 1 or chance.random() < self.share)

    def meets(self, request: Request) -> None:
        self.met += 1
        self.requests[f"{request.method} {request.path}"] += 1

    def afresh(self) -> Rule:
        """The same, as if it had met nothing."""
        return replace(self, met=0, requests=Counter())


@dataclass
class Proxy:
    """All services' ways through it."""

    settings: CloudSettings
    rules: list[Rule] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - which faults, no secret
    lock: Any = field(default_factory=threading.Lock)
    ways: dict[str, str] = field(default_factory=dict)
    """A service's own address and port → where the proxy stands for it."""

    def rewritten(self, body: bytes) -> bytes:
        """With the proxy's addresses for the services' own."""
        for upstream, here in self.ways.items():
            body = body.replace(f"http://{upstream}".encode(), f"http://{here}".encode())
        return body

    def rule_for(self, request: Request) -> Rule | None:
        with self.lock:
            self.requests.append(f"{request.method} {request.path}")
            found = next((rule for rule in self.rules if rule.about(request, self.chance)), None)
            if found is not None:
                found.meets(request)
            return found

    def asked(self, method: str, path: str) -> int:
        return sum(line.startswith(f"{method} ") and path in line for line in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy
    upstream: str

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class calls it
        del format, args

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def forward() -> Answer:
            connection = http.client.HTTPConnection(self.upstream, timeout=120)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            read = answer.read()
            connection.close()
            kept = [header for header in answer.getheaders() if header[0].lower() not in _HOP]
            return Answer(answer.status, kept, self.proxy.rewritten(read))

        request = Request(self.command, self.path, forward, self)
        rule = self.proxy.rule_for(request)
        if rule is None:
            pass_on(request)
        else:
            rule.fault(request)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _handle  # noqa: N815 - as the base class calls them

    def give(self, answer: Answer, length: int | None = None) -> None:
        """`length`: what the header says, where that is not the truth."""
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) if length is None else length))
        self.end_headers()
        self.wfile.write(answer.body)

    def cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def pass_on(request: Request) -> None:
    """No fault."""
    request.handler.give(request.forward())


def slow(seconds: float) -> Fault:
    """Latency on the way."""

    def fault(request: Request) -> None:
        time.sleep(seconds)
        pass_on(request)

    return fault


def says(status: int, **headers: str) -> Fault:
    """Something before the cloud answers, and the request never arrives."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    body = b'{"error": {"message": "the proxy says no"}}'
    return lambda request: request.handler.give(Answer(status, [("Content-Type", "application/json"), *named], body))


def broken(status: int) -> Fault:
    """The request arrives and has its effect, and the answer is an error all the same."""

    def fault(request: Request) -> None:
        request.forward()
        says(status)(request)

    return fault


def lost(request: Request) -> None:
    """The request never arrives."""
    request.handler.cut()


def silent(request: Request) -> None:
    """The request arrives, and the answer is lost."""
    request.forward()
    request.handler.cut()


def half(request: Request) -> None:
    """The answer is cut in the middle."""
    answer = request.forward()
    request.handler.give(answer._replace(body=answer.body[: len(answer.body) // 2]), length=len(answer.body))
    request.handler.cut()


@contextmanager
def between(settings: CloudSettings, folder: Path, rules: Sequence[Rule] = (), **changes: object) -> Iterator[Proxy]:
    """The proxy before this cloud; its `settings` lead through it."""
    assert settings.clouds_file is not None
    proxy = Proxy(settings, list(rules))
    clouds = yaml.safe_load(settings.clouds_file.read_text())
    entry = clouds["clouds"][settings.name]
    with ExitStack() as stack:
        for upstream in {urlsplit(address).netloc for known in CloudSession(settings).endpoints.values() for address in known}:
            proxy.ways[upstream] = stack.enter_context(_serving(proxy, upstream))
        keystone = urlsplit(entry["auth"]["auth_url"])
        entry["auth"]["auth_url"] = f"http://{proxy.ways[keystone.netloc]}{keystone.path}"
        file = folder / "clouds.yaml"
        file.touch(mode=0o600)
        file.write_text(yaml.safe_dump(clouds))
        proxy.settings = CloudSettings.model_validate({**dict(settings), "clouds_file": file, **changes})
        yield proxy


@contextmanager
def _serving(proxy: Proxy, upstream: str) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"proxy": proxy, "upstream": upstream}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
