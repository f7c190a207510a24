"""What Debian gives the lab's cloud: packages that must be installed, and files out of others that need not be."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from luxops.lab import machine
from luxops.lab.images import CLOUD
from luxops.lab.shell import LabError, attempt, run
from luxops.lab.state import State
from luxops.model import digest_of

PACKAGES = (
    *("python3-keystone", "python3-placement", "python3-glance", "python3-neutron", "python3-nova", "python3-cinder"),
    *("ovn-central", "ovn-host", "openvswitch-switch", "mariadb-server-core", "uwsgi-core", "uwsgi-plugin-python3"),
    "python3-sqlalchemy-ext",  # a part of SQLAlchemy in C: Neutron is slow enough
)
"""Programs and libraries only: none of them starts a service of its own where policy-rc.d forbids it."""
PASTE: Mapping[str, tuple[str, str]] = {
    "glance.ini": ("glance-common", "usr/share/glance-common/glance-api-paste.ini"),
    "nova.ini": ("nova-common", "usr/share/nova-common/api-paste.ini"),
    "neutron.ini": ("neutron-common", "usr/share/neutron-common/api-paste.ini"),
    "cinder.ini": ("cinder-common", "usr/share/cinder-common/api-paste.ini"),
    "resource_filters.json": ("cinder-common", "etc/cinder/resource_filters.json"),
}
"""File → the package that has it, and where. The packages make users and configure; only these files of them are wanted."""
TUN = Path("/dev/net/tun")


def versions() -> dict[str, str]:
    """Package → installed version; what is not installed is left out."""
    listing = attempt("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\n", *PACKAGES).stdout
    found = (line.split() for line in listing.splitlines())
    return {words[1]: words[2] for words in found if words[0] == "ii"}


def lacking() -> list[str]:
    """What is missing here for the cloud, each as a sentence a user can act on."""
    sentences = machine.lacking()
    installed = versions()
    if missing := [package for package in PACKAGES if package not in installed]:
        sentences.append(f"packages are missing for the cloud: apt-get install --no-install-recommends {' '.join(missing)}")
    if not TUN.exists():
        sentences.append(f"there is no {TUN}: servers of the cloud have taps")
    return sentences


def require() -> None:
    """Raises LabError that names everything this machine lacks."""
    if sentences := lacking():
        raise LabError(
            "The lab's cloud cannot run here",
            why="\n".join(sentences),
            remedy="`make setup` installs the packages. `luxops lab up hosts routers` runs without them.",
        )


def paste(state: State, recipe: Mapping[str, str]) -> Path:
    """The folder with the PASTE files, downloaded once for these versions of the packages. Raises LabError."""
    folder = state.images / f"{CLOUD}paste-{digest_of([recipe, PASTE]).removeprefix('sha256:')[:16]}"
    if folder.is_dir():
        return folder
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    with TemporaryDirectory(prefix="luxops-packages-") as name:
        packages = sorted({package for package, _ in PASTE.values()})
        try:
            run(
                "sh",
                "-c",
                'cd "$1" && shift && exec apt-get download -q -o APT::Sandbox::User=root "$@"',
                "sh",
                name,
                *packages,
            )
        except LabError as error:
            raise LabError(
                "Files of Debian's packages cannot be had",
                why=error.why,
                remedy="Run `apt-get update`, and look whether the archive answers.",
            ) from error
        for archive in Path(name).glob("*.deb"):
            run("dpkg", "-x", str(archive), f"{name}/tree")
        for target, (_, source) in PASTE.items():
            shutil.copyfile(Path(name, "tree", source), unfinished / target)
    unfinished.rename(folder)
    return folder
