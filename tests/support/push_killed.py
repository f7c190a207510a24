"""Devices in a process of their own, and a push that may be killed at any moment.

`python -m tests.support.push_killed serve FOLDER KINDS` keeps the devices and answers one request a connection on
FOLDER/socket; what it was asked it does to its end, whoever asked is gone or not. `push FOLDER` pushes to them, as luxops does,
and prints its report.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.frr_box import FrrBox
from tests.support.ios_box import IosSession
from tests.support.pushing import CHANGE, LIMITS, SECRET, Box, FileJournal, frr_box, ios_box, network_plan

from luxops.domains.network.planning.nouns import NetworkPlan
from luxops.domains.network.pushing import Desk, Pusher
from luxops.domains.network.pushing.looking import Look
from luxops.model import TargetId
from luxops.transports.dialogue import Ran, Said


class Devices:
    """One a letter of `kinds`: `f` runs FRR, `i` is IOS-like."""

    def __init__(self, folder: Path, kinds: str) -> None:
        self.boxes: dict[str, Box] = {}
        for number, kind in enumerate(kinds):
            box = frr_box(folder, f"f{number}-edge1") if kind == "f" else ios_box(f"i{number}-edge2")
            self.boxes[box.name] = box
        self.plan = network_plan(*self.boxes.values())
        self._sessions: dict[str, IosSession] = {}
        self._lock = threading.Lock()

    def answer(self, request: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """One request, done to its end before the next."""
        with self._lock:
            return getattr(self, f"do_{request.pop('do')}")(**request)

    def do_plan(self) -> Any:  # noqa: ANN401 - JSON
        return self.plan.model_dump(mode="json")

    def do_look(self, device: str) -> list[str]:
        return list(self.boxes[device].lines())

    def do_open(self, device: str, session: str) -> str:
        box = self.boxes[device]
        if not isinstance(box, FrrBox):
            self._sessions[session] = box.session()
        return f"{device}#"

    def do_say(self, session: str, line: str) -> list[str | None]:
        return list(self._sessions[session].say(line))

    def do_run(self, device: str, command: str, stdin: str) -> list[Any]:
        box = self.boxes[device]
        assert isinstance(box, FrrBox)
        return list(box.run(command, base64.b64decode(stdin)))

    def do_fire(self) -> int:
        return sum(box.fire() for box in self.boxes.values())

    def do_state(self) -> dict[str, dict[str, Any]]:
        found = {}
        for plan in self.plan.devices:
            box = self.boxes[plan.device]
            log = box.log() if isinstance(box, FrrBox) else box.log
            lines = box.lines()
            found[box.name] = {
                "before": lines == plan.before, "after": lines == plan.after, "saved": box.saved(), "armed": len(box.timers()),
                "arms": log.count("armed"), "log": log,
            }  # fmt: skip
        return found


def serve(folder: Path, kinds: str) -> None:
    """Until standard input closes."""
    devices = Devices(folder, kinds)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline()
            if line.endswith(b"\n"):
                answer = devices.answer(json.loads(line))
                try:
                    self.wfile.write(json.dumps(answer).encode() + b"\n")
                except OSError:
                    return  # whoever asked was killed meanwhile

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        request_queue_size = 100

    with Server(str(folder / "socket"), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print("ready", flush=True)  # noqa: T201 - the test waits for it
        sys.stdin.read()
        server.shutdown()


def ask(folder: Path, **request: Any) -> Any:  # noqa: ANN401 - JSON
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(folder / "socket"))
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile() as answer:
            return json.loads(answer.readline())


class FarAccess:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def look(self, device: TargetId) -> Look:
        return Look(lines=tuple(ask(self._folder, do="look", device=device)), up=frozenset({"bgp 10.0.0.1", "bfd 10.0.0.1"}))

    @contextmanager
    def dialogue(self, device: TargetId) -> Iterator[FarDialogue]:
        self._count += 1
        session = f"{os.getpid()}-{self._count}"
        yield FarDialogue(self._folder, device, session, ask(self._folder, do="open", device=device, session=session))


class FarDialogue:
    def __init__(self, folder: Path, device: str, session: str, prompt: str) -> None:
        self._folder, self._device, self._session = folder, device, session
        self.prompt = prompt

    def say(self, line: str, expect: str) -> Said:
        del expect
        return Said(*ask(self._folder, do="say", session=self._session, line=line))

    def run(self, command: str, stdin: bytes = b"") -> Ran:
        sent = base64.b64encode(stdin).decode()
        return Ran(*ask(self._folder, do="run", device=self._device, command=command, stdin=sent))


class FileFences:
    """The number grows in a file; nobody else is at work here."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def hold(self, device: TargetId) -> Iterator[FileFence]:
        del device
        last = int(self._path.read_text()) if self._path.exists() else 0
        new = self._path.with_suffix(".new")
        new.write_text(str(last + 1))
        new.replace(self._path)
        yield FileFence(last + 1)


class FileFence:
    def __init__(self, token: int) -> None:
        self.token = token

    def check(self) -> None:
        """Nobody else is at work here."""


def push(folder: Path) -> None:
    """Push the devices' plan, and print the report."""
    plan = NetworkPlan.model_validate(ask(folder, do="plan"))
    desk = Desk(access=FarAccess(folder), journal=FileJournal(folder / "journal"), limits=LIMITS, secrets={"bgp": SECRET})
    print(Pusher(desk, FileFences(folder / "fence")).push(CHANGE, plan).model_dump_json(), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Path(sys.argv[2]), sys.argv[3])
    else:
        push(Path(sys.argv[2]))
