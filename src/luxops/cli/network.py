"""`luxops network`."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "backup": ("luxops.cli.network_backup:backup", "Keep all running configurations in a git repository, and show them."),
}
"""Name → where its click command is, and the line that help shows without importing it."""


class NetworkGroup(click.Group):
    """Knows its commands' names and help lines, and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=NetworkGroup)
def network() -> None:
    """Look after the routers of the fibre network.

    \b
    Example:
      luxops network backup
    """
