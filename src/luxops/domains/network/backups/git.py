"""The git program on one bare repository, cut off from every configuration, hook and helper of whoever calls."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from luxops.domains.network.backups.errors import BackupError

_TIMEOUT = 300.0
"""Seconds for one command."""
_ISOLATED = (
    *("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.attributesFile=/dev/null", "core.pager=cat"),
    *("log.showSignature=false", "commit.gpgSign=false", "gc.auto=0", "maintenance.auto=false", "protocol.allow=never"),
)  # fmt: skip
"""Outweigh what a repository's own configuration says: nothing in it starts another program."""


class Git:
    """Raises BackupError, with the first line of what git said, wherever a command fails."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        self._environment = kept | {
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "HOME": "/nonexistent",
            "LC_ALL": "C",
        }

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Standard output of `git ARGUMENTS`."""
        done = self.attempt(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise broken(self.folder, _first_line(done.stderr) or f"git {arguments[0]} ended with status {done.returncode}")
        return done.stdout

    def attempt(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """As `run`, for commands whose status is an answer."""
        settings = [word for setting in _ISOLATED for word in ("-c", setting)]
        command: Sequence[str] = ("git", f"--git-dir={self.folder}", *settings, *arguments)
        try:
            return subprocess.run(  # noqa: S603 - an argument list; no name in it begins with a dash
                command, input=stdin, capture_output=True, env=self._environment, cwd="/", timeout=_TIMEOUT, check=False
            )
        except FileNotFoundError as error:
            raise BackupError(
                "Backups need git", why="there is no program `git`", remedy="Install it: apt-get install git"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise broken(self.folder, f"git {arguments[0]} did not end within {_TIMEOUT:g} s") from error
        except OSError as error:
            raise broken(self.folder, f"git cannot be run: {error.strerror}") from error


def broken(folder: Path, why: str) -> BackupError:
    """The one message for a repository that cannot be trusted or used."""
    return BackupError(
        f"The backups in {folder} cannot be used",
        why=why,
        remedy="Nothing was changed. Find out who touched it; put it back from a copy, or move it away and back up anew.",
    )


def _first_line(errors: bytes) -> str:
    lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    shown = next((line for line in lines if line.startswith(("fatal", "error"))), lines[0] if lines else "")
    return "".join(c if c.isprintable() else "?" for c in shown)[:300]
