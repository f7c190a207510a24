"""An FRR router goes back by a systemd timer on its host. All of a change's work there is one script's, sent each time."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from luxops.domains.network.platforms.changing import Attempt, Refused, Standing, TimerFired, Token
from luxops.domains.network.platforms.frr import files

if TYPE_CHECKING:
    from luxops.domains.network.planning.nouns import Step
    from luxops.transports.dialogue import Dialogue

KEPT = (
    files.CONFIGURATION, "/etc/frr/daemons", "/etc/frr/vtysh.conf",
    files.FILTERS, files.TIME, files.LOG, files.SSH, files.BANNER, files.FORWARDING,
)  # fmt: skip
"""Saved before every change, with whatever else its steps write."""

_SAVE = "vtysh -c 'write memory'"
_NOTHING = Token.parse("none.0")
_PATH = re.compile(r"(/[A-Za-z0-9._-]+)+")
_CLOSING = re.compile(r"luxops-(?:(?P<done>done)|refused (?P<word>[a-z]+): (?P<text>.*))")
_LINE = re.compile(r"\bline (\d+):")
_ENDED = {"saved", "restored"}


@cache
def change_script() -> str:
    """The verbs, without a call of one."""
    return Path(__file__).with_name("change.sh").read_text(encoding="utf-8")


class FrrChanging:
    """See Changing and `change.sh`."""

    mechanism = "a systemd timer on the router's host, which puts files, ruleset and FRR's configuration back"

    def is_save(self, step: Step) -> bool:
        return step.kind == "command" and set(step.lines) == {_SAVE}

    def unfit(self, steps: Sequence[Step]) -> str:
        for step in steps:
            if step.kind == "file" and (not _PATH.fullmatch(step.path) or "/../" in f"{step.path}/"):
                return f"`{step.path}` is no path of a file on a router"
            if step.kind != "file" and any("\n" in line or "\0" in line for line in step.lines):
                return f"a line of `{step.title}` is more than one"
        return ""

    def standing(self, dialogue: Dialogue) -> Standing:
        attempts, fence, lacking = [], 0, []
        for line in self._asked(dialogue, "state", _NOTHING):
            words = line.split()
            if words[:1] == ["change"] and not _ENDED & set(words[2:]):
                flags = set(words[2:])
                # Without any of these it ended before its timer ran: it has changed nothing.
                if flags & {"armed", "timed", "fired"}:
                    told = {flag: flag in flags for flag in ("armed", "confirmed", "fired")}
                    attempts.append(Attempt(token=Token.parse(words[1]), **told))
            elif words[:1] == ["fence"]:
                fence = int(words[1])
            elif words[:1] == ["lacks"]:
                lacking.append(words[1])
        refusal = f"the router lacks {' and '.join(lacking)}" if lacking else ""
        return Standing(refusal=refusal, attempts=tuple(attempts), fence=fence)

    def arm(self, dialogue: Dialogue, token: Token, seconds: int, steps: Sequence[Step]) -> None:
        paths = dict.fromkeys((*KEPT, *(step.path for step in steps if step.kind == "file")))
        self._asked(dialogue, "arm", token, str(seconds), *paths)

    def send(self, dialogue: Dialogue, token: Token, step: Step) -> Sequence[str]:
        if step.kind == "file":
            # A file's lines are its whole text; a last line without a break would not be a text file.
            text = "".join(f"{line}\n" for line in step.lines).encode()
            self._asked(dialogue, "put", token, step.path, hashlib.sha256(text).hexdigest(), data=text)
            return ()
        if step.kind == "configure":
            text = "".join(f"{line}\n" for line in step.lines).encode()
            said = self._sent(dialogue, token, "configure", text, step.lines)
            if said:
                # FRR answers a line that it took with nothing.
                raise Refused(" ".join(said)[:600], _offender(" ".join(said), step.lines))
            return ()
        return tuple(
            f"{line}: {said}" for line in step.lines for said in self._sent(dialogue, token, "command", line.encode(), (line,))
        )

    def leave(self, dialogue: Dialogue, token: Token) -> Sequence[str]:
        """Every step was a session of its own, and has answered to its end."""
        del dialogue, token
        return ()

    def enter_unguarded(self, dialogue: Dialogue) -> None:
        del dialogue
        raise Refused("a router without systemd or FRR's command line cannot be changed at all")

    def confirm(self, dialogue: Dialogue, token: Token) -> None:
        self._asked(dialogue, "confirm", token)

    def save(self, dialogue: Dialogue, token: Token) -> None:
        self._asked(dialogue, "save", token)

    def revert(self, dialogue: Dialogue, token: Token, fence: int) -> None:
        self._asked(dialogue, "revert", token, fence=fence)

    def _sent(self, dialogue: Dialogue, token: Token, verb: str, data: bytes, lines: Sequence[str]) -> list[str]:
        try:
            answer = self._asked(dialogue, verb, token, data=data)
        except Refused as refused:
            if isinstance(refused, TimerFired):
                raise
            raise Refused(refused.said, _offender(refused.said, lines)) from None
        return [line.removeprefix("said ") for line in answer if line.startswith("said ")]

    def _asked(
        self, dialogue: Dialogue, verb: str, token: Token, *words: str, data: bytes = b"", fence: int | None = None
    ) -> list[str]:
        """The answer's lines before its closing one. Data goes by standard input: an argument is in the process list."""
        call = shlex.join(["main", verb, str(token), str(token.fence if fence is None else fence), *words])
        body = base64.encodebytes(data).decode()
        script = f"{change_script()}\n{call} <<'LUXOPS-DATA'\n{body}LUXOPS-DATA\n"
        ran = dialogue.run("sudo -n /bin/sh -s", script.encode())
        lines = [line for line in ran.output.splitlines() if line.strip()]
        closing = _CLOSING.fullmatch(lines[-1]) if lines else None
        if closing is None:
            said = " ".join(f"{ran.output} {ran.errors}".split())[:300]
            raise Refused(f"`{verb}` did not come to its end (status {ran.status}): {said or 'nothing was said'}")
        if closing["done"] and ran.status == 0:
            return lines[:-1]
        kind = TimerFired if closing["word"] in {"fired", "unarmed"} else Refused
        raise kind(closing["text"] or f"status {ran.status}")


def _offender(said: str, lines: Sequence[str]) -> str:
    """The line that FRR's program names by its number."""
    match = _LINE.search(said)
    number = int(match[1]) if match else 1 if len(lines) == 1 else 0
    return lines[number - 1] if 0 < number <= len(lines) else ""
