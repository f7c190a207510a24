"""`luxops cloud adopt`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json, print_table
from luxops.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from luxops.cli.context import CliContext
    from luxops.domains.cloud.adopting import Adoptable, Standing
    from luxops.domains.cloud.comparing import Comparison
    from luxops.domains.cloud.desk import CloudDesk
    from luxops.domains.cloud.nouns import StackId


@click.command()
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--write", "file", metavar="FILE", type=click.Path(path_type=Path), help="Write what `pulumi import` reads.")
@click.option("--tag", is_flag=True, help="Put luxops' mark on what is declared, exists and carries none.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--draft", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Draft an inventory of what is there.")
@output_option
@click.pass_obj
def adopt(
    obj: CliContext, stacks: tuple[str, ...], file: Path | None, tag: bool, yes: bool, folder: Path | None, output: str
) -> ExitCode:
    """Take over what exists already: show how much of each stack does, and make it luxops' own.

    --write is for the pulumi engine: one file a stack, since each has a state of its own; of several stacks, each file's name
    has the stack's in it. --tag is for the reconcile engine: it changes tags and metadata, and nothing else. --draft needs no
    declaration: it writes what it finds, project by project, for a person to review, and overwrites nothing.

    \b
    Example:
      luxops cloud adopt chl
      luxops cloud adopt chl --write import.json
      luxops cloud adopt chl --tag
      luxops cloud adopt --draft ./found
    """
    from luxops.cli import cloud as shared

    if folder is not None:
        if file is not None or tag or stacks:
            raise UsageError("`--draft` goes alone", why="it looks at everything, declared or not")
        return _draft(obj, folder, output)
    from luxops.domains.cloud.adopting import adoptable
    from luxops.domains.cloud.planning import selected

    desk = shared._desk(obj, None)  # noqa: SLF001 - what the group's commands share
    comparison = shared._look(desk)  # noqa: SLF001 - same
    chosen = selected(comparison.graph, stacks)
    found = adoptable(comparison, chosen)
    written = [] if file is None else _write(desk, found, chosen, file)
    if tag:
        comparison = _tag(obj, desk, comparison, [one for one in found if not one.owned], chosen, ask=not yes)
    return _shown(comparison, chosen, written, output, tagged=tag)


def _write(desk: CloudDesk, found: Sequence[Adoptable], chosen: Sequence[StackId], file: Path) -> list[Path]:
    from luxops.cli.report import write_whole
    from luxops.domains.cloud.adopting import import_file

    several = len(chosen) > 1
    written = []
    for stack in chosen:
        here = [one for one in found if one.declared.stack == stack]
        if not here:
            click.echo(f"{stack}: nothing of it exists, so there is nothing to import.", err=True)
            continue
        path = file.with_name(f"{file.stem}-{stack.replace('/', '-')}{file.suffix or '.json'}") if several else file
        content = import_file(here, desk.federation.file.cloud.region)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
        written.append(path)
        project, _, name = stack.partition("/")
        click.echo(f"{stack}: {len(content['resources'])} entries. Then:", err=True)
        click.echo(
            f"  pulumi import --cwd {desk.settings.stacks / project} --stack organization/{project}/{name} "
            f"--file {path.absolute()} --protect=false --generate-code=false",
            err=True,
        )
    return written


def _tag(
    obj: CliContext, desk: CloudDesk, comparison: Comparison, open_: list[Adoptable], chosen: Sequence[StackId], *, ask: bool
) -> Comparison:
    """Mark, and look again."""
    from luxops.cli import cloud as shared
    from luxops.domains.cloud.adopting import mark

    if not open_:
        click.echo("Everything that exists carries its mark.", err=True)
        return comparison
    can = sum(not one.why_not for one in open_)
    click.echo(f"{can} objects get the mark of their stack; {len(open_) - can} cannot.", err=True)
    if ask:
        click.confirm("Change their tags and metadata?", abort=True, err=True)
    planned = [f"{one.declared.urn} = {one.live.id}" for one in open_]
    shared._carried_out(  # noqa: SLF001 - what the group's commands share
        obj, " ".join(["cloud adopt --tag", *chosen]), lambda _, progress: mark(desk.session, open_, progress), planned, None
    )
    return shared._look(desk)  # noqa: SLF001 - same


def _shown(
    comparison: Comparison, chosen: Sequence[StackId], written: Sequence[Path], output: str, *, tagged: bool
) -> ExitCode:
    from luxops.cli.exit import exit_code
    from luxops.domains.cloud.adopting import standing

    rows = standing(comparison, chosen)
    if output == "json":
        print_json("luxops/cloud-adopt/1", stacks=[row._asdict() for row in rows], files=[str(path) for path in written])
    else:
        _print_standing(rows)
        for path in written:
            click.echo(path)
    left = tagged and any(row.owned < row.exist for row in rows)
    return exit_code(bad=left, incomplete=any(row.unknown for row in rows))


def _print_standing(rows: Iterable[Standing]) -> None:
    columns = ("declared", "exist", "owned", "unknown")
    print_table(["stack", *columns], ([row.stack, row.declared, row.exist, row.owned, row.unknown or ""] for row in rows),
                right=columns)  # fmt: skip


def _draft(obj: CliContext, folder: Path, output: str) -> ExitCode:
    from luxops.cli.progress import Bar
    from luxops.domains.cloud.desk import look_at_everything
    from luxops.domains.cloud.drafting import drafted, places_of, refuse_existing

    with Bar("Listing") as progress:
        seen = look_at_everything(obj.settings.cloud, progress)
    draft = drafted(seen, places_of(seen, _datacentres(obj)))
    refuse_existing(folder, draft.files)
    for name, text in draft.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as new:
            new.write(text)
    if output == "json":
        print_json("luxops/cloud-draft/1", folder=str(folder), files=list(draft.files), unsaid=draft.unsaid)
    else:
        for name in draft.files:
            click.echo(folder / name)
        click.echo(f"\n{sum(text.count('# review:') for text in draft.files.values())} lines to review: grep -rn '# review:'")
        if draft.unsaid:
            click.echo(f"{len(draft.unsaid)} things that an inventory cannot say, or that nothing here explains:")
        for line in draft.unsaid:
            click.echo(f"  {line}")
    return ExitCode.INCOMPLETE if seen.holes else ExitCode.GOOD


def _datacentres(obj: CliContext) -> dict[str, str]:
    """Availability zone → datacentre, where an inventory says so."""
    from luxops.errors import LuxopsError
    from luxops.federation import load_federation

    try:
        federation = load_federation(obj.settings.inventory)
    except LuxopsError:
        return {}
    return {datacentre.availability_zone: datacentre.id for datacentre in federation.file.datacentres}
