"""One device's backup as one text: sections with their lengths, and an end that proves the whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from luxops.domains.network.backups.forms import FORMS
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.transcripts import ParseError
from luxops.federation.schema import Platform
from luxops.model import Digest, Frozen, TargetId, digest_of

_TITLE = "! luxops network backup, form 1"
_HEAD = re.compile(r"! device (\S+)\n! platform (\S+)\n! configuration (sha256:[0-9a-f]{64})\n")
_SECTION = re.compile(r"! section of (\d{1,9}) lines: (\S+)")
_END = re.compile(r"! end of (\d{1,6}) sections, (\d{1,12}) bytes, sha256:([0-9a-f]{64})\n")
LIMIT = 64 * 2**20
"""Bytes of one backup."""


class Stored(Frozen):
    """A proved backup of one device."""

    device: TargetId
    platform: Platform
    digest: Digest
    """`digest_of(config.lines)` of the configuration as it was observed."""
    sections: Mapping[str, str]

    def restored(self) -> RouterConfig:
        """Raises ParseError where the text is no configuration of this device."""
        try:
            return FORMS[self.platform].restored(self.sections, self.device)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise ParseError(f"a value is missing or garbled ({type(error).__name__})") from None

    def check(self) -> None:
        """Raises ParseError unless the kept text parses to exactly the configuration that was observed."""
        if digest_of(list(self.restored().lines)) != self.digest:
            raise ParseError("what is kept does not render to what was observed")

    def text(self) -> str:
        """The file. The same configuration gives the same bytes."""
        parts = [f"{_TITLE}\n! device {self.device}\n! platform {self.platform.value}\n! configuration {self.digest}\n"]
        for name, text in self.sections.items():
            lines = text.split("\n")
            parts.append(f"! section of {len(lines)} lines: {name}\n" + "".join(f"{line}\n" for line in lines))
        body = "".join(parts)
        size, seal = len(_bytes(body)), hashlib.sha256(_bytes(body)).hexdigest()
        return f"{body}! end of {len(self.sections)} sections, {size} bytes, sha256:{seal}\n"


def read_document(data: bytes) -> Stored:
    """The backup in a file. Raises ParseError where it is not whole, or not as luxops wrote it."""
    if len(data) > LIMIT:
        raise ParseError("it is larger than any backup")
    text = data.decode("utf-8", "surrogateescape")
    body, mark, last = text.rpartition("! end of ")
    if not (end := _END.fullmatch(mark + last)):
        raise ParseError("it does not end with the mark that ends a backup")
    if len(_bytes(body)) != int(end[2]) or hashlib.sha256(_bytes(body)).hexdigest() != end[3]:
        raise ParseError("its length or its checksum is another than was written")
    if not body.startswith(f"{_TITLE}\n") or not (head := _HEAD.match(body, len(_TITLE) + 1)):
        raise ParseError("it does not begin as a backup of this form")
    sections = _sections(body[head.end() :].split("\n"))
    if len(sections) != int(end[1]):
        raise ParseError("it holds another number of sections than it says")
    try:
        return Stored(
            device=TargetId(head[1]), platform=Platform(head[2]), digest=Digest(head[3]), sections=sections
        )  # fmt: skip
    except ValueError:
        raise ParseError(f"`{head[2]}` is no platform") from None


def _sections(lines: list[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(lines) - 1:
        if not (head := _SECTION.fullmatch(lines[at])) or head[2] in found:
            raise ParseError("a section does not begin where the one before it ends")
        end = at + 1 + int(head[1])
        if end >= len(lines):
            raise ParseError("a section ends early")
        found[head[2]] = "\n".join(lines[at + 1 : end])
        at = end
    return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
