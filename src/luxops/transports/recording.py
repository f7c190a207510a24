"""Answers kept in files, and given again: the demonstration without a lab, and the corpus of real answers in the tests.

One gzip of JSON a target: `TARGET.command.json.gz`, `TARGET.device.json.gz`. The same answers give the same bytes.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError

from luxops.errors import LuxopsError
from luxops.model import Failure, FailureReason, Frozen, TargetId
from luxops.progress import Progress
from luxops.transports.failures import SessionError
from luxops.transports.interface import (
    CommandReply,
    CommandRequest,
    CommandRunner,
    DeviceReply,
    DeviceRequest,
    DeviceRunner,
)

_Kind = Literal["command", "device"]


class RecordedCommand(Frozen):
    """One target's answer to one command."""

    target: TargetId
    nonce: str = ""
    """The challenge that the request carried: the answer repeats it, and is only accepted together with it."""
    output: str
    """Bytes as UTF-8; those that are not, as lone surrogates (Python's `surrogateescape`)."""
    errors: str = ""
    exit_status: int | None = None
    seconds: float = 0.0
    failure: Failure | None = None


class RecordedDevice(Frozen):
    """One device's transcripts, by command."""

    target: TargetId
    transcripts: Mapping[str, str]
    seconds: float = 0.0
    failure: Failure | None = None


class RecordingCommandRunner:
    """Passes on what `inner` answers, and keeps it in `folder`. `nonce_of`: the challenge within a request."""

    def __init__(self, inner: CommandRunner, folder: Path, nonce_of: Callable[[CommandRequest], str] | None = None) -> None:
        self._inner = inner
        self._folder = folder
        self._nonce_of = nonce_of or (lambda _request: "")

    def run(self, requests: Iterable[CommandRequest], progress: Progress) -> Iterator[CommandReply]:
        nonces: dict[TargetId, str] = {}

        def noted() -> Iterator[CommandRequest]:
            for request in requests:
                nonces[request.target] = self._nonce_of(request)
                yield request

        for reply in self._inner.run(noted(), progress):
            kept = RecordedCommand(
                target=reply.target,
                nonce=nonces.pop(reply.target),
                output=_as_text(reply.output),
                errors=_as_text(reply.errors),
                exit_status=reply.exit_status,
                seconds=round(reply.seconds, 3),
                failure=reply.failure,
            )
            _write(_file(self._folder, reply.target, "command"), kept)
            yield reply


class RecordingDeviceRunner:
    """Passes on what `inner` answers, and keeps it in `folder`."""

    def __init__(self, inner: DeviceRunner, folder: Path) -> None:
        self._inner = inner
        self._folder = folder

    def ask(self, requests: Iterable[DeviceRequest], progress: Progress) -> Iterator[DeviceReply]:
        for reply in self._inner.ask(requests, progress):
            kept = RecordedDevice(
                target=reply.target, transcripts=reply.transcripts, seconds=round(reply.seconds, 3), failure=reply.failure
            )
            _write(_file(self._folder, reply.target, "device"), kept)
            yield reply


class ReplayCommandRunner:
    """CommandRunner from a folder of recordings. What is not there is UNREACHABLE. Raises LuxopsError without a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = _existing(folder)

    def nonce(self, target: TargetId) -> str | None:
        """The challenge to repeat, so that the recorded answer matches. None: nothing usable was recorded."""
        try:
            return self._read(target).nonce
        except SessionError:
            return None

    def run(self, requests: Iterable[CommandRequest], progress: Progress) -> Iterator[CommandReply]:
        for request in requests:
            progress.observing(request.target)
            try:
                kept = self._read(request.target)
            except SessionError as error:
                reply = CommandReply(target=request.target, failure=error.failure)
            else:
                reply = CommandReply(
                    target=request.target,
                    output=_as_bytes(kept.output),
                    errors=_as_bytes(kept.errors),
                    exit_status=kept.exit_status,
                    seconds=kept.seconds,
                    failure=kept.failure,
                )
            progress.observed(request.target, reply.seconds, reply.failure)
            yield reply

    def _read(self, target: TargetId) -> RecordedCommand:
        return _read(_file(self._folder, target, "command"), target, RecordedCommand)


class ReplayDeviceRunner:
    """DeviceRunner from a folder of recordings. What is not there is UNREACHABLE. Raises LuxopsError without a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = _existing(folder)

    def ask(self, requests: Iterable[DeviceRequest], progress: Progress) -> Iterator[DeviceReply]:
        for request in requests:
            progress.observing(request.target)
            reply = self._reply(request)
            progress.observed(request.target, reply.seconds, reply.failure)
            yield reply

    def _reply(self, request: DeviceRequest) -> DeviceReply:
        try:
            kept = _read(_file(self._folder, request.target, "device"), request.target, RecordedDevice)
        except SessionError as error:
            return DeviceReply(target=request.target, failure=error.failure)
        asked = {command: kept.transcripts[command] for command in request.commands if command in kept.transcripts}
        failure = kept.failure
        if failure is None and (missing := [command for command in request.commands if command not in asked]):
            failure = Failure(reason=FailureReason.UNREACHABLE, detail=f"no recording of {_quoted(missing)}")
        return DeviceReply(target=request.target, transcripts=asked, seconds=kept.seconds, failure=failure)


def _quoted(commands: Iterable[str]) -> str:
    return ", ".join(f"`{command}`" for command in commands)


def _as_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _file(folder: Path, target: TargetId, kind: _Kind) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", target):
        raise LuxopsError(
            f"`{target}` cannot name a recording",
            why="a file is named after it, of letters, digits, `.`, `_` and `-`",
            remedy="Rename the target in the inventory.",
        )
    return folder / f"{target}.{kind}.json.gz"


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise LuxopsError(
            f"There are no recordings in {folder}",
            why="there is no such folder",
            remedy="Name a folder that a recording run has filled.",
        )
    return folder


def _write(file: Path, kept: RecordedCommand | RecordedDevice) -> None:
    """Whole or not at all, and for its owner alone: configurations are confidential."""
    # pydantic's own JSON refuses lone surrogates; json writes them as escapes.
    text = json.dumps(kept.model_dump(), sort_keys=True, indent=1)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.touch(mode=0o600)
        partial.write_bytes(gzip.compress(text.encode(), mtime=0))
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise LuxopsError(
            f"The recording {file} cannot be written", why=str(error.strerror), remedy="Make room, or name another folder."
        ) from error


_Kept = TypeVar("_Kept", RecordedCommand, RecordedDevice)


def _read(file: Path, target: TargetId, shape: type[_Kept]) -> _Kept:
    """Raises SessionError: UNREACHABLE where nothing was recorded, MALFORMED, WRONG_TARGET."""
    try:
        kept = shape.model_validate(json.loads(gzip.decompress(file.read_bytes())))
    except FileNotFoundError as error:
        raise SessionError(FailureReason.UNREACHABLE, f"no recording of {target}", retryable=False) from error
    except (OSError, EOFError, zlib.error, ValidationError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise SessionError(FailureReason.MALFORMED, f"the recording {file.name} cannot be read: {first}") from error
    if kept.target != target:
        raise SessionError(FailureReason.WRONG_TARGET, f"the recording {file.name} is of {kept.target}")
    return kept
