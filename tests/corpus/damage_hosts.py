"""Every way in which a host's answer is damaged. Each generator gives what was done, in words, and what it made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.corpus.corpus import Damage, Framed, HostAnswer, frames_of, joined, name_of, reframed
from tests.corpus.damage import NOISE, SESSION_FAILURES, garbled, orders, places

from luxops.domains.hosts.script import COPY
from luxops.model import Failure


def host_cuts(given: HostAnswer, count: int) -> Iterator[Damage]:
    output = given.reply.output
    cuts = set(places(len(output), count))
    position = 0
    for head, body in frames_of(output):
        for edge in (position, position + len(head), position + len(head) + len(body)):
            cuts |= {edge - 1, edge, edge + 1}
        position += len(head) + len(body)
    for cut in sorted(cut for cut in cuts if 0 <= cut < len(output)):
        yield f"cut at {cut}", given.saying(output[:cut])
        yield f"begins at {cut}", given.saying(output[cut:])
    for reason in SESSION_FAILURES:
        failure = Failure(reason=reason, detail="as the session said", retryable=True)
        for cut in places(len(output), 12):
            yield f"{reason} at {cut}", given.saying(output[:cut], failure=failure, exit_status=None)


def host_sections(given: HostAnswer) -> Iterator[Damage]:
    """Whole sections dropped, repeated, swapped."""
    frames = frames_of(given.reply.output)
    for place, frame in enumerate(frames):
        name = name_of(frame)
        yield f"without {name}", given.saying(joined(frames[:place] + frames[place + 1 :]))
        yield f"only {name}", given.saying(joined([frame]))
        yield f"{name} twice", given.saying(joined([*frames[: place + 1], *frames[place:]]))
        yield f"{name} again at the end", given.saying(joined([*frames, frame]))
        yield f"{name} again at the beginning", given.saying(joined([frame, *frames]))
        yield f"head of {name} alone", given.saying(joined([*frames[:place], (frame[0], b""), *frames[place + 1 :]]))
        yield f"body of {name} alone", given.saying(joined([*frames[:place], (b"", frame[1]), *frames[place + 1 :]]))
        yield f"{name} empty", given.saying(joined([*frames[:place], (frame[0], b"\n"), *frames[place + 1 :]]))
        yield (
            f"body of {name} under the next head",
            given.saying(joined([*frames[:place], (frames[place - 1][0], frame[1]), *frames[place + 1 :]])),
        )
    for what, order in orders(frames):
        yield what, given.saying(joined(order))
    output = given.reply.output
    yield "the whole answer twice", given.saying(output + output)
    yield "the answer and half of it", given.saying(output + output[: len(output) // 2])
    yield "half of it and the answer", given.saying(output[: len(output) // 2] + output)
    yield "nothing", given.saying(b"")
    yield "privileged part alone", given.saying(joined(frames[len(frames) // 2 :]))


def host_heads(given: HostAnswer) -> Iterator[Damage]:
    """Fields of heads changed: name, status, length, checksum, mark."""
    frames = frames_of(given.reply.output)
    names = [name_of(frame).encode() for frame in frames]
    for place, frame in enumerate(frames):
        magic, nonce, name, status, length, digest = frame[0].rstrip(b"\n").split(b" ")
        other = names[(place + 1) % len(names)]
        changed = {
            "status 0": (magic, nonce, name, b"0" if status != b"0" else b"1", length, digest),
            "status 127": (magic, nonce, name, b"127", length, digest),
            "length + 1": (magic, nonce, name, status, b"%d" % (int(length) + 1), digest),
            "length - 1": (magic, nonce, name, status, b"%d" % max(0, int(length) - 1), digest),
            "length 0": (magic, nonce, name, status, b"0" if length != b"0" else b"00", digest),
            "another name": (magic, nonce, other, status, length, digest),
            "not a name": (magic, nonce, b"nothing.known", status, length, digest),
            "another mark": (magic, b"0" * 32, name, status, length, digest),
            "shorter mark": (magic, nonce[:-1], name, status, length, digest),
            "another checksum": (magic, nonce, name, status, length, digest[::-1]),
            "no checksum": (magic, nonce, name, status, length, b""),
        }
        for what, fields in changed.items():
            head = b" ".join(fields) + b"\n"
            yield f"{what} in {name.decode()}", given.saying(joined([*frames[:place], (head, frame[1]), *frames[place + 1 :]]))


def host_bytes(given: HostAnswer, count: int, seed: int = 0) -> Iterator[Damage]:
    """Single bytes all over the answer, and every section at least once."""
    output = given.reply.output
    chosen = places(len(output), count, seed)
    position = 0
    for head, body in frames_of(output):
        chosen += [position + len(head) // 2, position + len(head) + len(body) // 2]
        position += len(head) + len(body)
    for number, place in enumerate(chosen):
        yield f"byte {place}, way {(number + seed) % 9}", given.saying(garbled(output, place, number + seed))


def host_noise(given: HostAnswer) -> Iterator[Damage]:
    output = given.reply.output
    frames = frames_of(output)
    yield "CRLF", given.saying(output.replace(b"\n", b"\r\n"))
    yield "lower case", given.saying(output.lower())
    yield "tabs expanded", given.saying(output.replace(b"\t", b"    ") + b" ")
    yield "trailing blanks stripped", given.saying(b"\n".join(line.rstrip() for line in output.split(b"\n")))
    for what, noise in NOISE:
        yield f"{what} before", given.saying(noise + output)
        yield f"{what} after", given.saying(output + noise)
        yield f"{what} between", given.saying(noise.join(head + body for head, body in frames))
        yield f"{what} inside", given.saying(joined((head, body[:-1] + noise + b"\n") for head, body in frames))
    for exit_status in (None, 0, 1, 255):
        yield f"exit status {exit_status}", given.saying(output, exit_status=exit_status, errors=b"Killed\n")


def host_lines(given: HostAnswer) -> Iterator[Damage]:
    """Lines of one section in another order, twice, or left out, the head as it was."""
    frames = frames_of(given.reply.output)
    for place, (head, body) in enumerate(frames):
        lines = body.split(b"\n")
        variants = {
            "reversed": b"\n".join([*lines[:-1][::-1], b""]),
            "sorted": b"\n".join([*sorted(lines[:-1]), b""]),
            "first line left out": b"\n".join(lines[1:]),
            "last line left out": b"\n".join([*lines[:-2], b""]),
            "middle line left out": b"\n".join(lines[: len(lines) // 2] + lines[len(lines) // 2 + 1 :]),
            "middle line twice": b"\n".join(lines[: len(lines) // 2 + 1] + lines[len(lines) // 2 :]),
            "two lines swapped": b"\n".join([*lines[1:2], *lines[:1], *lines[2:]]),
        }
        for what, changed in variants.items():
            if changed != body:
                made = joined([*frames[:place], (head, changed), *frames[place + 1 :]])
                yield f"lines of {name_of((head, body))} {what}", given.saying(made)


def host_mixtures(given: HostAnswer, other: HostAnswer) -> Iterator[Damage]:
    """Parts of another answer: another host's, or an older one of the same host."""
    output, foreign = given.reply.output, other.reply.output
    frames, theirs = frames_of(output), {name_of(frame): frame for frame in frames_of(foreign)}
    yield "the other's whole answer", given.saying(foreign)
    yield "both, ours first", given.saying(output + foreign)
    yield "both, theirs first", given.saying(foreign + output)
    yield "first half ours, second theirs", given.saying(output[: len(output) // 2] + foreign[len(foreign) // 2 :])
    yield "first half theirs, second ours", given.saying(foreign[: len(foreign) // 2] + output[len(output) // 2 :])
    yield "our identity, all else theirs", given.saying(joined([frames[0], *frames_of(foreign)[1:]]))
    yield (
        "line by line",
        given.saying(
            b"\n".join(part for pair in zip(output.split(b"\n"), foreign.split(b"\n"), strict=False) for part in pair)
        ),
    )
    for place, frame in enumerate(frames):
        name = name_of(frame)
        if name not in theirs:
            continue
        alien = theirs[name]
        marked = (alien[0].replace(other.nonce.encode(), given.nonce.encode()), alien[1])
        for what, put in (
            ("theirs for ours", [alien]), ("theirs after ours", [frame, alien]), ("theirs before ours", [alien, frame]),
            ("their body under our head", [(frame[0], alien[1])]), ("theirs with our mark", [marked]),
            ("theirs with our mark after ours", [frame, marked]),
        ):  # fmt: skip
            if b"".join(head + body for head, body in put) != frame[0] + frame[1]:
                yield f"{name}: {what}", given.saying(joined([*frames[:place], *put, *frames[place + 1 :]]))


def host_extra(given: HostAnswer) -> Iterator[Damage]:
    """Frames that look right and have the right mark, beside the ones that were asked for."""
    frames = frames_of(given.reply.output)
    for place, frame in enumerate(frames):
        name, body = name_of(frame), frame[1][:-1]
        for what, extra in (
            ("a copy with another body", reframed(given.nonce, name, 0, body + b"\n")),
            ("a copy without a body", reframed(given.nonce, name, 0, b"")),
            ("a copy with another status", reframed(given.nonce, name, 1, body)),
            ("a section never asked for", reframed(given.nonce, "extra.section", 0, body)),
        ):
            if extra != frame:
                yield f"{what} after {name}", given.saying(joined([*frames[: place + 1], extra, *frames[place + 1 :]]))
                yield f"{what} before {name}", given.saying(joined([*frames[:place], extra, *frames[place:]]))


def host_stopped_tools(given: HostAnswer, count: int) -> Iterator[Damage]:
    """A section that stops early: framed as the script frames it, so only terminators and grammar can show it."""
    for section in _sections(given):
        name, body = section.name, section.body
        if name.endswith("!") or name == COPY:
            continue  # half a digest of the installed collector is a wrong one: all of root's is refused
        ends = [end for end in range(len(body)) if body[end : end + 1] == b"\n"]
        cuts = {0, len(body) - 1, *ends[-2:], *ends[:: max(1, len(ends) // max(1, count))], *places(len(body), count)}
        for cut in sorted(cut for cut in cuts if 0 <= cut < len(body)):
            yield f"{name} stopped at {cut}", section.saying(0, body[:cut])


def host_failed_tools(given: HostAnswer) -> Iterator[Damage]:
    """A section whose tool failed or ran out of time, whatever it had said by then, framed as the script frames it."""
    for section in _sections(given):
        name, body = section.name, section.body
        for status in (1, 124, 127, 137):
            yield f"{name} whole, with {status}", section.saying(status, body)
            yield f"{name} empty, with {status}", section.saying(status, b"")
            yield f"half of {name}, with {status}", section.saying(status, body[: len(body) // 2])


def host_marks(given: HostAnswer) -> Iterator[Damage]:
    """Sections of a group left out, repeated, in another order, or under another name, in a frame that is right otherwise."""
    frames = frames_of(given.reply.output)
    for place, frame in enumerate(frames):
        parts = parts_of(given.nonce, frame)
        for at, (body, mark) in enumerate(parts if len(parts) > 1 else ()):
            following = parts[(at + 1) % len(parts)]
            for what, changed in (
                ("left out", [*parts[:at], *parts[at + 1 :]]),
                ("twice", [*parts[: at + 1], *parts[at:]]),
                ("at the end", [*parts[:at], *parts[at + 1 :], parts[at]] if at + 1 < len(parts) else []),
                ("without its mark", [*parts[:at], (body, b""), *parts[at + 1 :]]),
                ("under the next mark", [*parts[:at], (body, following[1]), *parts[at + 1 :]]),
            ):
                if changed:
                    made = reframed(given.nonce, name_of(frame), 0, b"".join(body + mark for body, mark in changed))
                    yield (
                        f"{mark.split()[1].decode()} {what}",
                        given.saying(joined([*frames[:place], made, *frames[place + 1 :]])),
                    )


@dataclass(frozen=True)
class _Section:
    """One section, in its place in an answer."""

    name: str
    body: bytes
    answer: HostAnswer
    place: int
    at: int
    """Which of its group's."""

    def saying(self, status: int, body: bytes) -> HostAnswer:
        nonce, frames = self.answer.nonce, frames_of(self.answer.reply.output)
        frame = frames[self.place]
        if parts := parts_of(nonce, frame):
            parts[self.at] = (body, f"\n{nonce} {self.name} {status}\n".encode())
            body, status = b"".join(body + mark for body, mark in parts), 0
        made = reframed(nonce, name_of(frame), status, body)
        return self.answer.saying(joined([*frames[: self.place], made, *frames[self.place + 1 :]]))


def _sections(given: HostAnswer) -> Iterator[_Section]:
    for place, frame in enumerate(frames_of(given.reply.output)):
        parts = parts_of(given.nonce, frame)
        for at, (body, mark) in enumerate(parts):
            yield _Section(mark.split()[1].decode(), body, given, place, at)
        if not parts:
            yield _Section(name_of(frame), frame[1][:-1], given, place, 0)


def parts_of(nonce: str, frame: Framed) -> list[tuple[bytes, bytes]]:
    """Text and mark of each section of a group; nothing where the frame is no group."""
    pieces = re.split(rb"(\n" + nonce.encode() + rb" [a-z_.]+ \d{1,3}\n)", frame[1][:-1])
    return list(zip(pieces[:-1:2], pieces[1::2], strict=True))
