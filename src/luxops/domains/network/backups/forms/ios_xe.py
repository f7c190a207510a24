"""Cisco IOS-XE: the running configuration, without the comments that tell when it was last changed or saved."""

from __future__ import annotations

import re
from collections.abc import Mapping

from luxops.domains.network.backups.forms.interface import Sections
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.platforms.interface import CONFIG
from luxops.domains.network.platforms.ios_xe import IOS_XE
from luxops.domains.network.platforms.ios_xe.configuration import configuration, masked, running_body
from luxops.domains.network.transcripts import ParseError, device_output
from luxops.model import TargetId

RUNNING = "running-config"
_SIZE = re.compile(r"^Current configuration ?: ?(\d+) bytes$", re.MULTILINE)
_TIMES = re.compile(
    r"^! (?:Last configuration change|NVRAM config last updated|No configuration change since).*\n", re.MULTILINE
)
_SLACK = 0.98
"""Share of the size that the device announces which must have come: how it counts line ends differs from release to release."""


class IosXeForm:
    """One section. It has no checksum of the device's own: the announced size, the end marker and the grammar stand for it."""

    def sections(self, transcripts: Mapping[str, str], target: TargetId) -> Sections:
        (command,) = IOS_XE.commands[CONFIG]
        if command not in transcripts:
            raise ParseError("the command was not answered")
        output = device_output(transcripts[command], command, target)
        body = running_body(output)
        if (size := _SIZE.search(output)) and len(body.encode()) < int(size[1]) * _SLACK:
            raise ParseError(f"the device announced {size[1]} bytes of configuration and {len(body.encode())} came")
        return {RUNNING: masked(_TIMES.sub("", body))}

    def restored(self, sections: Sections, target: TargetId) -> RouterConfig:
        return configuration(sections[RUNNING], target)
