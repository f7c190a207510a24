"""An OpenStack on loopback: real HTTP with a catalogue, tokens and pages, and every fault that a test asks for.

It knows nothing of what its lists mean: `lists` holds them by path, and `script` says what becomes of the next requests.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from luxops.settings import CloudSettings

PASSWORD: Final = "right"
USER, PROJECT = "u" * 32, "p" * 32
_SERVICES: Final = {
    "identity": ("identity", "/identity/v3"), "network": ("network", "/network/v2.0"), "compute": ("compute", "/compute/v2.1"),
    "volume": ("block-storage", "/volume/v3"), "image": ("image", "/image/v2"), "placement": ("placement", "/placement"),
}  # fmt: skip
"""Name → type in the catalogue, path."""
Answer = Callable[["Handler"], None]
"""Writes an answer, or none."""


@dataclass
class Cloud:
    """What it has, what it is to do, and what it was asked."""

    lists: dict[str, list[Any]] = field(default_factory=dict)
    """Path with the service's own, for instance `/network/v2.0/ports` → items; their key is the path's last word."""
    objects: dict[str, Any] = field(default_factory=dict)
    """Path → what is answered to GET."""
    script: dict[str, list[Answer]] = field(default_factory=dict)
    """`METHOD PATH` → answers to the next requests, one each; after them all is well again."""
    always: dict[str, Answer] = field(default_factory=dict)
    page: int = 1000
    """At most so many items a page, whatever is asked."""
    left_out: frozenset[str] = frozenset()
    """Services that are not in the catalogue."""
    requests: list[str] = field(default_factory=list)
    """`METHOD PATH?QUERY`, in order, with those that were answered by a fault."""
    tokens: set[str] = field(default_factory=set)
    bodies: list[Any] = field(default_factory=list)
    address: str = ""

    def asked(self, request: str) -> int:
        """How many requests began like this."""
        return sum(line.startswith(request) for line in self.requests)

    def catalogue(self) -> list[dict[str, Any]]:
        return [
            {
                "type": type_, "name": name, "id": name,
                "endpoints": [{"interface": "public", "region": "RegionOne", "region_id": "RegionOne", "id": name,
                               "url": self.address + path}],
            }
            for name, (type_, path) in _SERVICES.items()
            if name not in self.left_out
        ]  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    cloud: Cloud
    body: Any

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class calls it
        del format, args

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.body = json.loads(body) if body and "json" in self.headers.get("Content-Type", "") else None
        path = urlsplit(self.path).path
        self.cloud.requests.append(f"{self.command} {self.path}")
        named = f"{self.command} {path}"
        if self.cloud.script.get(named):
            self.cloud.script[named].pop(0)(self)
        elif named in self.cloud.always:
            self.cloud.always[named](self)
        else:
            self.well()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _handle  # noqa: N815 - as the base class calls them

    def well(self) -> None:
        """As a healthy cloud answers."""
        path = urlsplit(self.path).path
        if path == "/identity/v3/auth/tokens":
            self._token()
        elif path.count("/") <= 2 or path in {found for _, found in _SERVICES.values()}:
            self._versions(path)
        elif self.headers.get("X-Auth-Token") not in self.cloud.tokens:
            self.answer(401, {"error": {"message": "The request you have made requires authentication.", "code": 401}})
        elif self.command == "POST":
            self.cloud.bodies.append(self.body)
            (key,) = self.body
            made = {"id": f"made-{len(self.cloud.bodies)}", **self.body[key]}
            self.cloud.lists.setdefault(path, []).append(made)
            self.answer(201, {key: made})
        elif path in self.cloud.objects:
            self.answer(200, self.cloud.objects[path])
        elif path in self.cloud.lists:
            self.answer(200, self.listed(path))
        else:
            self.answer(404, {"NeutronError": {"type": "NotFound", "message": f"{path} could not be found", "detail": ""}})

    def listed(self, path: str) -> dict[str, Any]:
        """One page."""
        query = dict(parse_qsl(urlsplit(self.path).query))
        key = path.rpartition("/")[2].replace("-", "_")
        wanted = {name: value for name, value in query.items() if name not in {"limit", "marker"}}
        items = [i for i in self.cloud.lists[path] if all(str(i.get(name, value)) == value for name, value in wanted.items())]
        begin = next((n + 1 for n, item in enumerate(items) if item["id"] == query.get("marker")), 0)
        size = min(self.cloud.page, int(query.get("limit", self.cloud.page)))
        shown = items[begin : begin + size]
        if begin + size >= len(items):
            return {key: shown}
        more = "".join(f"&{name}={value}" for name, value in wanted.items())
        link = f"{self.cloud.address}{path}?limit={size}&marker={shown[-1]['id']}{more}"
        return {key: shown, f"{key}_links": [{"rel": "next", "href": link}]}

    def _token(self) -> None:
        if PASSWORD not in json.dumps(self.body):
            self.answer(401, {"error": {"message": "The request you have made requires authentication.", "code": 401}})
            return
        token = f"token-{len(self.cloud.tokens) + 1}"
        self.cloud.tokens.add(token)
        self.answer(201, {"token": {
            "methods": ["password"], "expires_at": "2099-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00.000000Z",
            "user": {"id": USER, "name": "admin", "domain": {"id": "default", "name": "Default"}},
            "project": {"id": PROJECT, "name": "admin", "domain": {"id": "default", "name": "Default"}},
            "catalog": self.cloud.catalogue(), "roles": [],
        }}, {"X-Subject-Token": token})  # fmt: skip

    def _versions(self, path: str) -> None:
        name = path.split("/")[1]
        type_, base = _SERVICES.get(name, ("", path))
        version = base.rpartition("/")[2]
        entry = {"id": version, "status": "CURRENT", "version": "2.90", "min_version": "2.1",
                 "links": [{"rel": "self", "href": self.cloud.address + base}]}  # fmt: skip
        del type_
        self.answer(200, {"version": entry, "versions": {"values": [entry]} if name == "identity" else [entry]})

    def answer(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:  # noqa: ANN401 - JSON
        self.raw(status, b"" if body is None else json.dumps(body).encode(), headers)

    def raw(self, status: int, body: bytes, headers: Mapping[str, str] | None = None, length: int | None = None) -> None:
        """`length`: what the header says, where that is not the truth."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def cut(self) -> None:
        """The connection is no more."""
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


