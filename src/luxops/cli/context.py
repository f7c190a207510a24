"""What the root command hands to the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from luxops.settings import Settings


@dataclass
class CliContext:
    """Global options, and the settings that follow from them. Settings are read when first asked for: `--help` needs none."""

    inventory: Path | None = None
    policies: Path | None = None
    verbose: bool = False
    use_lab: bool | None = None
    """None: a running lab is used where no inventory was chosen."""

    @cached_property
    def settings(self) -> Settings:
        """Settings with command-line options applied. Raises LuxopsError where a variable or file is wrong."""
        from luxops.cli.configuration import read_settings

        return read_settings(self.inventory, self.policies, verbose=self.verbose, use_lab=self.use_lab)
