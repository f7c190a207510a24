"""From what was fetched to what is kept: the proof that a backup is one."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field

from luxops.domains.network.backups.document import Stored, read_document
from luxops.domains.network.backups.forms import FORMS
from luxops.domains.network.fetched import Fetched
from luxops.domains.network.transcripts import ParseError
from luxops.model import Failure, FailureReason, TargetId, digest_of


def proved(fetched: Fetched) -> Stored | Failure:
    """The backup of what was fetched, or why it is none: not whole, not parsed, or not the same when it is read again."""
    config, device = fetched.outcome, fetched.target.id
    if isinstance(config, Failure):
        return config
    try:
        stored = Stored(
            device=device,
            platform=config.platform,
            digest=digest_of(list(config.lines)),
            sections=FORMS[config.platform].sections(fetched.transcripts, device),
        )
        _prove(stored)
    except ParseError as error:
        return Failure(reason=error.reason, detail=f"no backup of it can be kept: {error.detail}")
    except UnicodeError:
        return Failure(reason=FailureReason.MALFORMED, detail="no backup of it can be kept: it holds what is no text")
    return stored


def _prove(stored: Stored) -> None:
    """Raises ParseError unless its text reads back as it was written, and describes what was observed."""
    again = read_document(stored.text().encode("utf-8", "surrogateescape"))
    if again != stored:
        raise ParseError("its text does not read back as it was written")
    again.check()


def _requester() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):  # an account without a name
        return f"unknown@{socket.gethostname()}"


@dataclass(frozen=True)
class Reason:
    """Why a backup is made: what the commit's message says."""

    what: str = "on request"
    change: str = ""
    """Id of the change that it belongs to."""
    requested_by: str = field(default_factory=_requester)

    def message(self, devices: Iterable[TargetId]) -> str:
        """One title, the devices, and who asked. Control characters cannot forge further lines."""
        names = sorted(devices)
        title = f"{_line(self.change)}: " if self.change else ""
        lines = [f"{title}back up {len(names)} router{'s' if len(names) != 1 else ''}, {_line(self.what)}", "", *names, ""]
        lines += [f"Change: {_line(self.change)}"] if self.change else []
        return "\n".join([*lines, f"Requested-by: {_line(self.requested_by)}", ""])


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text).strip()[:200] or "no reason given"
