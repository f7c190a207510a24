"""`luxops doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json, print_table
from luxops.errors import ExitCode

if TYPE_CHECKING:
    from luxops.cli.context import CliContext


@click.command()
@click.option(
    "--offline",
    nargs=2,
    metavar="TARBALL PLUGIN",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Install the Pulumi CLI and its OpenStack plugin from the files of their releases.",
)
@output_option
@click.pass_obj
def doctor(obj: CliContext, offline: tuple[Path, Path] | None, output: str) -> ExitCode:
    """Show what this machine has and lacks for what is set up here, and what to do about it. Really logs in to the cloud.

    No language registry carries the Pulumi CLI. --offline unpacks the release's programs into ~/.luxops/bin and hands the
    plugin to the CLI. Exit code 2 where anything is missing that is needed.

    \b
    Example:
      luxops doctor
      luxops doctor --offline pulumi-v3.255.0-linux-x64.tar.gz pulumi-resource-openstack-v5.5.1-linux-amd64.tar.gz
    """
    from luxops.cli.doctor_checks import MISSING, examine, with_own_bin

    if offline is not None:
        _install(*offline)
    with_own_bin()
    lines = list(examine(obj.settings))
    missing = [line for line in lines if line.state == MISSING]
    if output == "json":
        print_json("luxops/doctor/1", checks=[line._asdict() for line in lines])
    else:
        print_table(["what", "state", "found"], ([line.what, line.state, line.found] for line in lines))
        remedies: dict[str, list[str]] = {}
        for line in lines:
            if line.remedy:
                remedies.setdefault(line.remedy, []).append(line.what)
        for remedy, of in remedies.items():
            click.echo(f"\n{', '.join(of)}: {remedy}")
    return ExitCode.USAGE if missing else ExitCode.GOOD


def _install(tarball: Path, plugin: Path) -> None:
    from luxops.cli.doctor_checks import BIN, with_own_bin
    from luxops.cli.doctor_offline import unpack_cli
    from luxops.domains.cloud.engines.pulumi import install_plugin

    version, programs = unpack_cli(tarball, BIN)
    click.echo(f"Pulumi CLI {version}: {len(programs)} programs in {BIN.expanduser()}.", err=True)
    with_own_bin()
    click.echo(f"OpenStack plugin {install_plugin(plugin)} installed.", err=True)
    click.echo(f'Put them on the PATH for good: export PATH="{BIN.expanduser()}:$PATH"', err=True)
