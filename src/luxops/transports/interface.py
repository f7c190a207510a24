"""Requests to targets, and their replies or typed failures. Real sessions and replayed ones alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Protocol

from pydantic import Field

from luxops.model import Failure, Frozen, TargetId

if TYPE_CHECKING:
    from luxops.progress import Progress


class Endpoint(Frozen):
    """Where a target's management session goes. The OpenSSH client configuration may refine it, by `alias`."""

    alias: str
    """The target's id, as `Host` in ssh_config matches it."""
    address: IPv4Address
    port: int = 22
    user: str
    user_fixed: bool = False
    """Whether `user` is not for that configuration to refine: the account is part of what may be done."""


class CommandRequest(Frozen):
    """Run one command with one input, in one round trip."""

    target: TargetId
    endpoint: Endpoint
    command: str
    """As the remote shell reads it: composed by luxops, no inventory value in it unquoted."""
    stdin: bytes = b""


class CommandReply(Frozen):
    """What came back. Where `failure` is set, of `output` only what proves itself whole counts."""

    target: TargetId
    output: bytes = b""
    errors: bytes = b""
    """Standard error, at most 64 KiB of it."""
    exit_status: int | None = None
    seconds: float = 0.0
    failure: Failure | None = None


class DeviceRequest(Frozen):
    """Ask a device's command line several commands in one session."""

    target: TargetId
    endpoint: Endpoint
    device_type: str
    """netmiko's name for the command line."""
    commands: tuple[str, ...]


class DeviceReply(Frozen):
    """Each command's transcript with its echo and its closing prompt: they show whose it is and that it is whole."""

    target: TargetId
    transcripts: Mapping[str, str] = Field(default_factory=dict)
    seconds: float = 0.0
    failure: Failure | None = None


class CommandRunner(Protocol):
    """SSH, or a recording of it."""

    def run(self, requests: Iterable[CommandRequest], progress: Progress) -> Iterator[CommandReply]:
        """Exactly one reply for each request, in the order they finish; bounded concurrency."""
        ...


class DeviceRunner(Protocol):
    """Device command lines, or a recording of them."""

    def ask(self, requests: Iterable[DeviceRequest], progress: Progress) -> Iterator[DeviceReply]:
        """Exactly one reply for each request, in the order they finish; bounded concurrency."""
        ...
