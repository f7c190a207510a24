"""Simulated FRR routers of an inventory on loopback, and a watch over them: for tests and benchmarks of events."""

from __future__ import annotations

import hashlib
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs
from tests.network.transcripts import output_of
from tests.support.drafts import SMALL
from tests.support.servers import LOOPBACK, Device, Servers, new_key, public_line

from luxops.domains.assembly import all_domains
from luxops.domains.network import PLATFORMS, design_router
from luxops.domains.network.nouns import RouterDesign
from luxops.domains.network.platforms.frr import commands
from luxops.domains.network.platforms.frr.files import CONFIGURATION, FILTERS
from luxops.domains.network.platforms.frr.files_read import FILES_READ
from luxops.federation import load_federation
from luxops.federation.schema import Platform
from luxops.model import Selection, TargetId
from luxops.settings import ConnectionSettings, NetworkSettings, Settings, StoreSettings, WatchSettings
from luxops.store import open_store
from luxops.watch import Watch, Watched
from luxops.watch.backups import BackupDuty
from luxops.watch.events.syslog.source import SyslogSource

POLICY = """
- id: router-logs
  title: A router sends its log away
  applies_to: router
  needs: [config]
  check: size(config.logging_hosts) > 0
  severity: medium
  rationale: A log kept on the device goes with the device.
  remediation: Declare log servers.
  mappings: {}
  examples:
    pass: {config: {logging_hosts: [10.0.0.1]}}
    fail: {config: {logging_hosts: []}}
    unknown: {config: !unreadable it was refused}
"""
SOCKETS = "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\ntcp LISTEN 0 4096 0.0.0.0:179 0.0.0.0:*\n"
ROUTE = "ip route 10.99.0.0/16 blackhole"
_OPERATIONAL = (commands.SHOW_INTERFACES, commands.SHOW_BGP, commands.SHOW_BFD, commands.SHOW_ROUTES)


def frr_outputs(design: RouterDesign) -> dict[str, str]:
    """Command → output of a router that runs the design and nothing else. What it does at the moment is as one was recorded."""
    files = PLATFORMS[Platform.FRR].render(design, {"bgp": "hunter2"})
    shown = "\n".join(f"==> {path} <==\n{files[path]}" for path in FILES_READ)
    return {
        commands.RUNNING: f"Building configuration...\n\nCurrent configuration:\n!\n{files[CONFIGURATION]}",
        commands.RULESET: files[FILTERS].replace("flush ruleset\n", ""),
        commands.FILES: shown,
        commands.SOCKETS: SOCKETS,
        **{command: output_of(TargetId("chl-edge1"), command) for command in _OPERATIONAL},
    }


def answers(host: str, outputs: Mapping[str, str]) -> dict[str, str]:
    """As the framed commands write them."""
    found = {}
    for command, output in outputs.items():
        signed = f"0 {host}"
        digest = hashlib.sha256(f"{signed}\n{output}".encode()).hexdigest()
        found[command] = f"{output}luxops-end {signed} {digest}  -\n"
    return found


@dataclass
class Router:
    """One simulated router. `typed` puts a line into its running configuration, as a hand at its console would."""

    name: str
    device: Device
    outputs: dict[str, str]

    def typed(self, line: str = ROUTE) -> None:
        self.outputs[commands.RUNNING] = self.outputs[commands.RUNNING].replace("!\ninterface", f"{line}\n!\ninterface", 1)
        assert line in self.outputs[commands.RUNNING]
        self.device.answers = answers(self.name, self.outputs)

    def undone(self, line: str = ROUTE) -> None:
        self.outputs[commands.RUNNING] = self.outputs[commands.RUNNING].replace(f"{line}\n", "")
        self.device.answers = answers(self.name, self.outputs)


@dataclass
class Site:
    settings: Settings
    routers: Mapping[str, Router]


