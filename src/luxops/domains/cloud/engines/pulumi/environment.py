"""What the Pulumi CLI and the programs find in their environment. Secrets are there alone: not in arguments, not in logs."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from luxops.domains.cloud.engines.pulumi.credentials import PASSWORD, provider_environment
from luxops.errors import LuxopsError
from luxops.federation.secrets import resolve

if TYPE_CHECKING:
    from luxops.settings import CloudSettings

CLI: Final = "pulumi"
SCHEMES: Final = ("file", "s3", "postgres")
_AIR_GAP: Final = {
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    "PULUMI_DIY_BACKEND_NO_LEGACY_WARNING": "true",
    "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": None,
    "PULUMI_ACCESS_TOKEN": None,  # nobody is asked but the state backend
    "DO_NOT_TRACK": "1",
    "NO_COLOR": "1",
}
"""Of the variables with None, whatever stands there is taken away."""


class Surroundings(NamedTuple):
    """An environment, and what of it must never be shown."""

    variables: Mapping[str, str]
    hidden: tuple[str, ...]

    def shown(self, text: str) -> str:
        """A text of the CLI's with everything secret struck out."""
        for secret in self.hidden:
            text = text.replace(secret, "…")
        return text


def surroundings(settings: CloudSettings, inventory: Path, project_id: str = "") -> Surroundings:
    """What it takes to read a state; with the project to log in to, what it takes to work.

    Raises SecretError where there is no passphrase, LuxopsError for a state or a way to log in that cannot be used.
    """
    passphrase = resolve(settings.passphrase).reveal()
    state = state_url(settings.state)
    programs = programs_environment(settings, inventory)
    variables = {name: value for name, value in os.environ.items() if name not in _AIR_GAP and not _is_stray(name)}
    variables |= {name: value for name, value in _AIR_GAP.items() if value is not None}
    variables |= programs | (provider_environment(settings, project_id) if project_id else {})
    variables["PULUMI_BACKEND_URL"] = state
    variables["PULUMI_CONFIG_PASSPHRASE"] = passphrase
    # The language host would take the first python3 of the PATH, or a virtual environment that it makes itself.
    variables["PULUMI_PYTHON_CMD"] = sys.executable
    password = urlsplit(state).password or ""
    secrets = {passphrase, password, unquote(password), variables.get(PASSWORD, "")}
    return Surroundings(variables, tuple(sorted(filter(None, secrets), key=len, reverse=True)))


def programs_environment(settings: CloudSettings, inventory: Path) -> dict[str, str]:
    """What the programs read luxops' settings from: they run in folders of their own."""
    found = {
        "LUXOPS_INVENTORY": str(inventory.expanduser().absolute()),
        "LUXOPS_CLOUD__NAME": settings.name,
        "LUXOPS_CLOUD__STACKS": str(settings.stacks.expanduser().absolute()),
    }
    file = settings.clouds_file or (Path("clouds.yaml") if Path("clouds.yaml").is_file() else None)
    if file is not None:
        found["LUXOPS_CLOUD__CLOUDS_FILE"] = str(file.expanduser().absolute())
    configuration = Path(os.environ.get("LUXOPS_CONFIG", "luxops.toml")).absolute()
    if configuration.is_file():
        found["LUXOPS_CONFIG"] = str(configuration)
    return found


def _is_stray(name: str) -> bool:
    """Whether a variable could lead the CLI or the provider elsewhere than the settings say."""
    stray = {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_STACK"}
    return name in stray or name.startswith("OS_")


def state_url(state: str) -> str:
    """The state's address as the CLI takes it. Makes a folder that is not there yet. Raises LuxopsError."""
    scheme, separator, rest = state.partition("://")
    if not separator or scheme not in SCHEMES:
        raise LuxopsError(
            "The state of the pulumi engine is not where luxops can look",
            why=f"it begins with neither of {', '.join(f'{known}://' for known in SCHEMES)}",
            remedy="Correct LUXOPS_CLOUD__STATE.",
        )
    if scheme != "file":
        return state
    folder, _, query = rest.partition("?")
    path = Path(folder or ".").expanduser().absolute()
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return f"file://{path}" + (f"?{query}" if query else "")


def shown_state(state: str) -> str:
    """The state's address for people: without a password."""
    parts = urlsplit(state)
    return state if parts.password is None else state.replace(f":{parts.password}@", ":…@", 1)


def require_cli() -> str:
    """Path of the CLI. Raises LuxopsError where there is none: no other engine stands in for it."""
    found = shutil.which(CLI)
    if found is None:
        raise LuxopsError(
            "The Pulumi CLI is not on the PATH",
            why="the engine is `pulumi`, and no other engine stands in for it",
            remedy="`luxops doctor` says how to get it. Or choose the other engine: --engine reconcile.",
        )
    return found
