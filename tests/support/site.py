"""A site on loopback: servers, keys, known hosts, and requests to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from tests.support.servers import LOOPBACK, Key, Servers, public_line

from luxops.model import Failure, FailureReason, TargetId
from luxops.settings import ConnectionSettings
from luxops.transports.device import NetmikoRunner
from luxops.transports.interface import CommandReply, CommandRequest, DeviceReply, DeviceRequest, Endpoint
from luxops.transports.ssh import SshRunner


@dataclass
class Watcher:
    """Progress that remembers what it is told."""

    begun: list[str] = field(default_factory=list)
    ended: dict[str, Failure | None] = field(default_factory=dict)

    def started(self, domain: str, total: int) -> None: ...
    def finished(self, domain: str) -> None: ...

    def observing(self, target: TargetId) -> None:
        self.begun.append(target)

    def observed(self, target: TargetId, seconds: float, failure: Failure | None) -> None:
        assert seconds >= 0
        self.ended[target] = failure


@dataclass
class Site:
    folder: Path
    servers: Servers
    host_key: Key
    client_key: Key
    watcher: Watcher = field(default_factory=Watcher)

    @property
    def client(self) -> str:
        return public_line(self.client_key)

    def key_file(self, name: str, key: Key, passphrase: str | None = None) -> Path:
        path = self.folder / name
        path.write_bytes(key.export_private_key(passphrase=passphrase, rounds=50))
        path.with_name(name + ".pub").write_text(public_line(key) + "\n")
        path.chmod(0o600)
        return path

    def know(self, names: str, key: Key | None = None, *, marker: str = "") -> None:
        with (self.folder / "known_hosts").open("a") as out:
            out.write(f"{marker + ' ' if marker else ''}{names} {public_line(key or self.host_key)}\n")

    def settings(self, **changes: object) -> ConnectionSettings:
        return ConnectionSettings.model_validate({
            "keys": (self.folder / "id",), "agent": False, "known_hosts": self.folder / "known_hosts",
            "ssh_config": self.folder / "config", "connect_timeout": 3, "read_timeout": 3, "total_timeout": 20, "retries": 0,
            **changes,
        })  # fmt: skip

    def endpoint(self, alias: str, port: int, address: str = LOOPBACK) -> Endpoint:
        return Endpoint(alias=alias, address=IPv4Address(address), port=port, user="luxops")

    def request(self, port: int, target: str = "chl-pacs1", stdin: bytes = b"", address: str = LOOPBACK) -> CommandRequest:
        return CommandRequest(
            target=TargetId(target), endpoint=self.endpoint(target, port, address), command="facts", stdin=stdin
        )

    def run(self, *requests: CommandRequest, **changes: object) -> dict[str, CommandReply]:
        """Replies by target; there must be exactly one for each."""
        replies = list(SshRunner(self.settings(**changes)).run(requests, self.watcher))
        assert len(replies) == len(requests)
        return {reply.target: reply for reply in replies}

    def reason(self, request: CommandRequest, **changes: object) -> FailureReason:
        """Why the one request failed. Whatever was in the answer, it is no success."""
        reply = self.run(request, **changes)[request.target]
        assert reply.failure is not None
        assert reply.exit_status is None
        return reply.failure.reason

    def ask(
        self, port: int, *commands: str, device_type: str = "linux", target: str = "chl-edge1", **changes: object
    ) -> DeviceReply:
        request = DeviceRequest(
            target=TargetId(target), endpoint=self.endpoint(target, port), device_type=device_type, commands=commands
        )
        (reply,) = NetmikoRunner(self.settings(**changes)).ask([request], self.watcher)
        return reply