@contextmanager
def site(folder: Path, *names: str, latency: float = 0.0, **watch: Any) -> Iterator[Site]:  # noqa: ANN401 - settings of several types
    """The named FRR routers of the small inventory, each with a server of its own, and settings to watch them by."""
    shutil.copytree(SMALL, folder / "inventory", dirs_exist_ok=True)
    (folder / "policies" / "router").mkdir(parents=True)
    (folder / "policies" / "router" / "log.yaml").write_text(POLICY)
    federation = load_federation(folder / "inventory")
    host_key, client_key = new_key(), new_key()
    (folder / "id").write_bytes(client_key.export_private_key())
    (folder / "id").chmod(0o600)
    (folder / "known_hosts").write_text("".join(f"{name} {public_line(host_key)}\n" for name in names))
    routers: dict[str, Router] = {}
    with Servers() as servers:
        config = ""
        for name in names:
            outputs = frr_outputs(design_router(federation, name))
            device = Device(prompt=f"luxops@{name}:~$ ", answers=answers(name, outputs), latency=latency)
            port = servers.ssh(device, host_keys=[host_key], clients=public_line(client_key))
            routers[name] = Router(name, device, outputs)
            config += f"Host {name}\n  HostName {LOOPBACK}\n  Port {port}\n  HostKeyAlias {name}\n"
        (folder / "ssh_config").write_text(config)
        chosen = {
            "interval": 3600, "listen": "127.0.0.1:0", "syslog": ("udp://127.0.0.1:0", "tcp://127.0.0.1:0"),
            "syslog_relays": (LOOPBACK,), "event_settle": 0.05,
        } | watch  # fmt: skip
        yield Site(
            Settings(
                inventory=folder / "inventory",
                policies=folder / "policies",
                domains=("network",),
                connection=ConnectionSettings(
                    keys=(folder / "id",), agent=False, known_hosts=folder / "known_hosts", ssh_config=folder / "ssh_config"
                ),
                store=StoreSettings(url=f"sqlite:///{folder}/luxops.db"),
                network=NetworkSettings(backups=folder / "backups"),
                watch=WatchSettings(**chosen),
            ),
            routers,
        )


def send(port: int, *messages: str) -> None:
    """Over UDP, from loopback to loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for message in messages:
            out.sendto(message.encode(), (LOOPBACK, port))


def typed_message(router: str, mode: str = "config") -> str:
    """As rsyslog passes on what FRR says of a line that was typed."""
    return f"<29>Nov 25 20:11:32 {router} staticd[7326]: [M7Q4P-46WDR] vty[17]@({mode})# {ROUTE}"


@dataclass
class Watching:
    """A watch at work over a site, and what it has logged."""

    site: Site
    watch: Watch
    logged: list[Any]
    ports: Sequence[int]
    """Where it hears syslog: UDP, TCP."""

    def until(self, event: str, *, after: int = 0, seconds: float = 30, **fields: object) -> Any:  # noqa: ANN401 - one line of structlog
        """The first such line from the `after`th on. Raises AssertionError where there is none in time."""
        end = time.monotonic() + seconds
        at = after
        while True:
            if at < len(self.logged):
                line, at = self.logged[at], at + 1
                if line["event"] == event and fields.items() <= line.items():
                    return line
            else:
                assert time.monotonic() < end, f"no {event} {fields} in {self.logged[after:]}"
                time.sleep(0.002)


@contextmanager
def watching(made: Site) -> Iterator[Watching]:
    """A watch as `luxops watch` sets it up, in a thread; each router has been looked at once."""
    kept = made.settings.network
    assert kept.backups is not None
    backups = BackupDuty(kept.backups, kept.backup_limit)
    selection = Selection.parse(tuple(made.routers))  # the others have no server here
    domains = all_domains(made.settings, backups.seen)
    with capture_logs() as logged, open_store(made.settings.store.url) as store:
        watch = Watch(Watched(made.settings, selection, domains, store, False, backups))
        failed: list[BaseException] = []

        def run() -> None:
            try:
                watch.run()
            except BaseException as error:  # noqa: BLE001 - raised again below
                failed.append(error)

        thread = threading.Thread(target=run, name="watch")
        thread.start()
        (source,) = watch.sources
        assert isinstance(source, SyslogSource)
        found = Watching(made, watch, logged, source.ports)
        try:
            found.until("watch.scanned")
            yield found
        finally:
            watch.stop()
            thread.join(30)
        if failed:
            raise failed[0]
