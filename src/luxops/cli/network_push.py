"""`luxops network push`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json, print_table, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from luxops.changes import ChangeBook, Gate, Proposal
    from luxops.cli.context import CliContext
    from luxops.domains.network.planning import NetworkPlan
    from luxops.domains.network.pushing import PushReport
    from luxops.domains.network.pushing.interface import Access, Clock
    from luxops.errors import ExitCode
    from luxops.federation import Federation
    from luxops.model import ChangeState
    from luxops.settings import Settings


@click.command()
@click.argument("change", metavar="CHANGE")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_option
@click.pass_obj
def push(obj: CliContext, change: str, output: str, *, yes: bool) -> ExitCode:
    """Carry out an approved CHANGE of the network, one router after the other, inside its window.

    Each router gets a timer that takes it back unless what was sent is verified and confirmed. At the first failure that router
    goes back, the rest is not begun, and the report says what was changed where. Ended halfway, start it again: it looks first.

    \b
    Example:
      luxops network push 20260115T120000Z-1a2b3c4d
      luxops network push 20260115T120000Z-1a2b3c4d --yes --output json
    """
    from luxops.changes import GatesShutError, refusals
    from luxops.cli.book import open_book
    from luxops.federation import load_federation
    from luxops.model import utc_now

    federation = load_federation(obj.settings.inventory)
    gates = domain_gates(obj.settings)
    with open_book(obj.settings) as book:
        proposal = book.proposal(change)
        plan = plan_in(proposal)
        _refuse_over(book, proposal)
        if shut := refusals(proposal, book.context(change, federation, utc_now()), gates):
            raise GatesShutError(proposal, shut)
        access = access_of(obj.settings, federation)
        _refuse_stale(book, proposal, plan, access)
        secrets = _secrets(federation, plan)
        _announce(proposal)
        if not yes:
            click.confirm(f"Push to {len(plan.devices)} routers, {plan.devices[0].device} first?", abort=True, err=True)
        report, state = _carried_out(book, federation, proposal, plan, gates, access, secrets)
    if output == "json":
        print_json(
            "luxops/network-push/1", **report.model_dump(mode="json"), state=state, complete=report.complete,
            emergency=proposal.emergency, override=proposal.override,
        )  # fmt: skip
    else:
        _print(proposal, report, state)
    return report.exit_code


def plan_in(proposal: Proposal) -> NetworkPlan:
    """The plan of a change of the network, seen to be the one that its digest names. Raises UsageError."""
    from luxops.domains.network.planning.gates import plan_of
    from luxops.domains.network.pushing import plan_digest
    from luxops.errors import UsageError

    if proposal.domain != "network":
        raise UsageError(
            f"{proposal.id} is a change of the {proposal.domain}", remedy=f"Look at it with `luxops changes {proposal.id}`."
        )
    plan = plan_of(proposal.body)
    if not proposal.digest == plan.digest == plan_digest(plan.devices):
        raise UsageError(
            f"The plan of {proposal.id} is not the one that its digest names",
            why="what was kept of it is not what was planned", remedy="Find out who wrote to the store, and plan again.",
        )  # fmt: skip
    if not plan.devices:
        raise UsageError(f"{proposal.id} changes no router", remedy="Plan again.")
    return plan


def domain_gates(settings: Settings) -> Sequence[Gate]:
    """`policies` and `paths`."""
    from luxops.domains.network.planning.gates import network_gates
    from luxops.evaluation import Evaluator
    from luxops.policies import load_policies

    return network_gates(Evaluator(load_policies(settings.policies)))


def access_of(settings: Settings, federation: Federation) -> Access:
    """The routers themselves. Raises UsageError where answers are recorded ones: nothing can be sent to them."""
    from luxops.domains.assembly import network_domain
    from luxops.domains.network.pushing import RouterAccess
    from luxops.errors import UsageError
    from luxops.transports.dialogue import SshDialogues

    if settings.replay is not None:
        raise UsageError("Recorded answers cannot be pushed to", why="LUXOPS_REPLAY is set", remedy="Push without it.")
    return RouterAccess.of(federation, network_domain(settings), SshDialogues(settings.connection))


def clock() -> Clock:
    """Time, as the push waits by it."""
    from luxops.domains.network.pushing.interface import MonotonicClock

    return MonotonicClock()


def _refuse_over(book: ChangeBook, proposal: Proposal) -> None:
    """Before any gate: of a change that is over, no gate matters any more."""
    from luxops.changes import ChangeTakenError
    from luxops.model import ChangeState

    state = book.change(proposal.id).state
    if state in {ChangeState.DONE, ChangeState.FAILED, ChangeState.ROLLED_BACK}:
        raise ChangeTakenError(
            f"Change {proposal.id} is over: {state}", why="a change has its effect once; nothing was sent",
            remedy="Plan again: what is still to be done becomes a change of its own.",
        )  # fmt: skip


def _refuse_stale(book: ChangeBook, proposal: Proposal, plan: NetworkPlan, access: Access) -> None:
    """All routers are looked at before the first is changed, so that a change that cannot end well is not begun.

    A change that was begun is left to the push: it knows what it had armed.
    """
    from luxops.domains.network.pushing.looking import difference
    from luxops.errors import ExitCode, LuxopsError

    if book.change(proposal.id).began is not None:
        return
    drifted, unseen = [], []
    for device in plan.devices:
        look = access.look(device.device)
        if look.failure is not None:
            unseen.append(f"{device.device}: {look.failure}")
        elif look.digest not in {device.observed, device.desired}:
            drifted.append(f"{device.device}: {difference(device.before, look.lines)}")
    if drifted or unseen:
        remedy = "Plan again: luxops network plan." if drifted else "See that they answer, and push again."
        error = LuxopsError(
            f"Change {proposal.id} was not begun: nothing was sent to any router",
            why="\n".join([*(f"not as planned against: {d}" for d in drifted), *(f"cannot be looked at: {u}" for u in unseen)]),
            remedy=remedy,
        )
        error.exit_code = ExitCode.USAGE if drifted else ExitCode.INCOMPLETE
        raise error


def _secrets(federation: Federation, plan: NetworkPlan) -> Mapping[str, str]:
    """Those that the plan names and no others. Raises LuxopsError for one that cannot be had."""
    from luxops.domains.network.pushing import secrets_named
    from luxops.errors import UsageError
    from luxops.federation.secrets import resolve

    declared = federation.file.management.secrets
    named = sorted(secrets_named(plan))
    if missing := [name for name in named if name not in declared]:
        raise UsageError(
            f"The plan needs the secret `{missing[0]}`, and nobody declares it",
            remedy="Name it under management.secrets in federation.yaml, or plan again.",
        )
    return {name: resolve(declared[name]).reveal() for name in named}


def _announce(proposal: Proposal) -> None:
    if proposal.emergency:
        click.echo("EMERGENCY CHANGE", err=True)
    if proposal.override:
        click.echo(f"OVERRIDDEN: {printable(proposal.override.reason)}", err=True)


def _carried_out(
    book: ChangeBook,
    federation: Federation,
    proposal: Proposal,
    plan: NetworkPlan,
    gates: Sequence[Gate],
    access: Access,
    secrets: Mapping[str, str],
) -> tuple[PushReport, ChangeState]:
    from luxops.domains.network.pushing import Desk, Pusher
    from luxops.domains.network.pushing.booked import BookFences, BookJournal, state_after

    with book.begin(proposal.id, federation, gates) as record:
        desk = Desk(access=access, journal=BookJournal(record), clock=clock(), secrets=secrets, tell=_tell)
        report = Pusher(desk, BookFences(book, f"push of {proposal.id}")).push(proposal.id, plan)
        state = state_after(report)
        record.end(state)
    return report, state


def _tell(device: str, text: str) -> None:
    click.echo(f"{device}: {printable(text)}", err=True)


def _print(proposal: Proposal, report: PushReport, state: ChangeState) -> None:
    if proposal.emergency:
        click.echo("EMERGENCY CHANGE")
    if proposal.override:
        click.echo(f"OVERRIDDEN: {printable(proposal.override.reason)}")
    print_table(["router", "outcome", "detail"], ((d.device, d.outcome, d.detail) for d in report.devices))
    for device in report.devices:
        for warning in device.warnings:
            click.echo(f"{device.device} said: {printable(warning)}")
    done = sum(device.outcome in {"done", "already-done"} for device in report.devices)
    click.echo(f"\n{done} of {len(report.devices)} routers are as planned. Change {proposal.id}: {state}")
    if report.unchecked:
        click.echo(f"Not looked at after each router: {', '.join(report.unchecked)}.")
    if state == "interrupted":
        click.echo(f"Look at what is unclear, then push again: luxops network push {proposal.id}")
    elif done and not report.complete:
        click.echo(f"To undo what was changed: luxops network rollback {proposal.id}")
