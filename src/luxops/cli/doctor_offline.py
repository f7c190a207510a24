"""The Pulumi CLI and its OpenStack plugin from files, for machines that reach no release server."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from luxops.errors import LuxopsError

_PROGRAM = re.compile(r"(?:\./)?pulumi/(?P<name>pulumi[a-z0-9-]{0,60})")
"""Where a release has its programs. Whatever else is in the archive is left there."""
_MAX_BYTES: Final = 600 * 2**20
"""Of one program: the largest of a release has about a quarter of it."""
_MAX_MEMBERS: Final = 200
_SECONDS: Final = 60


def unpack_cli(tarball: Path, folder: Path) -> tuple[str, list[str]]:
    """Put a release's programs into `folder`, and give version and names. Raises LuxopsError, and then nothing has changed.

    No path of the archive's is ever used: only names of programs, in a folder of ours, and only if the CLI there runs.
    """
    folder = folder.expanduser()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacking-") as name:
        try:
            with tarfile.open(tarball, "r:gz") as archive:
                found = [_written(archive, member, Path(name)) for member in _programs(archive)]
        except (OSError, tarfile.TarError, EOFError) as error:
            raise LuxopsError(f"`{tarball}` cannot be unpacked", why=str(error), remedy="Fetch it again, whole.") from None
        if "pulumi" not in found:
            raise LuxopsError(
                f"`{tarball}` is no release of the Pulumi CLI",
                why="there is no program `pulumi/pulumi` in it",
                remedy="Take pulumi-vVERSION-linux-x64.tar.gz of the release as it is.",
            )
        version = _version(Path(name, "pulumi"))
        for program in found:
            Path(name, program).replace(folder / program)
    return version, sorted(found)


def _programs(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for number, member in enumerate(archive):
        if number > _MAX_MEMBERS:
            raise tarfile.TarError(f"more than {_MAX_MEMBERS} members: this is no release of the CLI")
        if member.isreg() and _PROGRAM.fullmatch(member.name):
            if member.size > _MAX_BYTES:
                raise tarfile.TarError(f"{member.name} is larger than any program of a release")
            yield member


def _written(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    named = _PROGRAM.fullmatch(member.name)
    content = archive.extractfile(member)
    assert named is not None  # noqa: S101 - `_programs` gives no other
    assert content is not None  # noqa: S101 - it is a regular file
    path = folder / named["name"]
    with content, path.open("xb") as file:
        shutil.copyfileobj(content, file)
    path.chmod(0o755)
    return named["name"]


def _version(program: Path) -> str:
    """What the CLI says of itself: one for another machine does not run here."""
    try:
        done = subprocess.run([str(program), "version"], capture_output=True, text=True, timeout=_SECONDS, check=True)  # noqa: S603 - as a list
    except (OSError, subprocess.SubprocessError) as error:
        raise LuxopsError(
            "The Pulumi CLI in the archive does not run here",
            why=str(error).replace(str(program), "pulumi"),
            remedy="Take the release for this system and processor.",
        ) from None
    return done.stdout.strip()
