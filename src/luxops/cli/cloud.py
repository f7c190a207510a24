"""`luxops cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from luxops.cli.output import output_option, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from luxops.cli.context import CliContext
    from luxops.domains.cloud.changes import CloudPlan, Effect
    from luxops.domains.cloud.comparing import Comparison
    from luxops.domains.cloud.desk import CloudDesk
    from luxops.errors import ExitCode
    from luxops.model import Override
    from luxops.settings import CloudSettings

engine_option = click.option(
    "--engine",
    type=click.Choice(["pulumi", "reconcile"]),
    help="What carries the plan out.  [default: as set in LUXOPS_CLOUD__ENGINE]",
)
stacks_argument = click.argument("stacks", nargs=-1, metavar="[STACK]...")


@click.group()
def cloud() -> None:
    """Plan, make and watch the tenants' clouds.

    A STACK is `tenant/chl`, just `chl`, or `services/*`; no STACK means all of them.

    \b
    Example:
      luxops cloud plan chl anim
      luxops cloud up chl
    """


@cloud.command()
@stacks_argument
@engine_option
@output_option
@click.pass_obj
def plan(obj: CliContext, stacks: tuple[str, ...], engine: str | None, output: str) -> ExitCode:
    """Show what would be created, changed, replaced and deleted, and what is there that nobody declared.

    \b
    Example:
      luxops cloud plan
      luxops cloud plan chl --output json
    """
    from luxops.cli.exit import exit_code

    desk = _desk(obj, engine)
    planned = desk.plan(_look(desk), stacks)
    _show(desk, planned, output)
    return exit_code(bad=_differs(planned), incomplete=bool(planned.unknown))


@cloud.command()
@stacks_argument
@engine_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--delete", is_flag=True, help="Also delete what luxops has made and nobody declares any more.")
@click.option("--protected", is_flag=True, help="Also replace and delete protected objects.")
@click.option("--override", metavar="REASON", help="Go on although the plan would break a policy; the reason is recorded.")
@click.pass_obj
def up(
    obj: CliContext,
    stacks: tuple[str, ...],
    engine: str | None,
    yes: bool,
    delete: bool,
    protected: bool,
    override: str | None,
) -> ExitCode:
    """Make the stacks as declared. What is there and not declared is left alone and told.

    \b
    Example:
      luxops cloud up chl
    """
    from luxops.cli import cloud_work as work

    desk = _desk(obj, engine)
    comparison = _look(desk)
    planned = work.without_deletions(desk.plan(comparison, stacks), comparison.graph.stacks, keep=delete)
    _show(desk, planned, "table")
    if planned.empty:
        click.echo("Nothing to do.")
        return work.ended(desk.plan(comparison, stacks), [])
    allowed = work.allowed(obj.settings, comparison, planned, override)
    if not yes:
        click.confirm(f"Carry this out with the {desk.settings.engine} engine?", abort=True, err=True)
    carrier = work.engine(desk, comparison, obj.settings.inventory, protected=protected)
    effects = _carried_out(obj, " ".join(["cloud up", *stacks]), carrier.up, planned, allowed)
    return work.ended(desk.plan(_look(desk), stacks), effects)


@cloud.command()
@click.argument("stacks", nargs=-1, required=True, metavar="STACK...")
@engine_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--protected", is_flag=True, help="Also delete protected objects: projects, servers, volumes.")
@click.pass_obj
def destroy(obj: CliContext, stacks: tuple[str, ...], engine: str | None, yes: bool, protected: bool) -> ExitCode:
    """Take away everything that the stacks own.

    \b
    Example:
      luxops cloud destroy tenant/chl --protected
    """
    from luxops.cli import cloud_work as work

    desk = _desk(obj, engine)
    comparison = _look(desk)
    chosen = work.to_destroy(comparison, stacks)
    if not yes:
        click.confirm(f"Delete everything of {', '.join(chosen)}?", abort=True, err=True)
    carrier = work.engine(desk, comparison, obj.settings.inventory, protected=protected)
    effects = _carried_out(obj, " ".join(["cloud destroy", *stacks]), carrier.destroy, chosen, None)
    return work.destroyed(_look(desk), chosen, effects)


@cloud.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--remove", is_flag=True, help="Also delete the named objects that nobody declared.")
@click.pass_obj
def repair(obj: CliContext, targets: tuple[str, ...], yes: bool, remove: bool) -> ExitCode:
    """Put single objects back as declared: by name or id, as `luxops cloud plan` shows them.

    It works on the live cloud, whatever engine is set, and touches nothing else.

    \b
    Example:
      luxops cloud repair chl-imaging-dc1
      luxops cloud repair 6b0c6f0e-7d0f-4c55-9ad1-3f6f2b8b5a10 --remove
    """
    from luxops.cli import cloud_work as work

    desk = _desk(obj, "reconcile")
    comparison = _look(desk)
    planned = work.only(desk.plan(comparison, ()), targets, remove=remove)
    _show(desk, planned, "table")
    if not yes:
        click.confirm("Carry this out?", abort=True, err=True)
    carrier = work.engine(desk, comparison, obj.settings.inventory, protected=False)
    effects = _carried_out(obj, " ".join(["cloud repair", *targets]), carrier.up, planned, None)
    return work.ended(work.only(desk.plan(_look(desk), ()), targets, remove=remove, missing_ok=True), effects)


def _desk(obj: CliContext, engine: str | None) -> CloudDesk:
    from luxops.domains.cloud.desk import CloudDesk
    from luxops.federation import load_federation

    settings: CloudSettings = obj.settings.cloud
    if engine is not None:
        settings = settings.model_copy(update={"engine": engine})
    return CloudDesk(load_federation(obj.settings.inventory), settings)


def _look(desk: CloudDesk) -> Comparison:
    from luxops.cli.progress import Bar

    with Bar("Listing") as progress:
        return desk.look(progress)


def _differs(planned: CloudPlan) -> bool:
    return any(stack.changes for stack in planned.stacks)


def _show(desk: CloudDesk, planned: CloudPlan, output: str) -> None:
    from luxops.cli import cloud_view as view

    if output == "json":
        print_json(
            "luxops/cloud-plan/1", engine=planned.engine, graph=planned.graph, stacks=planned.stacks, unknown=planned.unknown
        )
    else:
        view.print_plan(planned, desk.settings.name)


def _carried_out(
    obj: CliContext,
    title: str,
    work: Callable[..., Iterator[Effect]],
    what: CloudPlan | Sequence[Any],
    override: Override | None,
) -> list[Effect]:
    """Each effect is shown and journalled as it happens."""
    from luxops.cli import cloud_view as view
    from luxops.cli.book import open_book
    from luxops.cli.progress import Bar
    from luxops.domains.cloud.changes import Outcome
    from luxops.model import ChangeEffect, ChangeState, digest_of

    effects = []
    plan = digest_of(what if hasattr(what, "model_dump") else list(what))
    with open_book(obj.settings) as book, book.record("cloud", title, plan, override) as record:
        with Bar("Making") as progress:
            for effect in work(what, progress):
                effects.append(effect)
                view.print_effect(effect)
                subject, action, outcome = effect.urn, effect.op.value, effect.outcome.value
                record.effect(ChangeEffect(subject=subject, action=action, outcome=outcome, detail=effect.detail))
        failed = any(effect.outcome is not Outcome.DONE for effect in effects)
        record.end(ChangeState.FAILED if failed else ChangeState.DONE)
    click.echo(f"Journal: luxops changes {record.change.id}", err=True)
    return effects


def _register() -> None:
    """Commands that have files of their own."""
    from luxops.cli.cloud_adopt import adopt
    from luxops.cli.cloud_report import report
    from luxops.cli.cloud_unlock import unlock

    for command in (adopt, report, unlock):
        cloud.add_command(command)


_register()
