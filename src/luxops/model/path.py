"""One difference at a path inside something that is to be changed."""

from __future__ import annotations

from typing import Any

from luxops.model.base import Frozen


class PathChange(Frozen):
    """What differs at one path. None stands for what is not there."""

    path: str
    desired: Any = None
    actual: Any = None
