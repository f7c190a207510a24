"""The lab's folder: where images, instances, keys and notes lie, and the lock over all of it."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from luxops.lab.shell import LabError

LOCK = Path("/run/luxops-lab.lock")
"""One lab a machine, whatever its folder: the names of namespaces are the machine's."""


class State:
    """Paths below one folder. Nothing in it is needed to find what runs: the kernel is asked for that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.images = self.folder / "images"
        self.instances = self.folder / "instances"
        self.keys = self.folder / "keys"
        self.inventory = self.folder / "inventory"
        self.known_hosts = self.folder / "known_hosts"
        self.client_key = self.keys / "luxops"
        self.up_note = self.folder / "up.json"
        self.breaks_note = self.folder / "breaks.json"
        self.database = self.folder / "luxops.db"

    def create(self) -> None:
        """Make the folder for its owner alone. Raises LabError where it is another's, open to others, or a link."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
                raise LabError(
                    f"{self.folder} is not a folder of this user alone",
                    why="others could swap what the lab runs as root",
                    remedy=f"Remove it, or choose another: LUXOPS_LAB__STATE=/path (now {self.folder}).",
                )
            for sub in (self.images, self.instances, self.keys):
                sub.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise LabError(
                f"{self.folder} cannot be made", why=str(error), remedy="Choose another: LUXOPS_LAB__STATE=/path"
            ) from error

    def root_of(self, instance: str) -> Path:
        """Where an instance's root file system is mounted."""
        return self.instances / instance / "root"


@contextmanager
def locked(waiting: str = "") -> Iterator[None]:
    """Hold the machine's lab lock; another command that changes the lab waits, and is told so once by `waiting`."""
    import click  # noqa: PLC0415 - only to say so on standard error

    descriptor = os.open(LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            click.echo(waiting or "Another luxops lab command is at work; waiting for it.", err=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Replace a note whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(json.dumps(value, indent=2) + "\n")
    temporary.replace(path)


def read_json(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    """A note's value, or None where there is none. Raises LabError for a broken one."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, json.JSONDecodeError) as error:
        raise LabError(f"{path} cannot be read", why=str(error), remedy="`luxops lab down` removes it.") from error
