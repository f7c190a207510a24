"""Run system programs: arguments always as lists, a failure always as one clear error."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

from luxops.errors import LuxopsError


class LabError(LuxopsError):
    """The lab could not do what it was asked."""


def run(
    *argv: str,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    output: IO[str] | None = None,
    timeout: float = 600.0,
) -> str:
    """What the program wrote to standard output. Raises LabError when it fails, is missing, or takes longer than `timeout`.

    With `output`, both its outputs go there instead, and the error names that file.
    """
    done = attempt(*argv, stdin=stdin, env=env, output=output, timeout=timeout)
    if done.returncode != 0:
        raise failed(argv, done.returncode, done.stderr or done.stdout or (f"see {output.name}" if output else ""))
    return done.stdout or ""


def attempt(
    *argv: str,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    output: IO[str] | None = None,
    timeout: float = 600.0,
) -> subprocess.CompletedProcess[str]:
    """As `run`, but an exit status other than 0 is the caller's to judge."""
    try:
        return subprocess.run(
            argv,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.STDOUT if output else subprocess.PIPE,
            env=env,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout,
        )
    except FileNotFoundError:
        raise LabError(f"The program `{argv[0]}` is missing", remedy="`luxops lab up` names the package to install.") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"`{argv[0]}` did not finish within {timeout:.0f} s", why=" ".join(argv)) from None


def failed(argv: Sequence[str], status: int, said: str) -> LabError:
    """The error for a program that ended with `status` and said `said`; its last lines are kept."""
    return LabError(f"`{' '.join(argv[:6])}` failed with status {status}", why="\n".join(said.strip().splitlines()[-5:]))
