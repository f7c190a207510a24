"""`luxops network backup`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json, print_table, printable
from luxops.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from luxops.cli.context import CliContext
    from luxops.domains.network.backups import BackupRepository, Kept, Standing
    from luxops.errors import ExitCode
    from luxops.model import Failure, Target, TargetId


@click.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option(
    "--change", metavar="ID", default="", help="The change that the backup belongs to; stands in the commit's message."
)
@click.option("--reason", metavar="TEXT", default="on request", show_default=True, help="Why; stands in the commit's message.")
@click.option("--check", is_flag=True, help="Contact nobody: is each router's newest good backup there, sound and not too old?")
@click.option("--show", "shown", metavar="DEVICE", help="Print a router's newest backup.")
@click.option("--log", "logged", metavar="DEVICE", help="List the commits in which a router's backup changed.")
@click.option("--diff", "compared", metavar="DEVICE", help="What the newest backup changed; with --at: since that commit.")
@click.option("--at", "commit", metavar="COMMIT", default="", help="The commit for --show and --diff.")
@output_option
@click.pass_obj
def backup(  # noqa: PLR0913, PLR0917 - one command, as it is documented
    obj: CliContext,
    selectors: tuple[str, ...],
    change: str,
    reason: str,
    check: bool,
    shown: str | None,
    logged: str | None,
    compared: str | None,
    commit: str,
    output: str,
) -> ExitCode:
    """Keep all running configurations in a git repository, secrets masked, one file a router.

    A backup counts only when it is complete, parses, and renders to exactly what was observed. A commit is made only where
    something differs. Exit: 0 all backed up, 1 (--check) a backup is missing, bad or too old, 3 a router was not.

    \b
    Example:
      luxops network backup
      luxops network backup hospital:chl --reason "before the change night"
      luxops network backup --check
      luxops network backup --diff chl-edge1
    """
    from luxops.domains.network.backups import BackupRepository

    if obj.settings.network.backups is None:
        raise UsageError(
            "No place for backups is set",
            why="luxops keeps configurations only where it was told to",
            remedy="Set LUXOPS_NETWORK__BACKUPS, or `backups` under [network] in luxops.toml, to a folder of its own.",
        )
    repository = BackupRepository(obj.settings.network.backups)
    asked = [word for word in (shown, logged, compared) if word]
    if len(asked) + check > 1 or (asked and selectors) or (commit and not (shown or compared)):
        raise UsageError(
            "These options do not go together",
            why="--check, --show, --log and --diff each ask for something else; --at belongs to --show and --diff",
            remedy="Give one of them.",
        )
    if shown:
        return _show(repository, shown, commit, output)
    if logged:
        return _log(repository, logged, output)
    if compared:
        return _diff(repository, compared, commit, output)
    if check:
        return _check(obj, repository, selectors, output)
    return _keep(obj, repository, selectors, _Why(change, reason), output)


class _Why:
    def __init__(self, change: str, reason: str) -> None:
        self.change = change
        self.reason = reason


def _selected(obj: CliContext, selectors: tuple[str, ...]) -> list[Target]:
    from luxops.domains.network.domain import targets_of
    from luxops.federation import load_federation
    from luxops.model import Selection

    return Selection.parse(selectors).checked(targets_of(load_federation(obj.settings.inventory)))


def _keep(obj: CliContext, repository: BackupRepository, selectors: tuple[str, ...], why: _Why, output: str) -> ExitCode:
    from luxops.cli.exit import exit_code
    from luxops.cli.progress import Bar
    from luxops.domains.assembly import network_domain
    from luxops.domains.network.backups import Reason, Stored, proved
    from luxops.model import utc_now

    if obj.settings.replay is not None:
        raise UsageError(
            "Recorded answers are no backup",
            why="LUXOPS_REPLAY is set: nothing of it was seen on a router now",
            remedy="Back up without it.",
        )
    domain, targets = network_domain(obj.settings), _selected(obj, selectors)
    outcomes: dict[TargetId, Stored | Failure] = {}
    repository.exists()  # a repository that cannot be used is told before anyone is contacted
    began = utc_now()
    with Bar("Fetching") as progress:
        progress.started(domain.name, len(targets))
        for fetched in domain.fetch(targets, progress):
            outcomes[fetched.target.id] = proved(fetched)
        progress.finished(domain.name)
    good = [outcome for outcome in outcomes.values() if isinstance(outcome, Stored)]
    failed = {device: outcome for device, outcome in outcomes.items() if not isinstance(outcome, Stored)}
    kept = repository.keep(sorted(good, key=lambda b: b.device), Reason(what=why.reason, change=why.change), began)
    _print_kept(kept, failed, repository, output)
    return exit_code(bad=False, incomplete=bool(failed))


def _print_kept(kept: Kept, failed: Mapping[TargetId, Failure], repository: BackupRepository, output: str) -> None:
    if output == "json":
        print_json("luxops/network-backup/1", repository=repository.folder, **kept.model_dump(), failed=failed)
        return
    rows = [(d, "new", "") for d in kept.new] + [(d, "changed", "") for d in kept.changed]
    rows += [(d, "unchanged", "") for d in kept.unchanged] + [(d, "NOT BACKED UP", str(f)) for d, f in failed.items()]
    print_table(("router", "backup", "why"), sorted(rows))
    click.echo(f"\nCommit {kept.commit[:12]} in {repository.folder}" if kept.commit else "\nNothing differs: no commit.")
    if failed:
        click.echo(f"{len(failed)} of {len(rows)} routers were not backed up: their last good backups stand.")


def _check(obj: CliContext, repository: BackupRepository, selectors: tuple[str, ...], output: str) -> ExitCode:
    from datetime import timedelta

    from luxops.cli.exit import exit_code
    from luxops.domains.network.backups import standings
    from luxops.model import utc_now

    targets = _selected(obj, selectors)
    limit = timedelta(seconds=obj.settings.network.backup_limit)
    repository.verify()
    backups = repository.newest()
    found = standings(targets, backups, repository.verified_at(backups), limit, utc_now())
    bad = [standing for standing in found if standing.state != "good"]
    if output == "json":
        print_json("luxops/network-backup-check/1", repository=repository.folder, backups=found)
    else:
        _print_standings(found, bad)
    return exit_code(bad=bool(bad), incomplete=False)


def _print_standings(found: Sequence[Standing], bad: Sequence[Standing]) -> None:
    rows = [(s.device, s.state, s.verified.isoformat(timespec="seconds") if s.verified else "never", s.detail) for s in found]
    print_table(("router", "backup", "last verified", "why"), rows)
    click.echo(f"\n{len(bad)} of {len(found)} routers have no good backup." if bad else "\nEvery router has a good backup.")


def _show(repository: BackupRepository, device: str, commit: str, output: str) -> ExitCode:
    from luxops.errors import ExitCode
    from luxops.model import TargetId

    stored = repository.at(TargetId(device), commit)
    if output == "json":
        print_json("luxops/network-backup-text/1", backup=stored)
    else:
        click.echo(printable(stored.text()), nl=False)
    return ExitCode.GOOD


def _log(repository: BackupRepository, device: str, output: str) -> ExitCode:
    from luxops.errors import ExitCode
    from luxops.model import TargetId

    repository.at(TargetId(device))  # says so where there is none
    versions = repository.history(TargetId(device))
    if output == "json":
        print_json("luxops/network-backup-log/1", device=device, versions=versions)
    else:
        rows = [(v.commit[:12], v.at.isoformat(timespec="seconds"), v.title) for v in versions]
        print_table(("commit", "at", "message"), rows)
    return ExitCode.GOOD


def _diff(repository: BackupRepository, device: str, commit: str, output: str) -> ExitCode:
    import difflib

    from luxops.errors import ExitCode
    from luxops.model import TargetId

    target = TargetId(device)
    newest, versions = repository.at(target), repository.history(target)
    if not commit and len(versions) == 1:
        raise UsageError(f"There is one backup of `{device}` only", why=f"it was made in {versions[0].commit[:12]}")
    before = commit or versions[1].commit
    old = repository.at(target, before).text().splitlines()[:-1]
    new = newest.text().splitlines()[:-1]
    lines = list(difflib.unified_diff(old, new, before[:12], versions[0].commit[:12], lineterm=""))
    if output == "json":
        print_json("luxops/network-backup-diff/1", device=device, before=before, after=versions[0].commit, lines=lines)
    else:
        click.echo(printable("\n".join(lines)) if lines else "No difference.")
    return ExitCode.GOOD
