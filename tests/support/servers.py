"""SSH servers and faulty sockets on loopback, for the tests of sessions and for the benchmarks.

As a program (`python -m tests.support.servers fleet|routers SECONDS`) it serves until its standard input closes, and
prints one line of JSON: its port, its host key, and the private key that it accepts.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import asyncssh

LOOPBACK = "127.0.0.1"

Result = TypeVar("Result")

Process = asyncssh.SSHServerProcess[bytes]
Key = asyncssh.SSHKey
Handler = Callable[[Process], Awaitable[None]]
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
RawHandler = Callable[[Reader, Writer], Awaitable[None]]


def new_key(kind: str = "ssh-ed25519") -> Key:
    return asyncssh.generate_private_key(kind)


def public_line(key: Key) -> str:
    """`TYPE BASE64`, as in known_hosts and authorized_keys."""
    return " ".join(key.export_public_key().decode().split()[:2])


class Bastion(asyncssh.SSHServer):
    """Forwards TCP connections."""

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        del dest_host, dest_port, orig_host, orig_port
        return True


class Servers:
    """Servers on loopback ports of their own, in one thread, until the block ends."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-servers", daemon=True)
        self._acceptors: list[Any] = []
        self.accepted = 0
        """Connections that raw servers have accepted."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._run(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def ssh(
        self,
        handler: Handler | None,
        *,
        host_keys: list[Key],
        clients: str,
        host: str = LOOPBACK,
        **options: Any,  # noqa: ANN401 - asyncssh's own
    ) -> int:
        """An SSH server that accepts the public keys in `clients` and gives each session to `handler`. Its port."""
        return self._run(self._ssh(handler, host_keys, clients, host, options))

    def bastion(self, *, host_keys: list[Key], clients: str) -> int:
        """An SSH server that forwards TCP connections and runs nothing."""
        return self.ssh(refuse, host_keys=host_keys, clients=clients, server_factory=Bastion)

    def raw(self, handler: RawHandler) -> int:
        """A TCP server that speaks whatever `handler` does. Its port."""
        return self._run(self._raw(handler))

    async def _ssh(
        self, handler: Handler | None, host_keys: list[Key], clients: str, host: str, options: Mapping[str, Any]
    ) -> int:
        acceptor = await asyncssh.listen(
            host,
            0,
            server_host_keys=host_keys,
            authorized_client_keys=asyncssh.import_authorized_keys(clients) if clients else None,
            process_factory=handler,
            encoding=None,
            line_editor=False,
            keepalive_interval=0,
            backlog=1000,
            **options,
        )
        self._acceptors.append(acceptor)
        return int(acceptor.get_port())

    async def _raw(self, handler: RawHandler) -> int:
        async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.accepted += 1
            try:
                await handler(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(counted, LOOPBACK, 0)
        self._acceptors.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _shut(self) -> None:
        for acceptor in self._acceptors:
            acceptor.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        future: Future[Result] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(20)


async def refuse(process: Process) -> None:
    process.exit(1)


async def echo(process: Process) -> None:
    """Answers the command, a colon, and its input."""
    received = await process.stdin.read()
    process.stdout.write((process.command or "").encode() + b": " + received)
    process.exit(0)


@dataclass
class Device:
    """A device's command line: it echoes what is typed, wraps at the terminal's width, and prompts again."""

    prompt: str = "luxops@chl-edge1:~$ "
    answers: Mapping[str, str] = field(default_factory=dict)
    latency: float = 0.0
    """Seconds before an answer."""
    closes_in: str = ""
    """The command in whose answer it closes the session."""
    floods_in: str = ""
    """The command to which it answers without end."""
    silent_in: str = ""
    """The command after which it says nothing more."""
    chunk: int = 0
    """Bytes a piece, where answers are to arrive piece by piece; 0: at once."""
    sessions: int = 0
    """Sessions that were opened."""
    garbles: int = 0
    """How many sessions, the first ones, show a wrong prompt that is the echo of a command."""
    widths: list[int] = field(default_factory=list)
    """Terminal widths that sessions asked for."""

    async def __call__(self, process: Process) -> None:
        self.sessions += 1
        width = process.term_size[0] or 80
        self.widths.append(width)
        prompt = f"{self.prompt}show version\r\n" if self.sessions <= self.garbles else self.prompt
        process.stdout.write(prompt.encode())
        line = b""
        try:
            while received := await process.stdin.read(1024):
                for byte in received:
                    if byte not in b"\r\n":
                        line += bytes([byte])
                        continue
                    if not await self._answer(process, line.decode(), width, prompt):
                        return
                    line = b""
        except (asyncssh.BreakReceived, asyncssh.TerminalSizeChanged, ConnectionError):
            return
        process.exit(0)

    async def _answer(self, process: Process, command: str, width: int, prompt: str) -> bool:
        echoed = command
        room = width - len(self.prompt)
        if len(command) > room:
            echoed = command[:room] + " \r" + command[room:]
        process.stdout.write(echoed.encode() + b"\r\n")
        if not command:
            process.stdout.write(prompt.encode())
            return True
        if self.latency:
            await asyncio.sleep(self.latency)
        answer = self.answers.get(command, "").replace("\n", "\r\n").encode()
        if command == self.closes_in:
            process.stdout.write(answer[: len(answer) // 2])
            await process.stdout.drain()
            process.channel.get_connection().close()
            return False
        while command == self.floods_in:
            process.stdout.write(b"flood " * 5000 + b"\r\n")
            await process.stdout.drain()
        if command == self.silent_in:
            await asyncio.sleep(3600)
        pieces = [answer[at : at + self.chunk] for at in range(0, len(answer), self.chunk)] if self.chunk else [answer]
        for piece in pieces:
            process.stdout.write(piece)
            if self.chunk:
                await asyncio.sleep(0.03)
        process.stdout.write(prompt.encode())
        return True


async def host_answer(process: Process) -> None:
    """An answer as long as a host's facts, to whatever script it is sent."""
    await process.stdin.read()
    process.stdout.write(b"a line of facts about this host, as long as such lines are\n" * 1500)
    process.exit(0)


def main(kind: str, seconds: float) -> None:
    """Serve on all of 127.0.0.0/8 until standard input closes."""
    host_key, client_key = new_key(), new_key()
    configuration = "".join(f"interface eth{n}\n ip address 10.0.{n}.1/24\n!\n" for n in range(200))
    router = Device(prompt="router# ", answers={"show running-config": configuration}, latency=seconds)
    with Servers() as servers:
        port = servers.ssh(
            host_answer if kind == "fleet" else router,
            host_keys=[host_key],
            clients=public_line(client_key),
            host="0.0.0.0",  # noqa: S104 - every address of 127.0.0.0/8 is a target
        )
        answer = {"port": port, "host_key": public_line(host_key), "client_key": client_key.export_private_key().decode()}
        print(json.dumps(answer), flush=True)  # noqa: T201 - the caller reads it
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
