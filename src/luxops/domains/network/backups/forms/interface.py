"""What a platform owes to be backed up. A new one is one more member of `forms.FORMS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from luxops.domains.network.config import RouterConfig
from luxops.model import TargetId

Sections = Mapping[str, str]
"""Name → text, in order: the configuration as the device would take it, passwords masked. Lines are separated by `\\n`."""


class BackupForm(Protocol):
    """From transcripts to what is kept, and back to the configuration that it describes."""

    def sections(self, transcripts: Mapping[str, str], target: TargetId) -> Sections:
        """Of the transcripts that the platform's `parse` reads for `config`. Raises ParseError where they are not whole.

        Nothing in it may depend on time: an unchanged device gives the same text.
        """
        ...

    def restored(self, sections: Sections, target: TargetId) -> RouterConfig:
        """The configuration that the sections describe. Raises ParseError, or ValueError and its kind for a garbled value."""
        ...
