"""Places in the facts, and what an expression looks at there."""

from __future__ import annotations

from typing import Final, NamedTuple

ANY: Final = "*"
"""In a path: every element of a list, or every value of a map."""

Path = tuple[str, ...]


def written(path: Path) -> str:
    """A path as a policy's author would write it: `files.paths["/root"].mode`, `sockets.listening[].port`."""
    words = []
    for key in path:
        if key == ANY:
            words.append("[]")
        elif key.isidentifier():
            words.append(f".{key}" if words else key)
        else:
            words.append(f'["{key}"]')
    return "".join(words)


class Touch(NamedTuple):
    """A part of the facts that an expression looks at."""

    path: Path
    """Fact name, then keys; `ANY` for each element. What lies above the path counts as touched too."""
    deep: bool
    """Whether everything beneath counts, or only the value itself (its presence, kind or length)."""
