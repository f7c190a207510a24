"""`luxops lab`: a real small federation on this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json, print_table
from luxops.errors import ExitCode

if TYPE_CHECKING:
    from luxops.cli.context import CliContext
    from luxops.lab.breaks import Cause
    from luxops.lab.lab import Lab, Part
    from luxops.settings import Settings


@click.group()
def lab() -> None:
    """A real small federation on this machine: Debian hosts, FRR routers, and an OpenStack.

    Hosts and routers are booted systems, each in a namespace of its own; so are the cloud's switch and its servers.
    Needs root on Debian 12. While it is up, every command uses its inventory unless --inventory or --no-lab says otherwise.

    \b
    Example:
      luxops lab up
      luxops scan
      luxops lab break sshd-root-login
      luxops scan hospital:chl
      luxops lab heal --all
      luxops lab down
    """


@lab.command()
@click.argument("parts", nargs=-1, type=click.Choice(["hosts", "routers", "cloud"]), metavar="[hosts] [routers] [cloud]")
@click.pass_obj
def up(obj: CliContext, parts: tuple[str, ...]) -> ExitCode:
    """Bring up what is not up yet: 4 hosts and 8 routers unless parts are named. Parts that are not named stay as they are.

    The first time it installs Debian and FRRouting into images, from this machine's apt sources: about a minute and a half.
    The cloud is an OpenStack whose APIs answer on 127.0.77.1; bootstrapping it takes about a minute, once.

    \b
    Example:
      luxops lab up
      luxops lab up hosts
      luxops lab up cloud
    """
    from luxops.lab import bringup

    settings = _settings(obj)
    chosen: list[Part] = [part for word, part in _PARTS.items() if word in (parts or _DEFAULT)]
    the_lab = _lab(settings)
    changed = bringup.up(the_lab, settings.inventory, chosen)
    there = [f"{len(the_lab.noted())} instances"] if the_lab.stands() else []
    there += ["a cloud"] if the_lab.cloud.stands() else []
    click.echo(f"The lab {'is up' if changed else 'was up already'}: {', '.join(there)}.  {the_lab.state.folder}")
    click.echo("Every luxops command now uses it, unless --inventory or --no-lab says otherwise. For example:")
    click.echo("  luxops scan                       observe and judge it")
    click.echo("  luxops lab exec chl-edge1 -- vtysh -c 'show bgp summary'")
    click.echo("  luxops lab breaks                 faults to inject")
    click.echo("  luxops lab down                   take it away; images are kept, so that the next `up` is quick")
    return ExitCode.GOOD


@lab.command()
@click.option("--purge", is_flag=True, help="Remove images, keys and the recorded scans as well.")
@click.pass_obj
def down(obj: CliContext, purge: bool) -> ExitCode:
    """Take the lab away: processes, mounts, namespaces, cgroups, routes. Images and keys stay, unless --purge.

    \b
    Example:
      luxops lab down
      luxops lab down --purge
    """
    removed = _lab(_settings(obj)).down(purge=purge)
    click.echo("The lab is down; nothing of it is left running." if removed else "No lab was up.")
    return ExitCode.GOOD


@lab.command()
@output_option
@click.pass_obj
def status(obj: CliContext, output: str) -> ExitCode:
    """Show each instance and each service of the cloud. Exit 1 where one is not running well.

    \b
    Example:
      luxops lab status
      luxops lab status --output json
    """
    the_lab = _lab(_settings(obj))
    services = the_lab.cloud.status()
    found = the_lab.status() if the_lab.noted() or not services else []
    if output == "json":
        print_json("luxops/lab-status/1", instances=found, services=services)
    else:
        if found:
            columns = ("instance", "kind", "address", "pid", "state", "failed units")
            print_table(
                columns, ((s.name, s.kind, s.address, s.pid, s.state, " ".join(s.failed_units)) for s in found), right=["pid"]
            )
        if services:
            rows = ((s.name, s.address, s.processes, s.state) for s in services)
            print_table(("service of the cloud", "address", "processes", "state"), rows, right=["processes"])
    states = {*(s.state for s in found), *(s.state for s in services)}
    return ExitCode.GOOD if states == {"running"} else ExitCode.FINDINGS


@lab.command(name="exec", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
@click.pass_obj
def execute(obj: CliContext, name: str, command: tuple[str, ...]) -> int:
    """Run a command as root inside an instance; its exit status is the command's.

    \b
    Example:
      luxops lab exec chl-edge1 -- vtysh -c "show bgp summary"
      luxops lab exec anim-dc1 -- systemctl --failed
    """
    from luxops.lab import instance

    the_lab = _lab(_settings(obj))
    member = the_lab.member(name)
    sys.stdout.flush()
    return instance.attached(member.name, *command)


@lab.command()
@click.argument("source")
@click.argument("destination")
@click.argument("port", type=click.IntRange(1, 65535))
@click.pass_obj
def connect(obj: CliContext, source: str, destination: str, port: int) -> ExitCode:
    """Open a real TCP connection from server SOURCE to PORT of server DESTINATION, through the lab's cloud.

    Something that answers is started there first, so that only the network decides. Exit code 1 where nothing comes through.

    \b
    Example:
      luxops lab connect chl-pacs1 anim-dc1 2762
    """
    from luxops.errors import did_you_mean
    from luxops.lab import cloud
    from luxops.lab.shell import LabError
    from luxops.transports.openstack import CloudSession

    settings = obj.settings
    found = CloudSession(settings.cloud).listed("compute", "/servers/detail", "servers", parameters={"all_tenants": "True"})
    servers = {server["name"]: server for server in found}
    for name in (source, destination):
        if name not in servers:
            near = did_you_mean(name, list(servers))
            raise LabError(f"The lab's cloud has no server `{name}`{near}", remedy="Make the declared ones: luxops cloud up")
    there = servers[destination]
    cloud.listen(_lab(settings).cloud.layout, there["id"], port)
    addresses = (a["addr"] for nets in there["addresses"].items() if nets[0] != "management" for a in nets[1])
    address = next(addresses)
    passed = cloud.connects(servers[source]["id"], address, port)
    click.echo(f"{source} -> {destination} {address} tcp/{port}: {'connected' if passed else 'nothing comes through'}")
    return ExitCode.GOOD if passed else ExitCode.FINDINGS


def _settings(obj: CliContext) -> Settings:
    """The user's own settings: the lab is made from their inventory, never from its own."""
    from luxops.cli.configuration import read_settings

    return read_settings(obj.inventory, obj.policies, verbose=obj.verbose, use_lab=False)


