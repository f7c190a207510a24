"""IOS-XE goes back by itself: `configure terminal revert timer`, which needs an archive on the device's own storage.

The timer bears no name. A file that luxops leaves beside the archive before it starts one, `luxops-CHANGE.FENCE`, does.
Commands and answers: Cisco's "Configuration Rollback Confirmed Change" and "Configuration Replace and Configuration Rollback".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from luxops.domains.network.platforms.changing import Attempt, Refused, Standing, TimerFired, Token

if TYPE_CHECKING:
    from luxops.domains.network.planning.nouns import Step
    from luxops.transports.dialogue import Dialogue

_LOCAL = re.compile(r"(bootflash|flash|harddisk|disk\d|usbflash\d|stby-\w+|nvram):")
_PATH = re.compile(r"^ *path (\S+)$", re.MULTILINE)
_MARKER = re.compile(r"\bluxops-([A-Za-z0-9-]+\.\d+)(?=\s|$)")
_NONE_PENDING = "No Rollback Confirmed Change pending"
_TIMER = re.compile(r"^Timer value: *\d+", re.MULTILINE)
_LOG = re.compile(r"(?:\*?[A-Z][a-z]{2} +\d+ .*|\d{6}: .*)?%[A-Z0-9_]+(?:-[A-Z0-9_]+)*-[0-7]-[A-Z0-9_]+:.*")
"""A line of the log that a terminal may show: it answers nothing."""
_NOTES = re.compile(
    r"Enter configuration commands, one per line\. .*|Rollback Confirmed Change: (?:Backing up|Rollback will begin).*"
    r"|Enter .?configure confirm.? if you wish to keep .*|Building configuration\.\.\."
)
"""What the device says when all is well."""
_WARNING = re.compile(r"%? ?(?:warning|note|info)\b.*", re.IGNORECASE)
_BANNER = re.compile(r"(banner \S+) \^C(.*)\^C")
_MAX_MINUTES = 120
_SAVES = frozenset({"write memory", "copy running-config startup-config"})
_MAX_LINE = 400
"""Characters of a line. A longer one would scroll in the terminal, and its echo would not be it."""


class IosXeChanging:
    """See Changing."""

    mechanism = "IOS-XE's own `configure terminal revert timer`, back to its archive"

    def is_save(self, step: Step) -> bool:
        return step.kind == "command" and _SAVES.issuperset(step.lines)

    def unfit(self, steps: Sequence[Step]) -> str:
        for step in steps:
            if step.kind != "configure":
                return f"`{step.title}` is a {step.kind}; IOS-XE takes lines of its configuration alone"
            for line in step.lines:
                # A question mark asks for help, a tab completes, and the terminal takes seven bits of each byte.
                if not line.isascii() or not line.isprintable() or "?" in line:
                    return f"a line of `{step.title}` has a character that cannot be typed on IOS-XE"
                if len(line) > _MAX_LINE:
                    return f"a line of `{step.title}` is longer than {_MAX_LINE} characters"
                if _leaves(line):
                    return f"`{line.strip()}` in `{step.title}` would leave the configuration mode or keep the change for good"
        return ""

    def standing(self, dialogue: Dialogue) -> Standing:
        if not dialogue.prompt.endswith("#"):
            return Standing(refusal="the account has no right to configure the device: its prompt does not end with #")
        archive = self._shown(dialogue, "show running-config | section ^archive")
        path = _PATH.search(archive)
        if path is None:
            return Standing(
                refusal="`archive` has no `path`, and without an archive IOS-XE cannot go back; configure e.g. "
                "`archive`, `path bootflash:luxops`"
            )
        if not _LOCAL.match(path[1]):
            return Standing(refusal=f"the archive's path {path[1].partition(':')[0]}: is not on the device itself")
        tokens = self._markers(dialogue)
        pending = self._pending(dialogue)
        fence = max((token.fence for token in tokens), default=0)
        if pending and not tokens:
            return Standing(foreign=pending, fence=fence)
        attempts = tuple(Attempt(token=t, armed=bool(pending) and t.fence == fence) for t in tokens)
        return Standing(attempts=attempts, fence=fence)

    def arm(self, dialogue: Dialogue, token: Token, seconds: int, steps: Sequence[Step]) -> None:
        del steps  # the device saves all of its configuration
        minutes = -(-seconds // 60)
        if not 1 <= minutes <= _MAX_MINUTES:
            raise Refused(f"a timer of {minutes} min cannot be had, only 1 to {_MAX_MINUTES}")
        newest = max((found.fence for found in self._markers(dialogue)), default=0)
        if newest >= token.fence:
            raise Refused(f"holder {newest} came after {token.fence}")
        for left in self._markers(dialogue):
            self._done(dialogue, f"delete /force {self._storage(dialogue)}luxops-{left}")
        self._done(dialogue, f"show clock | redirect {self._storage(dialogue)}luxops-{token}")
        if token not in self._markers(dialogue):
            raise Refused("the device's storage took no file")
        self._done(dialogue, f"configure terminal revert timer {minutes}", mode=r"\(config\)")
        if not _TIMER.search(self._said(dialogue, "do show archive config rollback timer", mode=r"\(config\)")):
            raise Refused("the device says nothing of a timer that runs")

    def send(self, dialogue: Dialogue, token: Token, step: Step) -> Sequence[str]:
        del token  # the configuration session in which the lines are typed is the one that the timer was started with
        warnings: list[str] = []
        # A comment is taken everywhere and answered with nothing: what comes with it is late, and of the line before.
        for line in ("!", *step.lines, "!"):
            warnings += self._line(dialogue, line, step)
        return warnings

    def leave(self, dialogue: Dialogue, token: Token) -> Sequence[str]:
        del token
        said = dialogue.say("end", self._prompt(dialogue, ""))
        more = dialogue.say("!", self._prompt(dialogue, ""))
        return _judged(f"{said.late}\n{said.text}\n{more.late}\n{more.text}", "")

    def enter_unguarded(self, dialogue: Dialogue) -> None:
        self._done(dialogue, "configure terminal", mode=r"\(config\)")

    def confirm(self, dialogue: Dialogue, token: Token) -> None:
        if token not in self._markers(dialogue):
            raise TimerFired("the device no longer knows this change")
        said = self._said(dialogue, "configure confirm")
        if _NONE_PENDING in said:
            raise TimerFired("no timer runs any more")
        _judged(said, "configure confirm")
        if self._pending(dialogue):
            raise Refused("the timer still runs after it was confirmed")

    def save(self, dialogue: Dialogue, token: Token) -> None:
        said = self._said(dialogue, "write memory")
        if "[OK]" not in said:
            raise Refused(said.strip()[:300] or "nothing was said", "write memory")
        if _PATH.search(self._shown(dialogue, "show running-config | section ^archive")) is None:
            return  # it was changed without a timer
        self._done(dialogue, f"delete /force {self._storage(dialogue)}luxops-{token}")

    def revert(self, dialogue: Dialogue, token: Token, fence: int) -> None:
        del fence
        if token not in self._markers(dialogue):
            raise Refused("the device does not know this change")
        if not self._pending(dialogue):
            # It has gone back, or was confirmed: the file stays, so that whoever looks at the configuration can finish either.
            return
        said = self._said(dialogue, "configure revert now")
        if _NONE_PENDING not in said and self._pending(dialogue):
            raise Refused(said.strip()[:300] or "the timer still runs", "configure revert now")
        # Otherwise a timer that somebody starts by hand would look like luxops' own.
        self._done(dialogue, f"delete /force {self._storage(dialogue)}luxops-{token}")

    def _line(self, dialogue: Dialogue, line: str, step: Step) -> Sequence[str]:
        said = dialogue.say(_typed(line), self._prompt(dialogue, r"\(config[\w-]*\)"))
        before = _judged(said.late, f"before `{line.strip()}` of {step.title}")
        return (*before, *_judged(said.text, line))

    def _pending(self, dialogue: Dialogue) -> str:
        """What the device says of a timer that runs; empty: none does. Raises Refused where it says neither."""
        said = self._said(dialogue, "show archive config rollback timer").strip()
        if _NONE_PENDING in said:
            return ""
        if _TIMER.search(said):
            return " ".join(said.split())[:200]
        raise Refused(said[:200] or "nothing was said", "show archive config rollback timer")

    def _markers(self, dialogue: Dialogue) -> list[Token]:
        listing = self._shown(dialogue, f"dir {self._storage(dialogue)}")
        return [Token.parse(text) for text in _MARKER.findall(listing)]

    def _storage(self, dialogue: Dialogue) -> str:
        path = _PATH.search(self._shown(dialogue, "show running-config | section ^archive"))
        if path is None or not (match := _LOCAL.match(path[1])):
            raise Refused("the archive has no path on the device itself any more")
        return match[0]

    def _said(self, dialogue: Dialogue, command: str, mode: str = "") -> str:
        said = dialogue.say(command, self._prompt(dialogue, mode))
        _judged(said.late, f"before `{command}`")
        return said.text

    def _shown(self, dialogue: Dialogue, command: str) -> str:
        """What a command shows. Raises Refused where it is not taken."""
        text = self._said(dialogue, command)
        if re.search(r"^ *% ?\S|^%Error", text, re.MULTILINE):
            raise Refused(text.strip()[:300], command)
        return text

    def _done(self, dialogue: Dialogue, command: str, mode: str = "") -> None:
        """A command that says nothing, or only what it says when all is well."""
        _judged(self._said(dialogue, command, mode), command)

    def _prompt(self, dialogue: Dialogue, mode: str) -> str:
        return re.escape(dialogue.prompt.rstrip("#>")) + mode + "#"


def _leaves(line: str) -> bool:
    return line.split()[:1] in (["end"], ["do"], ["configure"])


def _typed(line: str) -> str:
    """As it is typed: the ETX that `show running-config` writes as ^C round a banner would break the line off."""
    if not (match := _BANNER.fullmatch(line)):
        return line
    delimiter = next((mark for mark in "#$@~|" if mark not in match[2]), "^")
    return f"{match[1]} {delimiter}{match[2]}{delimiter}"


def _judged(text: str, line: str) -> list[str]:
    """The warnings in an answer. Raises Refused for everything else that is neither a log line nor said when all is well."""
    warnings = []
    for said in text.splitlines():
        if not said.strip() or _LOG.fullmatch(said.strip()) or _NOTES.fullmatch(said.strip()):
            continue
        if not _WARNING.fullmatch(said.strip()):
            raise Refused(" ".join(text.split())[:300], line)
        warnings.append(f"{line.strip()}: {said.strip()}")
    return warnings
