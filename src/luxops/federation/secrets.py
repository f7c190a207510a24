"""From a secret's reference to the secret, which hides itself wherever it might be printed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from luxops.errors import LuxopsError

MAX_BYTES = 64 * 1024


class SecretError(LuxopsError):
    """The secret behind a reference cannot be had. Never says anything of its value."""


class Secret:
    """A value that shows itself to `reveal` alone: not to print, logs, JSON, pickle, nor a comparison with something else."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written to disk")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(Secret)


def resolve(reference: str) -> Secret:
    """What `env:NAME` or `file:/PATH` holds, without a line break at its end. Raises SecretError, also for nothing at all."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = os.environ.get(name)
        if value is None:
            raise SecretError(f"There is no secret in {reference}", why="the variable is not set", remedy=f"Set {name}.")
    elif kind == "file":
        value = _from_file(reference, Path(name))
    else:
        # What is no reference may be the secret itself, written where its reference belongs: it must not be repeated.
        raise SecretError("A secret's reference is not one", why="it begins with neither env: nor file:")
    if not value:
        raise SecretError(f"The secret in {reference} is empty", remedy="Put the secret there.")
    return Secret(value)


def _from_file(reference: str, path: Path) -> str:
    try:
        # Not to hang on a pipe where a file should be.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise SecretError(f"There is no secret in {reference}", why="it is not a file")
            if found.st_mode & (stat.S_IROTH | stat.S_IWOTH):
                why = f"its mode {stat.S_IMODE(found.st_mode):04o} lets everyone on this machine at it"
                remedy = f"chmod 600 {path}, and change the secret."
                raise SecretError(f"The secret in {reference} is not one", why=why, remedy=remedy)
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SecretError(f"The secret in {reference} cannot be read", why=error.strerror or type(error).__name__) from None
    if len(content) > MAX_BYTES:
        raise SecretError(f"The secret in {reference} is too long", why=f"more than {MAX_BYTES // 1024} KiB")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise SecretError(f"The secret in {reference} is not text", remedy="Save it as UTF-8.") from None
    return text.removesuffix("\n").removesuffix("\r")
