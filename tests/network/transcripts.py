"""What a session with an FRR router writes down, made from recorded output: echo, output, frame, prompt."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from luxops.domains.network.platforms.frr import commands

RECORDED = Path(__file__).parent / "recorded"
FILES = {
    commands.RUNNING: "running.txt",
    commands.RULESET: "ruleset.txt",
    commands.FILES: "files.txt",
    commands.SOCKETS: "sockets.txt",
    commands.SHOW_INTERFACES: "interfaces.json",
    commands.SHOW_BGP: "bgp.json",
    commands.SHOW_BFD: "bfd.json",
    commands.SHOW_ROUTES: "routes.json",
}


def transcript(command: str, output: str, host: str, status: int = 0) -> str:
    signed = f"{status} {host}"
    digest = hashlib.sha256(f"{signed}\n{output}".encode()).hexdigest()
    return f"{command}\n{output}luxops-end {signed} {digest}  -\nluxops@{host}:~$ "


def recorded(router: str, replaced: Mapping[str, str] | None = None) -> dict[str, str]:
    """All transcripts of a recorded router; `replaced`: command → another output, whole and well framed."""
    outputs = {command: (RECORDED / router / name).read_text() for command, name in FILES.items()}
    return {command: transcript(command, output, router) for command, output in (outputs | dict(replaced or {})).items()}


def output_of(router: str, command: str) -> str:
    return (RECORDED / router / FILES[command]).read_text()
