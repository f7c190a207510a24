"""The OpenStack provider's plugin, where the machine reaches no registry of Pulumi's: from a file."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from luxops.domains.cloud.engines.pulumi.environment import require_cli
from luxops.errors import LuxopsError

PROVIDER: Final = "openstack"
_NAME = re.compile(
    rf"pulumi-resource-{PROVIDER}-v(?P<version>\d+\.\d+\.\d+[0-9A-Za-z.+-]*)-(?P<system>[a-z]+)-(?P<machine>[a-z0-9]+)\.tar\.gz"
)
_SECONDS = 120


def install_plugin(file: Path) -> str:
    """Install the plugin from its release's file, and give its version. Raises LuxopsError.

    The CLI does not look which version the file holds, and takes what it is told for true: so the file's own name counts.
    """
    cli = require_cli()
    named = _NAME.fullmatch(file.name)
    if named is None or not file.is_file():
        raise LuxopsError(
            f"`{file}` is not a plugin of the OpenStack provider",
            why="its name tells the version: pulumi-resource-openstack-vVERSION-linux-amd64.tar.gz",
            remedy="Take the file from the provider's release as it is.",
        )
    version = named["version"]
    command = [cli, "plugin", "install", "resource", PROVIDER, version, "--file", str(file), "--reinstall", "--non-interactive"]
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=_SECONDS, check=False)  # noqa: S603 - the CLI, arguments as a list
    if done.returncode != 0:
        raise LuxopsError("The plugin cannot be installed", why=done.stderr.strip()[-1000:])
    return version
