"""What `luxops doctor` looks at, one function each. None of them changes anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from luxops.errors import LuxopsError

if TYPE_CHECKING:
    from luxops.settings import Settings

OK: Final = "ok"
MISSING: Final = "missing"
OPTIONAL: Final = "not needed"
"""It is not there, and nothing that is set up here asks for it."""
BIN: Final = Path("~/.luxops/bin")
_PYTHON: Final = (3, 11)
_SECONDS: Final = 60
_PLUGIN = re.compile(r"resource-openstack-v(?P<version>\d+\.\d+\.\d+\S*)")
GET_PULUMI: Final = (
    "Fetch pulumi-vVERSION-linux-x64.tar.gz and pulumi-resource-openstack-vVERSION-linux-amd64.tar.gz from the releases of "
    "pulumi/pulumi and pulumi/pulumi-openstack on another machine, compare their checksums, and run: "
    "luxops doctor --offline TARBALL PLUGIN. Or choose the other engine: LUXOPS_CLOUD__ENGINE=reconcile."
)


class Line(NamedTuple):
    """One thing, and whether it is there."""

    what: str
    state: str
    found: str
    remedy: str = ""


def with_own_bin() -> None:
    """Put what `--offline` has unpacked before everything else on this process's PATH."""
    folder = str(BIN.expanduser())
    if Path(folder).is_dir() and folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = folder + os.pathsep + os.environ.get("PATH", "")


def examine(settings: Settings) -> Iterator[Line]:
    """Every line, in the order of what stands on what."""
    yield _python()
    yield _told("inventory", lambda: _inventory(settings), "Correct it: luxops inventory check")
    yield _told("policies", lambda: _policies(settings), "Correct them: luxops policy test")
    yield _told("store", lambda: _store(settings), "Correct LUXOPS_STORE__URL, or make room and give access there.")
    if "cloud" in settings.domains:
        yield _told(
            "cloud login", lambda: _login(settings), "Correct clouds.yaml, LUXOPS_CLOUD__NAME or LUXOPS_CLOUD__CLOUDS_FILE."
        )
        yield from _pulumi(settings)
    yield _lab()


def _python() -> Line:
    version = sys.version.partition(" ")[0]
    enough = sys.version_info >= _PYTHON
    return Line("Python", OK if enough else MISSING, version, "" if enough else "Install Python 3.11 or newer.")


def _told(what: str, look: Callable[[], str], remedy: str) -> Line:
    try:
        return Line(what, OK, look())
    except LuxopsError as error:
        return Line(what, MISSING, " ".join(f"{error.what}. {error.why}".split())[:300].rstrip(". "), error.remedy or remedy)


def _inventory(settings: Settings) -> str:
    from luxops.federation import load_federation

    federation = load_federation(settings.inventory)
    return f"{settings.inventory}: {len(federation.hospitals)} hospitals, {len(federation.services)} services"


def _policies(settings: Settings) -> str:
    from luxops.policies import load_policies

    return f"{settings.policies}: {len(load_policies(settings.policies).policies)} policies"


def _store(settings: Settings) -> str:
    from luxops.store import open_store

    scheme, _, file = settings.store.url.partition(":///")
    if scheme == "sqlite" and not Path(file).is_file():
        return f"{settings.store.url}: not there yet; the first scan makes it"
    with open_store(settings.store.url) as store:
        scans = store.scans(limit=1)
        return f"{store.shown_url}: " + (f"last scan {scans[0].started:%Y-%m-%d %H:%M} UTC" if scans else "no scan yet")


def _login(settings: Settings) -> str:
    from luxops.transports.openstack import CloudSession

    session = CloudSession(settings.cloud)
    session.identity()
    return f"{settings.cloud.name}: logged in; {len(session.endpoints)} services in the catalogue"


def _pulumi(settings: Settings) -> Iterator[Line]:
    """CLI, plugin and passphrase: needed where the engine is `pulumi`."""
    absent = MISSING if settings.cloud.engine == "pulumi" else OPTIONAL
    cli = shutil.which("pulumi")
    if cli is None:
        yield Line("Pulumi CLI", absent, "not on the PATH", GET_PULUMI)
    else:
        version = _said(cli, "version")
        yield Line("Pulumi CLI", OK if version else absent, f"{cli} {version or 'does not run'}", "" if version else GET_PULUMI)
    plugins = _plugins()
    found = f"version {', '.join(plugins)}" if plugins else "not installed"
    yield Line("OpenStack plugin", OK if plugins else absent, found, "" if plugins else GET_PULUMI)
    if settings.cloud.engine == "pulumi":
        remedy = "Give it where LUXOPS_CLOUD__PASSPHRASE says."
        yield _told("passphrase of the state", lambda: _passphrase(settings), remedy)


def _passphrase(settings: Settings) -> str:
    from luxops.federation.secrets import resolve

    resolve(settings.cloud.passphrase)
    return f"from {settings.cloud.passphrase}"


def _said(*command: str) -> str:
    """What a program prints; nothing where it does not run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603 - as a list
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _plugins() -> list[str]:
    """Versions of the provider in the CLI's own folder."""
    folder = Path(os.environ.get("PULUMI_HOME", "~/.pulumi")).expanduser() / "plugins"
    names = sorted(path.name for path in folder.glob("resource-openstack-v*") if path.is_dir())
    return [found["version"] for name in names if (found := _PLUGIN.fullmatch(name))]


def _lab() -> Line:
    """Only for the lab: an installation that watches real systems needs none of it."""
    from luxops.lab.cloud.packages import lacking

    sentences = lacking()
    if not sentences:
        return Line("lab", OK, "this machine can run all of it")
    return Line("lab", OPTIONAL, "; ".join(sentences), "Only for `luxops lab`: run `make setup` as root on Debian 12.")
