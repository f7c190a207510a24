"""Cisco IOS-XE: rendered, and checked by parsing and round trips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from hier_config.platforms.driver_base import HConfigDriverBase

from luxops.domains.network.config import SECRET, RouterConfig
from luxops.domains.network.nouns import RouterDesign
from luxops.domains.network.planning.nouns import Step
from luxops.domains.network.platforms.interface import BFD, BGP, CONFIG, INTERFACES, ROUTES
from luxops.domains.network.platforms.ios_xe import operational, planning
from luxops.domains.network.platforms.ios_xe.configuration import configuration, running_body
from luxops.domains.network.platforms.ios_xe.driver import IosXeDriver
from luxops.domains.network.platforms.ios_xe.render import render_configuration
from luxops.domains.network.secrets import ACCOUNT_SECRET, BGP_SECRET, secret
from luxops.domains.network.transcripts import ParseError, device_output
from luxops.federation.schema import Platform
from luxops.model import FactName, FactValue, TargetId

_COMMANDS = MappingProxyType(
    {
        CONFIG: "show running-config",
        INTERFACES: "show interfaces",
        BGP: "show bgp ipv4 unicast summary",
        BFD: "show bfd neighbors",
        ROUTES: "show ip route",
    }
)


class IosXe:
    """See the module."""

    name = Platform.IOS_XE
    device_type = "cisco_xe"
    commands: Mapping[FactName, Sequence[str]] = MappingProxyType({fact: (command,) for fact, command in _COMMANDS.items()})
    driver: HConfigDriverBase = IosXeDriver()
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
        account = secret(secrets, ACCOUNT_SECRET, design.hostname, needed=design.management.account)
        return {"running-config": render_configuration(design, password, account)}

    def configured(self, design: RouterDesign) -> RouterConfig:
        return configuration(render_configuration(design, SECRET, SECRET), design.hostname)

    def parse(self, fact: FactName, transcripts: Mapping[str, str], target: TargetId) -> FactValue:
        command = _COMMANDS[fact]
        if command not in transcripts:
            raise ParseError("the command was not answered")
        text = device_output(transcripts[command], command, target, accepted=(operational.NO_BGP,))
        try:
            return configuration(running_body(text), target) if fact == CONFIG else self._operational[fact](text)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise ParseError(f"a value is missing or garbled ({type(error).__name__})") from None

    def reread(self, lines: Sequence[str], target: TargetId) -> RouterConfig:
        return configuration(planning.as_shown(lines), target)

    def steps(self, before: Sequence[str], after: Sequence[str], user: str) -> tuple[Step, ...]:
        return planning.steps(before, after, user)
