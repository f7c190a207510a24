"""`luxops watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.errors import ExitCode

if TYPE_CHECKING:
    from luxops.cli.context import CliContext
    from luxops.settings import Settings


@click.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--interval", type=click.FloatRange(min=1), help="Seconds within which each target is looked at again.")
@click.option("--listen", metavar="ADDRESS:PORT", help="Where /metrics is served.")
@click.option("--rounds", type=click.IntRange(min=1), help="End after every target was looked at so many times.")
@click.pass_obj
def watch(
    obj: CliContext, selectors: tuple[str, ...], interval: float | None, listen: str | None, rounds: int | None
) -> ExitCode:
    """Scan continuously, log what changes, and serve /metrics for Prometheus.

    Routers' configurations are backed up when they change. With `watch.syslog` set, a router that tells of a change is looked
    at without delay.

    Edited inventory and policies are taken over while it runs; where they are wrong, the last good ones stay in use.
    SIGTERM or Ctrl-C ends it: the scan under way finishes within seconds or counts for nothing.

    \b
    Example:
      luxops watch
      luxops watch hospital:chl kind:router --interval 60
      curl http://127.0.0.1:9464/metrics
    """
    from luxops import logs
    from luxops.cli.session import open_session
    from luxops.model import Selection
    from luxops.watch import Watch, Watched, stopping_on_signals
    from luxops.watch.backups import BackupDuty

    settings = _chosen(obj.settings, interval, listen)
    if "log_level" not in settings.model_fields_set:
        # What a service did is asked for later: it logs its work unless told otherwise.
        logs.configure("info", json=settings.log_json)
    selection = Selection.parse(selectors)
    # Recorded answers are no backup, and what this installation does not look at is none of its business.
    kept, wanted = settings.network, "network" in settings.domains and settings.replay is None
    backups = BackupDuty(kept.backups, kept.backup_limit) if wanted and kept.backups is not None else None
    with open_session(settings, None if backups is None else backups.seen) as session:
        watching = Watch(Watched(settings, selection, session.domains, session.store, session.replayed, backups))
        try:
            with stopping_on_signals(watching.stop):
                watching.run(rounds)
        except KeyboardInterrupt:
            click.echo("The scan under way was interrupted and counts for nothing.", err=True)
    return ExitCode.GOOD


def _chosen(settings: Settings, interval: float | None, listen: str | None) -> Settings:
    """Settings with the options of this command."""
    chosen = {name: value for name, value in (("interval", interval), ("listen", listen)) if value is not None}
    return settings.model_copy(update={"watch": settings.watch.model_copy(update=chosen)})
