"""FRR on Debian: FRR routes, nftables filters, systemd-timesyncd keeps time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from hier_config.platforms.driver_base import HConfigDriverBase

from luxops.domains.network.config import SECRET, RouterConfig
from luxops.domains.network.nouns import RouterDesign
from luxops.domains.network.planning.edits import blocks_of
from luxops.domains.network.planning.nouns import Step
from luxops.domains.network.platforms.frr import commands, files, operational, planning
from luxops.domains.network.platforms.frr.configuration import configuration
from luxops.domains.network.platforms.frr.driver import FrrDriver
from luxops.domains.network.platforms.frr.files_read import FILES_READ, file_texts
from luxops.domains.network.platforms.frr.running import running_body
from luxops.domains.network.platforms.grammar import as_written
from luxops.domains.network.platforms.interface import BFD, BGP, CONFIG, INTERFACES, ROUTES
from luxops.domains.network.secrets import BGP_SECRET, secret
from luxops.domains.network.transcripts import ParseError, shell_output
from luxops.federation.schema import Platform
from luxops.model import FactName, FactValue, FailureReason, TargetId

_NOT_FOUND = 127


class Frr:
    """See the module."""

    name = Platform.FRR
    device_type = "linux"
    commands: Mapping[FactName, Sequence[str]] = MappingProxyType(
        {
            CONFIG: (commands.RUNNING, commands.RULESET, commands.FILES, commands.SOCKETS),
            INTERFACES: (commands.SHOW_INTERFACES,),
            BGP: (commands.SHOW_BGP,),
            BFD: (commands.SHOW_BFD,),
            ROUTES: (commands.SHOW_ROUTES,),
        }
    )
    driver: HConfigDriverBase = FrrDriver()
    _operational: Mapping[FactName, Callable[[str], FactValue]] = MappingProxyType(
        {
            INTERFACES: operational.interfaces,
            BGP: operational.bgp,
            BFD: operational.bfd,
            ROUTES: operational.routes,
        }
    )

    def render(self, design: RouterDesign, secrets: Mapping[str, str]) -> Mapping[str, str]:
        password = secret(secrets, BGP_SECRET, design.hostname, needed=design.bgp.password)
        return files.render_files(design, password)

    def configured(self, design: RouterDesign) -> RouterConfig:
        rendered = files.render_files(design, SECRET)
        texts = {path: rendered[path] for path in FILES_READ}
        return configuration(rendered[files.CONFIGURATION], rendered[files.FILTERS], _stripped(texts), None, design.hostname)

    def parse(self, fact: FactName, transcripts: Mapping[str, str], target: TargetId) -> FactValue:
        try:
            if fact == CONFIG:
                return _configuration(transcripts, target)
            (command,) = self.commands[fact]
            return self._operational[fact](_successful(transcripts, command, target))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # pydantic, ipaddress, and JSON of another shape than FRR's: the answer is not what it should be.
            raise ParseError(f"a value is missing or garbled ({type(error).__name__})") from None

    def reread(self, lines: Sequence[str], target: TargetId) -> RouterConfig:
        blocks = blocks_of(lines)
        own = [block for block in blocks if not planning.ELSEWHERE.match(block.text)]
        body = "\n".join([f"hostname {target}", *as_written(own), "end"])
        texts = {path: "\n".join(text) for path, text in planning.files_of(blocks).items()}
        return configuration(body, planning.filter_text(blocks), texts, None, target)

    def steps(self, before: Sequence[str], after: Sequence[str], user: str) -> tuple[Step, ...]:
        del user  # Debian keeps the account, not FRR
        return planning.steps(before, after)


def _configuration(transcripts: Mapping[str, str], target: TargetId) -> RouterConfig:

    running = _successful(transcripts, commands.RUNNING, target)
    rules = _successful(transcripts, commands.RULESET, target)
    _, shown = _output(transcripts, commands.FILES, target)
    sockets = _successful(transcripts, commands.SOCKETS, target)
    return configuration(running_body(running), rules, file_texts(shown), sockets, target)


def _stripped(texts: Mapping[str, str]) -> Mapping[str, str]:
    return {path: text.strip("\n") for path, text in texts.items()}


def _output(transcripts: Mapping[str, str], command: str, target: TargetId) -> tuple[int, str]:
    if command not in transcripts:
        raise ParseError("the command was not answered")
    return shell_output(transcripts[command], command, target)


def _successful(transcripts: Mapping[str, str], command: str, target: TargetId) -> str:
    status, output = _output(transcripts, command, target)
    if status == 0:
        return output
    if output.startswith("sudo:"):
        raise ParseError(output.splitlines()[0], FailureReason.REFUSED)
    if status == _NOT_FOUND:
        raise ParseError("the router lacks the program that would answer", FailureReason.UNSUPPORTED)
    raise ParseError(f"the command failed with status {status}", FailureReason.REFUSED)
