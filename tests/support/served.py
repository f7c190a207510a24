"""Boxes behind SSH: a device's terminal, and a router's shell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.support.frr_box import FrrBox
from tests.support.ios_box import IosBox
from tests.support.servers import Process


class ServedIos:
    """A handler for `Servers.ssh`. `banner`: shown before the first prompt. `slow`: seconds before each answer."""

    def __init__(self, box: IosBox, banner: str = "", slow: float = 0.0, closes_in: str = "", running: str = "") -> None:
        self.box = box
        self._banner = banner
        self._slow = slow
        self._closes_in = closes_in
        self._running = running
        self.lines: list[str] = []
        """Everything that was typed, in all sessions."""

    async def __call__(self, process: Process) -> None:
        session = self.box.session()
        process.stdout.write((self._banner + session.prompt).replace("\n", "\r\n").encode())
        line = b""
        while received := await process.stdin.read(1024):
            for byte in received:
                if byte not in b"\r\n":
                    line += bytes([byte])
                    continue
                text, line = line.decode(), b""
                self.lines.append(text)
                if self._closes_in and self._closes_in in text:
                    process.channel.get_connection().close()
                    return
                late, answer, prompt = session.say(text)
                if late:
                    process.stdout.write(f"{late}\r\n".encode())
                process.stdout.write(f"{text}\r\n".encode())
                await asyncio.sleep(self._slow)
                if prompt is None:
                    await asyncio.sleep(3600)
                shown = f"{answer}\n{prompt}" if answer else f"{prompt}"
                process.stdout.write(shown.replace("\n", "\r\n").encode())
        process.exit(0)


class ServedRouter:
    """A handler for `Servers.ssh`: commands with their input, and a shell that answers one line after the other."""

    def __init__(self, box: FrrBox, closes_in: Callable[[str], bool] = lambda _call: False) -> None:
        self.box = box
        self._closes_in = closes_in
        self.calls: list[str] = []
        """The verbs that were asked for."""

    async def __call__(self, process: Process) -> None:
        if process.command is not None:
            await self._run(process, process.command)
            return
        prompt = f"luxops@{self.box.name}:~$ "
        process.stdout.write(prompt.encode())
        line = b""
        while received := await process.stdin.read(4096):
            for byte in received:
                if byte not in b"\r\n":
                    line += bytes([byte])
                    continue
                text, line = line.decode(), b""
                shown = await asyncio.to_thread(self.box.shell, text) if text else ""
                process.stdout.write(
                    f"{text}\r\n{shown}".replace("\n", "\r\n").replace("\r\r", "\r").encode() + prompt.encode()
                )
        process.exit(0)

    async def _run(self, process: Process, command: str) -> None:
        stdin = await process.stdin.read()
        call = next((line for line in stdin.decode().split("\n") if line.startswith("main ") and "<<" in line), "")
        self.calls.append(call.split()[1] if call else command)
        ended = await asyncio.to_thread(self.box.run, command, stdin)
        if self._closes_in(call):
            process.channel.get_connection().close()
            return
        process.stdout.write(ended.output.encode())
        process.stderr.write(ended.errors.encode())
        process.exit(ended.status)
