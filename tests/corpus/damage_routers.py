"""Every way in which a router's session is damaged. Each generator gives what was done, in words, and what it made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tests.corpus.corpus import Damage, RouterAnswer
from tests.corpus.damage import NOISE, SESSION_FAILURES, garbled, places

from luxops.model import Failure


def _replaced(given: RouterAnswer, command: str, text: str) -> RouterAnswer:
    return given.saying({**given.reply.transcripts, command: text})


def _each(given: RouterAnswer, change: Callable[[str], str]) -> dict[str, str]:
    return {command: change(text) for command, text in given.reply.transcripts.items()}


def short(command: str) -> str:
    """A command's name in a message."""
    return next((part for part in command.split('"')[1:2] if part.startswith("show")), command[3:28])


def router_cuts(given: RouterAnswer, count: int) -> Iterator[Damage]:
    for command, text in given.reply.transcripts.items():
        ends = [end for end in range(len(text)) if text[end] == "\n"]
        cuts = {0, 1, len(text) - 1, *places(len(text), count)}
        cuts |= {end + step for end in [*ends[:2], *ends[-3:], *ends[:: max(1, len(ends) // 8)]] for step in (-1, 0, 1)}
        for cut in sorted(cut for cut in cuts if 0 <= cut < len(text.rstrip(" "))):
            yield f"{short(command)} cut at {cut}", _replaced(given, command, text[:cut])
            if cut > len(command) + 40:
                yield f"{short(command)} begins at {cut}", _replaced(given, command, text[cut:])
        yield f"{short(command)} unanswered", given.saying({c: t for c, t in given.reply.transcripts.items() if c != command})
    yield "nothing answered", given.saying({})
    for reason in SESSION_FAILURES:
        failure = Failure(reason=reason, detail="as the session said", retryable=True)
        yield f"{reason} after everything", given.saying(given.reply.transcripts, failure=failure)
        yield f"{reason} after one command", given.saying(dict(list(given.reply.transcripts.items())[:1]), failure=failure)
        yield f"{reason} at once", given.saying({}, failure=failure)


def router_bytes(given: RouterAnswer, count: int, seed: int = 0) -> Iterator[Damage]:
    for command, text in given.reply.transcripts.items():
        data = text.rstrip(" ").encode()
        frame = data.rindex(b"luxops-end ") if b"luxops-end " in data else 0
        chosen = [*places(len(data), count, seed), *range(frame, frame + 40), *range(0, 30, 3)]
        for number, place in enumerate(place for place in chosen if place < len(data)):
            changed = garbled(data, place, number + seed).decode(errors="replace")
            yield f"{short(command)}: byte {place}, way {(number + seed) % 9}", _replaced(given, command, changed)


def router_lines(given: RouterAnswer) -> Iterator[Damage]:
    for command, text in given.reply.transcripts.items():
        lines = text.split("\n")
        body = lines[1:-2]
        middle = len(body) // 2
        variants = {
            "reversed": body[::-1], "sorted": sorted(body), "first line left out": body[1:], "last line left out": body[:-1],
            "middle line left out": body[:middle] + body[middle + 1 :], "middle line twice": body[: middle + 1] + body[middle:],
            "two lines swapped": body[1:2] + body[:1] + body[2:], "none": [], "twice": body + body,
        }  # fmt: skip
        for what, changed in variants.items():
            if changed != body:
                made = "\n".join([lines[0], *changed, *lines[-2:]])
                yield f"{short(command)}: lines {what}", _replaced(given, command, made)
        for what, made in {
            "without its echo": "\n".join(lines[1:]), "without its frame": "\n".join([*lines[:-2], lines[-1]]),
            "without its prompt": "\n".join(lines[:-1]), "frame twice": "\n".join([*lines[:-1], *lines[-2:]]),
            "whole twice": text + text, "whole twice, a line each": text + "\n" + text, "echo twice": lines[0] + "\n" + text,
        }.items():  # fmt: skip
            yield f"{short(command)}: {what}", _replaced(given, command, made)


def router_fields(given: RouterAnswer) -> Iterator[Damage]:
    """The closing frame's status and checksum, and the prompt's host, changed."""
    for command, text in given.reply.transcripts.items():
        lines = text.split("\n")
        word, status, host, digest, *rest = lines[-2].split(" ")
        for what, fields in {
            "status 0 or 1": (word, "1" if status == "0" else "0", host, digest), "status 127": (word, "127", host, digest),
            "no status": (word, host, digest), "another host": (word, status, "elsewhere", digest),
            "another checksum": (word, status, host, digest[::-1]), "shorter checksum": (word, status, host, digest[:-1]),
        }.items():  # fmt: skip
            yield (
                f"{short(command)}: {what}",
                _replaced(given, command, "\n".join([*lines[:-2], " ".join([*fields, *rest]), lines[-1]])),
            )
        elsewhere = lines[-1].replace(given.reply.target, "elsewhere")
        yield f"{short(command)}: another prompt", _replaced(given, command, "\n".join([*lines[:-1], elsewhere]))


def router_noise(given: RouterAnswer) -> Iterator[Damage]:
    yield "CRLF", given.saying(_each(given, lambda text: text.replace("\n", "\r\n")))
    yield "a blank more a line", given.saying(_each(given, lambda text: text.replace("\n", " \n")))
    yield "lower case", given.saying(_each(given, str.lower))
    for what, noise in NOISE:
        said = noise.decode(errors="replace")
        yield f"{what} before", given.saying(_each(given, lambda text, said=said: said + text))  # type: ignore[misc]
        yield f"{what} after", given.saying(_each(given, lambda text, said=said: text + said))  # type: ignore[misc]
        yield f"{what} inside", given.saying(_each(given, lambda text, said=said: text.replace("\n", said + "\n")))  # type: ignore[misc]


def router_mixtures(given: RouterAnswer, other: RouterAnswer) -> Iterator[Damage]:
    """Another router's transcripts, whole and in parts, and one's own under other commands."""
    ours, theirs = given.reply.transcripts, other.reply.transcripts
    yield "the other's whole answer", given.saying(theirs)
    yield "each of theirs after ours", given.saying({c: text + theirs.get(c, "") for c, text in ours.items()})
    for command, text in ours.items():
        lines = text.split("\n")
        if command in theirs and theirs[command].split("\n")[1:-1] != lines[1:-1]:
            alien = theirs[command].split("\n")
            yield f"{short(command)}: theirs", _replaced(given, command, theirs[command])
            for what, made in {
                "their output and frame": [lines[0], *alien[1:-1], lines[-1]],
                "their output": [lines[0], *alien[1:-2], *lines[-2:]],
                "their frame": [*lines[:-2], alien[-2], lines[-1]], "our frame, their prompt": [*lines[:-1], alien[-1]],
                "theirs, then ours": [*alien[:-1], *lines], "ours, then theirs": [*lines[:-1], *alien],
                "ours, then their output": [*lines[:-2], *alien[1:-1], lines[-1]],
            }.items():  # fmt: skip
                yield f"{short(command)}: {what}", _replaced(given, command, "\n".join(made))
        for another in ours:
            if another != command:
                yield f"{short(command)}: the answer to {short(another)}", _replaced(given, command, ours[another])


def router_swapped_outputs(given: RouterAnswer) -> Iterator[Damage]:
    """One command's output and frame under another's echo: only each command's grammar can show it."""
    ours = given.reply.transcripts
    for command, text in ours.items():
        lines = text.split("\n")
        for another, answer in ours.items():
            if another != command:
                made = "\n".join([lines[0], *answer.split("\n")[1:-1], lines[-1]])
                yield f"{short(command)}: output of {short(another)}", _replaced(given, command, made)


def router_stopped_tools(given: RouterAnswer, count: int, transcript: Callable[[str, str, str, int], str]) -> Iterator[Damage]:
    """Output that stops early, framed as the router's shell frames it: only grammar can show it."""
    for command, text in given.reply.transcripts.items():
        body = "\n".join(text.split("\n")[1:-2]) + "\n"
        # Nothing at all is what a router without rules answers when it is asked for them.
        for cut in sorted({1, len(body) - 2, *places(len(body), count)} - {0}):
            made = transcript(command, body[:cut].rstrip("\n") + "\n", given.reply.target, 0)
            yield f"{short(command)} stopped at {cut}", _replaced(given, command, made)


def router_failed_tools(given: RouterAnswer, transcript: Callable[[str, str, str, int], str]) -> Iterator[Damage]:
    """A command that failed, whatever it had said by then, framed as the router's shell frames it."""
    for command, text in given.reply.transcripts.items():
        body = "\n".join(text.split("\n")[1:-2]) + "\n"
        for status in (1, 2, 124, 127, 137):
            for what, said in (("whole", body), ("empty", "\n"), ("refused", "sudo: a password is required\n")):
                made = transcript(command, said, given.reply.target, status)
                yield f"{short(command)} {what}, with {status}", _replaced(given, command, made)


def transcripts_without(given: RouterAnswer, commands: Mapping[str, object]) -> RouterAnswer:
    """Only what other commands answered."""
    return given.saying({c: t for c, t in given.reply.transcripts.items() if c not in commands})