def _lab(settings: Settings) -> Lab:
    from luxops.lab.lab import Lab

    return Lab(settings.lab.state, lambda line: click.echo(line, err=True))


_PARTS: dict[str, Part] = {"hosts": "host", "routers": "router", "cloud": "cloud"}
_DEFAULT = ("hosts", "routers")


@lab.command(name="break")
@click.argument("names", metavar="NAME…", nargs=-1, required=True, shell_complete=lambda *_: _break_names())
@click.pass_obj
def break_(obj: CliContext, names: tuple[str, ...]) -> ExitCode:
    """Put named faults into the running lab, one after the other, and verify that each is there.

    \b
    Example:
      luxops lab break acl-line static-route
      luxops scan chl-edge1
      luxops lab heal acl-line
    """
    from luxops.lab import faults
    from luxops.lab.breaks import find

    the_lab, chosen = _lab(_settings(obj)), [find(name) for name in names]
    for fault in chosen:
        changed = faults.apply(the_lab, fault.name)
        click.echo(f"{fault.target}: {fault.title}{'' if changed else ' (already)'}")
        for cause in fault.causes:
            click.echo(f"  a scan now says: {_said(cause)}")
    return ExitCode.GOOD


@lab.command()
@click.argument("name", required=False, shell_complete=lambda *_: _break_names())
@click.option("--all", "everything", is_flag=True, help="Take back every break that is in.")
@click.pass_obj
def heal(obj: CliContext, name: str | None, everything: bool) -> ExitCode:
    """Take a fault back, and verify that it is gone.

    \b
    Example:
      luxops lab heal acl-line
      luxops lab heal --all
    """
    from luxops.lab import faults

    if (name is None) != everything:
        raise click.UsageError("Name a break, or say --all.")
    the_lab = _lab(_settings(obj))
    if not the_lab.cloud.stands():
        the_lab.members()
    names = [name] if name is not None else list(reversed(faults.active(the_lab)))
    healed = [each for each in names if faults.heal(the_lab, each)]
    for each in healed:
        click.echo(f"{each} is healed.")
    if not healed:
        click.echo("There is nothing to heal.")
    return ExitCode.GOOD


@lab.command()
@output_option
@click.pass_obj
def breaks(obj: CliContext, output: str) -> ExitCode:
    """List the faults that the lab can be given, what a scan must say of each, and which are in.

    \b
    Example:
      luxops lab breaks
      luxops lab breaks --output json
    """
    from luxops.lab import faults
    from luxops.lab.breaks import BREAKS

    active = faults.active(_lab(_settings(obj)))
    if output == "json":
        listed = [
            {
                "name": fault.name,
                "title": fault.title,
                "domain": fault.domain,
                "target": fault.target,
                "causes": [cause.model_dump(exclude_defaults=True) for cause in fault.causes],
                "active": fault.name in active,
            }
            for fault in BREAKS
        ]
        print_json("luxops/lab-breaks/1", breaks=listed)
    else:
        rows = ((f.name, f.target, f.title, "\n".join(map(_said, f.causes)), active.get(f.name, "")[:19]) for f in BREAKS)
        print_table(("break", "target", "fault", "a scan must say", "since"), rows)
    return ExitCode.GOOD


def _said(cause: Cause) -> str:
    match cause.kind:
        case "policy":
            return f"FAIL {cause.id} on {cause.target}"
        case "drift":
            return f"drift on {cause.target}: {cause.path}"
        case _:
            return f"UNKNOWN {cause.id or 'all'} on {cause.target}" + (f": {cause.reason}" if cause.reason else "")


def _break_names() -> list[str]:
    from luxops.lab import faults

    return faults.order()
