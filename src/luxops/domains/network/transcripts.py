"""What a command line session wrote down for one command: whose it is, whether it is whole, what it says."""

from __future__ import annotations

import hashlib
import re

from luxops.model import FailureReason, TargetId

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r")
_SHELL_PROMPT = re.compile(r"[a-z_][a-z0-9_-]*@(?P<host>[A-Za-z0-9-]+):[^$#\n]*[$#] ?")
_DEVICE_PROMPT = re.compile(r"(?P<host>[A-Za-z0-9-]+)[>#] ?")
_FRAME = re.compile(r"luxops-end (?P<signed>(?P<status>\d{1,3}) (?P<host>[A-Za-z0-9.-]+)) (?P<sum>[0-9a-f]{64})  ?-?")


class ParseError(Exception):
    """An answer that proves nothing. `reason` is what the observation's failure says."""

    def __init__(self, detail: str, reason: FailureReason = FailureReason.MALFORMED) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reason = reason


def framed(command: str) -> str:
    """The shell command that runs `command` and closes its output with exit status, host name and a checksum over all three."""
    return (
        f'o=$({command} 2>&1); e="$? $(uname -n)"; printf \'%s\\n\' "$o"; '
        'printf \'luxops-end %s %s\\n\' "$e" "$(printf \'%s\\n\' "$e" "$o" | sha256sum)"'
    )


def shell_output(transcript: str, command: str, target: TargetId) -> tuple[int, str]:
    """Exit status and output of a command that was sent as `framed` makes it.

    Raises ParseError where the echo is another command's, the prompt or the closing frame is another host's (WRONG_TARGET),
    the frame is missing, or output, status and name do not match its checksum.
    """
    lines = _CONTROL.sub("", transcript).split("\n")
    _check_echo(lines[0], command, target, _SHELL_PROMPT)
    rest = lines[1:]
    while rest and not rest[-1].strip():
        rest.pop()
    if not rest:
        raise ParseError("the answer ends before its prompt")
    _check_prompt(rest[-1], target, _SHELL_PROMPT)
    if not (frame := _FRAME.fullmatch("".join(rest[-2:-1]).strip())):
        raise ParseError("the answer ends before its closing frame")
    output = "\n".join(rest[:-2]) + "\n"
    if hashlib.sha256(f"{frame['signed']}\n{output}".encode()).hexdigest() != frame["sum"]:
        raise ParseError("the answer does not match its checksum")
    if (host := frame["host"].partition(".")[0]) != target:
        raise ParseError(f"`{host}` answered instead of `{target}`", FailureReason.WRONG_TARGET)
    return int(frame["status"]), output


def device_output(transcript: str, command: str, target: TargetId, accepted: tuple[str, ...] = ()) -> str:
    """Output of a command on a Cisco command line.

    Raises ParseError where the echo is another command's, the prompt is another device's (WRONG_TARGET) or missing, or the
    device would not take the command (REFUSED). `accepted`: answers that look like a refusal and are none.
    """
    lines = _CONTROL.sub("", transcript).split("\n")
    _check_echo(lines[0], command, target, _DEVICE_PROMPT)
    rest = lines[1:]
    while rest and not rest[-1].strip():
        rest.pop()
    if not rest:
        raise ParseError("the answer ends before its prompt")
    _check_prompt(rest[-1], target, _DEVICE_PROMPT)
    output = "\n".join(rest[:-1]).strip("\n")
    if output.lstrip().startswith("%") and output.strip() not in accepted:
        raise ParseError(output.strip().splitlines()[0][:80], FailureReason.REFUSED)
    return output + "\n"


def _check_echo(line: str, command: str, target: TargetId, prompt: re.Pattern[str]) -> None:
    if not line.endswith(command):
        raise ParseError("the answer does not begin with the command that was asked")
    if before := line[: -len(command)].strip():
        _check_prompt(before, target, prompt)


def _check_prompt(line: str, target: TargetId, prompt: re.Pattern[str]) -> None:
    if not (match := prompt.fullmatch(line)):
        raise ParseError("the answer does not end with a prompt")
    if match["host"] != target:
        raise ParseError(f"`{match['host']}` answered instead of `{target}`", FailureReason.WRONG_TARGET)
