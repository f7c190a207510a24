"""What a break is: one named fault, put into the running lab and taken back, with exactly what a scan must say of it."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from luxops.lab import instance
from luxops.lab.instance import inside, try_inside
from luxops.lab.running import CLOUD
from luxops.lab.shell import LabError
from luxops.lab.state import State
from luxops.model import Frozen

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

Domain = Literal["hosts", "network", "cloud"]


class Cause(Frozen):
    """One thing that a scan says with the break, and does not say without it."""

    kind: Literal["policy", "drift", "unknown"]
    """`policy`: one fails that did not; `drift`: a difference that was not there; `unknown`: what was known is not."""
    target: str
    id: str = ""
    """The policy, for `policy`; and for `unknown` where that policy alone is, all others being judged as before."""
    path: str = ""
    """The drift's path, for `drift`."""
    reason: str = ""
    """Why the whole target is UNKNOWN, for `unknown`: the word of the failure."""


class Saved(Frozen):
    """A file as it was before a break: all that its restoration needs."""

    path: str
    content: str | None
    """base64; None: there was none."""
    mode: int = 0
    owner: int = 0
    group: int = 0


class Bench:
    """What a break works on: one instance of the running lab, or its cloud, and the lab around it."""

    def __init__(self, state: State, target: str, kept: Mapping[str, Any] | None = None) -> None:
        self.state = state
        self.target = target
        self.root = state.root_of(target)
        self.kept: Mapping[str, Any] = kept or {}
        """What `keep` told before the break was put in."""

    @cached_property
    def cloud(self) -> CloudSession:
        """The session of the cloud's administrator."""
        from luxops.settings import CloudSettings  # noqa: PLC0415 - half a second that breaks elsewhere need not pay
        from luxops.transports.openstack import CloudSession  # noqa: PLC0415 - as above

        return CloudSession(CloudSettings(name=CLOUD, clouds_file=self.state.folder / "clouds.yaml"))

    def run(self, *command: str) -> str:
        """Run inside the instance as root. Raises LabError when the command fails."""
        return inside(self.target, *command)

    def succeeds(self, *command: str) -> bool:
        """Whether a command inside the instance ends with status 0."""
        return try_inside(self.target, *command).returncode == 0

    def says(self, text: str, *command: str) -> bool:
        """Whether a command succeeds and one of its lines, stripped, is `text`."""
        done = try_inside(self.target, *command)
        return done.returncode == 0 and text in [line.strip() for line in done.stdout.splitlines()]

    def runs(self) -> bool:
        """Whether the instance has a process 1."""
        return instance.leader_of(self.target) is not None

    def is_up(self) -> bool:
        """Whether the instance has come up, with no unit failed."""
        try:
            return self.says("running", "systemctl", "is-system-running")
        except LabError:  # it has no process 1 yet
            return False

    def read(self, path: str) -> str:
        """A file of the instance. Raises LabError where it is not there."""
        try:
            return self._place(path).read_text()
        except OSError as error:
            raise LabError(f"{self.target} has no readable {path}", why=str(error)) from error

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace the one occurrence of `old` in a file. Raises LabError where it is not there exactly once."""
        text = self.read(path)
        if text.count(old) != 1:
            raise LabError(f"{path} of {self.target} does not have `{old.strip()}` once", why="the lab is not as it was made")
        self._place(path).write_text(text.replace(old, new))

    def append(self, path: str, text: str) -> None:
        """Add to a file."""
        self._place(path).write_text(self.read(path) + text)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a new file, owned by root."""
        place = self._place(path)
        place.write_text(text)
        place.chmod(mode)

    def chmod(self, path: str, mode: int) -> None:
        """Change a file's mode."""
        self._place(path).chmod(mode)

    def remove(self, path: str) -> None:
        """Remove a file."""
        self._place(path).unlink(missing_ok=True)

    def exists(self, path: str) -> bool:
        """Whether the instance has the file."""
        return self._place(path).exists()

    def mode_of(self, path: str) -> int:
        """A file's permission bits."""
        return stat.S_IMODE(self._place(path).stat().st_mode)

    def save(self, paths: Sequence[str]) -> list[Saved]:
        """Files as they are now."""
        return [self._saved(path) for path in paths]

    def restore(self, saved: Sequence[Saved]) -> None:
        """Make files what they were; in any state, any number of times."""
        for file in saved:
            place = self._place(file.path)
            if file.content is None:
                place.unlink(missing_ok=True)
                continue
            fresh = place.with_name(f".{place.name}.healed")
            fresh.write_bytes(base64.b64decode(file.content))
            fresh.chmod(file.mode)
            os.chown(fresh, file.owner, file.group)
            fresh.replace(place)

    def _saved(self, path: str) -> Saved:
        place = self._place(path)
        if not place.exists():
            return Saved(path=path, content=None)
        found = place.stat()
        content = base64.b64encode(place.read_bytes()).decode()
        return Saved(path=path, content=content, mode=stat.S_IMODE(found.st_mode), owner=found.st_uid, group=found.st_gid)

    def _place(self, path: str) -> Path:
        return self.root / path.lstrip("/")


class Break(Protocol):
    """One named fault. The files in `touches` are saved before `apply` and restored before `heal`, whatever happened."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def domain(self) -> Domain: ...
    @property
    def target(self) -> str: ...
    @property
    def causes(self) -> tuple[Cause, ...]:
        """Exactly what a scan says in addition."""
        ...

    @property
    def touches(self) -> tuple[str, ...]:
        """Files of the target that it changes or makes."""
        ...

    def keep(self, bench: Bench) -> dict[str, Any]:
        """What must be remembered beside files to take it back: JSON, in `bench.kept` from then on. Changes nothing."""
        ...

    def apply(self, bench: Bench) -> None:
        """Put the fault in. Raises LabError."""
        ...

    def heal(self, bench: Bench) -> None:
        """Take it back, files being restored already. Right also where it was put in only in part, or not at all."""
        ...

    def in_force(self, bench: Bench) -> bool:
        """Whether the fault is there now."""
        ...


class BreakBase(Frozen):
    """The data of a break; a member adds what it does."""

    name: str
    title: str
    domain: Domain
    target: str
    causes: tuple[Cause, ...]
    touches: tuple[str, ...] = ()

    def keep(self, _bench: Bench) -> dict[str, Any]:
        return {}
