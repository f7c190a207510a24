"""`luxops network plan`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from luxops.cli.output import output_option, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from luxops.changes import Proposal
    from luxops.cli.context import CliContext
    from luxops.domains.network import NetworkDomain
    from luxops.domains.network.config import RouterConfig
    from luxops.domains.network.planning import NetworkPlan
    from luxops.domains.network.planning.consequences import Consequences
    from luxops.errors import ExitCode
    from luxops.federation import Federation
    from luxops.model import Finding, Target, TargetId
    from luxops.settings import Settings


@click.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--steps", is_flag=True, help="Also every line that would be sent, and every line that would undo it.")
@click.option("--by", "person", default="", metavar="PERSON", help="Who asks for the change.  [default: as set]")
@click.option("--emergency", is_flag=True, help="It cannot wait for its window: two people must approve it, and it is marked.")
@click.option("--override", metavar="REASON", help="Propose it although a policy or a path forbids it; the reason is recorded.")
@output_option
@click.pass_obj
def plan(
    obj: CliContext,
    selectors: tuple[str, ...],
    person: str,
    override: str | None,
    output: str,
    *,
    steps: bool,
    emergency: bool,
) -> ExitCode:
    """Look at routers now, show how they differ from the declaration, and propose the change that makes them as declared.

    Nothing is sent. The change waits for its approval; planned again on the same state, it is the same change. A SELECTOR is a
    router's id or terms like hospital:chl (a comma means and, several selectors mean or).

    \b
    Example:
      luxops network plan hospital:chl --steps
      luxops network plan dc1-core1 --by marc --output json
    """
    from luxops.domains.network.planning.assembly import declared
    from luxops.federation import load_federation
    from luxops.model import Selection

    federation = load_federation(obj.settings.inventory)
    targets = Selection.parse(selectors).checked(routers_of(obj.settings, federation))
    planned = planned_to(obj.settings, federation, targets, declared(federation, [target.id for target in targets]))
    asked = Asked(person=person, override=override, emergency=emergency)
    return propose_and_tell(obj.settings, federation, planned, asked, output, steps=steps)


@dataclass(frozen=True)
class Asked:
    """How a change is asked for."""

    person: str
    override: str | None
    emergency: bool
    title: str = "network plan"


def propose_and_tell(
    settings: Settings, federation: Federation, planned: NetworkPlan, asked: Asked, output: str, *, steps: bool
) -> ExitCode:
    """Judge a plan, record it as a change where nothing forbids it, and show both."""
    from luxops.cli import network_plan_view as view
    from luxops.cli.exit import exit_code
    from luxops.domains.network.planning.consequences import consequences

    effects = consequences(federation, planned)
    findings = _findings(settings, federation, planned)
    reasons = _reasons(findings, effects)
    if output == "table":
        view.print_plan(planned, effects, findings, with_steps=steps)
    refused = bool(reasons) and not asked.override
    proposal = None
    if planned.devices and not refused:
        proposal = _propose(settings, federation, planned, reasons, asked)
    if output == "json":
        _print_json(planned, effects, findings, reasons, proposal)
    else:
        view.print_proposal(planned, proposal, reasons)
    return exit_code(bad=bool(planned.devices), incomplete=bool(planned.unknown))


def routers_of(settings: Settings, federation: Federation) -> Sequence[Target]:
    """Every router that this installation looks at."""
    return _domain(settings).targets(federation)


def _domain(settings: Settings) -> NetworkDomain:
    from luxops.domains.assembly import network_domain
    from luxops.errors import UsageError

    if "network" not in settings.domains:
        raise UsageError("This installation does not look at routers", remedy="Add `network` to LUXOPS_DOMAINS.")
    return network_domain(settings)


def planned_to(
    settings: Settings, federation: Federation, targets: Sequence[Target], wanted: Mapping[TargetId, RouterConfig]
) -> NetworkPlan:
    """Ask the routers, and plan what makes them run what is wanted."""
    from luxops.cli.progress import Bar
    from luxops.domains.network.planning.assembly import observed_configs, plan_network

    domain = _domain(settings)
    with Bar("Asking") as progress:
        progress.started(domain.name, len(targets))
        observations = [one for answer in domain.observe(targets, progress) for one in answer]
        progress.finished(domain.name)
    return plan_network(federation, observed_configs(observations), wanted)


def _findings(settings: Settings, federation: Federation, planned: NetworkPlan) -> list[Finding]:
    from luxops.domains.network.planning.consequences import planned_configs
    from luxops.domains.network.planning.judging import judge_plan
    from luxops.evaluation import Evaluator
    from luxops.policies import load_policies

    return judge_plan(Evaluator(load_policies(settings.policies)), federation, planned_configs(federation, planned))


def _reasons(findings: Sequence[Finding], effects: Consequences) -> list[str]:
    """Why the gates of policies and paths would stay shut, in their words."""
    from luxops.domains.network.planning.consequences import stopping
    from luxops.domains.network.planning.judging import refusals, told

    return [*map(told, refusals(findings)), *stopping(effects.after)]


def _propose(
    settings: Settings, federation: Federation, planned: NetworkPlan, reasons: Sequence[str], asked: Asked
) -> Proposal:
    """Record it. An override that overrides nothing is none."""
    from luxops.changes import requester
    from luxops.cli.book import open_book
    from luxops.model import Override

    asks = requester(asked.person or settings.changes.person, federation.file.people)
    subjects = [device.device for device in planned.devices]
    shown = ", ".join(subjects[:3]) + (f" and {len(subjects) - 3} more" if len(subjects) > 3 else "")  # noqa: PLR2004 - a title
    allowed = Override(reason=asked.override, refusals=tuple(reasons)) if asked.override and reasons else None
    with open_book(settings) as book:
        return book.propose(
            "network", f"{asked.title}: {shown}", planned.digest, planned.model_dump(mode="json"), subjects, asks,
            emergency=asked.emergency, override=allowed,
        )  # fmt: skip


def _print_json(
    planned: NetworkPlan,
    effects: Consequences,
    findings: Sequence[Finding],
    reasons: Sequence[str],
    proposal: Proposal | None,
) -> None:
    change: dict[str, Any] | None = None
    if proposal is not None:
        kept = ("id", "requested_by", "proposed", "expires", "emergency", "override", "approvals_needed")
        change = {name: getattr(proposal, name) for name in kept}
    print_json(
        "luxops/network-plan/1", digest=planned.digest, devices=planned.devices, unknown=planned.unknown, impact=effects,
        findings=[f for f in findings if f.verdict not in {"PASS", "NOT_APPLICABLE"}], refusals=reasons, change=change,
        proof=None,
    )  # fmt: skip
