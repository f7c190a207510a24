"""What people see of `luxops network plan`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from luxops.cli.network_show import print_devices
from luxops.cli.output import printable
from luxops.model import Finding, Verdict

if TYPE_CHECKING:
    from luxops.changes import Proposal
    from luxops.domains.network.paths import Loss
    from luxops.domains.network.planning import NetworkPlan
    from luxops.domains.network.planning.consequences import Consequences

_SHOWN = 6
_WORDS = {"path": "lose their path", "spare": "lose their spare", "unknown": "cannot be told to keep their path"}


def print_plan(planned: NetworkPlan, effects: Consequences, findings: Sequence[Finding], *, with_steps: bool) -> None:
    """Each router in the order of the push, what it means for paths and policies, and who could not be looked at."""
    print_devices([device.model_dump(mode="json") for device in planned.devices], with_steps=with_steps)
    if planned.devices:
        click.echo("\nPaths")
        for effect in effects.devices:
            _print_losses(f"while {effect.device} is out", effect.while_out)
            if effect.after:
                _print_losses(f"by the change of {effect.device}", effect.after)
        _print_losses("when all is done", effects.after)
        click.echo("\nPolicies on the planned configuration")
        _print_findings(findings)
    for reason in planned.unknown:
        click.echo(f"UNKNOWN: {printable(reason)}")


def _print_losses(when: str, losses: Sequence[Loss]) -> None:
    """A line for all flows that lose the same between the same places."""
    if not losses:
        click.echo(f"  {when}: no flow loses its path or its spare")
        return
    rows: dict[tuple[str, bool], tuple[set[str], dict[str, None]]] = {}
    for loss in losses:
        flows, places = rows.setdefault((loss.lost, loss.end_out), (set(), {}))
        flows.add(loss.flow)
        places[f"{loss.source} → {loss.destination}"] = None
    for (lost, end_out), (flows, places) in sorted(rows.items()):
        shown = ", ".join(list(places)[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")  # noqa: PLR2004 - same
        end = ", for the router is an end of them" if end_out else ""
        click.echo(f"  {when}: {len(flows)} flows {_WORDS[lost]}{end}: {shown}")


def _print_findings(findings: Sequence[Finding]) -> None:
    bad = [finding for finding in findings if finding.verdict in {Verdict.FAIL, Verdict.UNKNOWN}]
    judged = sum(finding.verdict is not Verdict.NOT_APPLICABLE for finding in findings)
    click.echo(f"  {judged} judged, {len(bad)} would not pass")
    for finding in sorted(bad, key=lambda f: (f.severity.rank, f.target, f.policy))[:_SHOWN]:
        why = finding.reason or finding.actual
        click.echo(f"  {finding.verdict} {finding.severity} {finding.policy} on {finding.target}: {printable(why)[:120]}")
    if len(bad) > _SHOWN:
        click.echo(f"  and {len(bad) - _SHOWN} more: --output json")


def print_proposal(planned: NetworkPlan, proposal: Proposal | None, reasons: Sequence[str]) -> None:
    """What became of the plan, and what to do next."""
    if not planned.devices:
        if planned.unknown:
            click.echo("\nNo difference was seen, but some routers could not be looked at or planned for: nothing is proposed.")
        else:
            click.echo("No difference: every selected router is as declared. Nothing is proposed.")
        return
    click.echo(f"\n{len(planned.devices)} routers, plan {planned.digest}")
    if planned.unknown:
        click.echo(f"Not complete: nothing is planned for {len(planned.unknown)} routers that are UNKNOWN.")
    for reason in reasons[:_SHOWN]:
        click.echo(f"{'REFUSED' if proposal is None else 'OVERRIDDEN'}: {printable(reason)}")
    if proposal is None:
        click.echo("Nothing is proposed. Change the declaration, or give the reason why it must be so: --override REASON.")
        return
    mark = "EMERGENCY change" if proposal.emergency else "Change"
    click.echo(
        f"{mark} {proposal.id} waits for {proposal.approvals_needed} approval(s) until {proposal.expires:%Y-%m-%d %H:%M} UTC"
    )
    click.echo(f"  luxops network show {proposal.id} --steps\n  luxops network approve {proposal.id} --key FILE")