# Faults


def says(status: int, message: str = "", **headers: str) -> Answer:
    """An error as a service words it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda to: to.answer(status, {"error": {"message": message or f"status {status}", "code": status}}, named)


def half(to: Handler) -> None:
    """A body that ends in the middle."""
    whole = json.dumps(to.listed(urlsplit(to.path).path)).encode()
    to.raw(200, whole[: len(whole) // 2], length=len(whole))
    to.cut()


def nothing(to: Handler) -> None:
    """The request is read, and the connection ends."""
    to.cut()


def done_but_silent(to: Handler) -> None:
    """The request has its effect, and the connection ends before the answer."""
    real, to.raw = to.raw, lambda *_, **__: None  # type: ignore[method-assign] # for this once
    to.well()
    to.raw = real  # type: ignore[method-assign] # as it was
    to.cut()


def body(text: bytes, content_type: str = "application/json") -> Answer:
    """Whatever this is."""
    return lambda to: to.raw(200, text, {"Content-Type": content_type})


def well(to: Handler) -> None:
    """In a script: this one is answered as it should be."""
    to.well()


@contextmanager
def serving(cloud: Cloud, certificate: tuple[Path, Path] | None = None) -> Iterator[Cloud]:
    """`certificate`: file of a certificate, and of its key; then it speaks TLS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"cloud": cloud}))
    server.daemon_threads = True
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    cloud.address = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def settings_for(cloud: Cloud, folder: Path, *, password: str = PASSWORD, more: str = "", **changes: object) -> CloudSettings:
    """Settings with a clouds.yaml for this cloud. `more`: further lines of it, indented by four."""
    file = folder / "clouds.yaml"
    file.write_text(
        f"clouds:\n  here:\n    region_name: RegionOne\n    auth:\n      auth_url: {cloud.address}/identity/v3\n"
        f"      username: admin\n      password: {password}\n      project_name: admin\n"
        f"      user_domain_id: default\n      project_domain_id: default\n{more}"
    )
    return CloudSettings.model_validate({"name": "here", "clouds_file": file, "timeout": 5, "retries": 2, **changes})
