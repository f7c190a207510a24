"""Small values that `inventory/` writes as text: durations, windows, port ranges, secret references, SSH keys."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not (match := re.fullmatch(r"(\d{1,6})([smhd])", value)):
        raise ValueError("a duration is a number and a unit, like 15m, 4h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def duration_text(value: timedelta) -> str:
    """As the inventory would write it, in the largest unit that leaves no rest."""
    seconds = int(value.total_seconds())
    size, unit = next((size, unit) for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")) if seconds % size == 0)
    return f"{seconds // size}{unit}"


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(duration_text, return_type=str, when_used="json")]
"""`15m`, `4h`, `1d`."""

_WINDOW = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))? ([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)"
)


def _window(value: str) -> str:
    if not _WINDOW.fullmatch(value):
        raise ValueError("a window is days and hours, like `Mon-Fri 06:00-20:00` or `Sun 01:00-05:00`")
    start, _, end = value.partition(" ")[2].partition("-")
    if start == end:
        raise ValueError("a window ends at another time than it begins; a whole day is 00:00-24:00")
    return value


CareWindow = Annotated[str, AfterValidator(_window)]
"""`Mon-Fri 06:00-20:00`, local time of Luxembourg. One that ends before it begins goes on into the next day."""


def _secret(value: str) -> str:
    if not re.fullmatch(r"(env:[A-Z_][A-Z0-9_]*|file:/\S+)", value):
        raise ValueError("a secret is written by reference only: env:NAME or file:/PATH")
    return value


SecretReference = Annotated[str, AfterValidator(_secret)]
"""Where a secret is, never the secret: `env:NAME`, `file:/PATH`."""


_KEY_LENGTHS: Mapping[str, tuple[int | None, ...]] = {
    "ssh-ed25519": (32,),
    "sk-ssh-ed25519@openssh.com": (32, None),
    "ecdsa-sha2-nistp256": (8, 65),
}
"""Type → lengths of the fields after the type's name (RFC 8709, RFC 5656, OpenSSH's PROTOCOL.u2f); None: any."""


def _ssh_key(value: str) -> str:
    kind, _, rest = value.partition(" ")
    try:
        fields = _wire_fields(base64.b64decode(rest.split(" ")[0], validate=True))
    except (binascii.Error, ValueError):
        fields = []
    lengths = _KEY_LENGTHS.get(kind)
    whole = lengths is not None and fields[:1] == [kind.encode()] and len(fields) == len(lengths) + 1
    if lengths is None or not whole or any(n not in {None, len(f)} for n, f in zip(lengths, fields[1:], strict=True)):
        raise ValueError("not an SSH public key of type ssh-ed25519, sk-ssh-ed25519 or ecdsa-sha2-nistp256")
    return value


def _wire_fields(blob: bytes) -> list[bytes]:
    """The strings of RFC 4251 that `blob` is made of. Raises ValueError where it ends inside one."""
    fields = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            raise ValueError("the key ends too early")
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return fields


SshPublicKey = Annotated[str, AfterValidator(_ssh_key)]

PORT_MAX = 65535


def _ports(value: object) -> object:
    if isinstance(value, int):
        value = f"{value}"
    if isinstance(value, str):
        if not (match := re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", value)):
            raise ValueError("ports are a number or a range, like 443 or 10000-10999")
        low, high = int(match[1]), int(match[2] or match[1])
        if not 1 <= low <= high <= PORT_MAX:
            raise ValueError("a port range goes upwards and stays within 1 to 65535")
        return low, high
    return value


PortRange = Annotated[
    tuple[int, int],
    BeforeValidator(_ports),
    PlainSerializer(lambda v: str(v[0]) if v[0] == v[1] else f"{v[0]}-{v[1]}", return_type=str),
]
"""`443` or `10000-10999` → (lowest, highest), both included."""
