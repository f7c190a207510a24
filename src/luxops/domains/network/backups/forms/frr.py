"""FRR on Debian: FRR's own configuration, the packet filters, and each file that is compared."""

from __future__ import annotations

from collections.abc import Mapping

from luxops.domains.network.backups.forms.interface import Sections
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.platforms.frr import commands
from luxops.domains.network.platforms.frr.configuration import configuration
from luxops.domains.network.platforms.frr.files import CONFIGURATION, FILTERS
from luxops.domains.network.platforms.frr.files_read import file_texts
from luxops.domains.network.platforms.frr.running import masked, running_body
from luxops.domains.network.transcripts import ParseError, shell_output
from luxops.model import TargetId


class FrrForm:
    """Each section is named after the file that it belongs into. A file that the router lacks has none."""

    def sections(self, transcripts: Mapping[str, str], target: TargetId) -> Sections:
        running = running_body(_output(transcripts, commands.RUNNING, target))
        files = file_texts(_output(transcripts, commands.FILES, target))
        rules = _output(transcripts, commands.RULESET, target).rstrip("\n")
        return {CONFIGURATION: masked(running), FILTERS: rules, **{path: files[path] for path in sorted(files)}}

    def restored(self, sections: Sections, target: TargetId) -> RouterConfig:
        files = {path: text for path, text in sections.items() if path not in {CONFIGURATION, FILTERS}}
        return configuration(sections[CONFIGURATION], sections[FILTERS], files, None, target)


def _output(transcripts: Mapping[str, str], command: str, target: TargetId) -> str:
    if command not in transcripts:
        raise ParseError("the command was not answered")
    return shell_output(transcripts[command], command, target)[1]
