"""`luxops network paths`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from luxops.cli.context import CliContext
    from luxops.domains.network.paths import FlowPaths, Look, Loss, Network, Pair
    from luxops.errors import ExitCode
    from luxops.federation import Federation
    from luxops.model import Coverage
    from luxops.settings import Settings


@click.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option(
    "--without",
    "names",
    multiple=True,
    metavar="ELEMENT",
    help="What if this were out: a link, shared risk, router, datacentre, carrier or PEER@ROUTER. May be given again.",
)
@click.option("--observed", is_flag=True, help="Ask the routers, and say which paths are up now.")
@output_option
@click.pass_obj
def paths(obj: CliContext, selectors: tuple[str, ...], names: tuple[str, ...], observed: bool, output: str) -> ExitCode:
    """Show which paths declared flows use over the fibre network, what stands by, and what is lost with what.

    Paths follow from the declaration as BGP would choose them; without --observed nothing is contacted. Redundancy that is not
    real is a finding: exit 1. A SELECTOR is a flow's id (anim/1), the hospital or service that declares it, or terms: hospital,
    service, peer, zone, place, protocol. A comma means and, several selectors mean or.

    \b
    Example:
      luxops network paths hospital:chl
      luxops network paths --without duct-city-east --without dc2-core1
      luxops network paths hospital:chl,place:dc1 --observed
    """
    from luxops.domains.network.paths import Network, Survey, as_seen, element_named, flow_paths, selected
    from luxops.federation import load_federation
    from luxops.model import Selection

    federation = load_federation(obj.settings.inventory)
    pairs = selected(federation, Selection.parse(selectors))
    out = tuple(element_named(federation, name) for name in names)
    declared = Network.declared(federation)
    look, coverage = _look(obj.settings, federation, pairs) if observed else (None, None)
    if not out:
        flows = flow_paths(Survey(declared), pairs, look)
        return _all_of_it(declared, pairs, flows, coverage, output)
    before = declared if look is None else as_seen(declared, look)
    after = before.without(*out)
    return _what_if(before, after, pairs, coverage, output, [str(element) for element in out])


def _all_of_it(
    network: Network, pairs: Sequence[Pair], flows: Sequence[FlowPaths], coverage: Coverage | None, output: str
) -> ExitCode:
    from luxops.cli import network_paths_view as view
    from luxops.cli.exit import exit_code
    from luxops.domains.network.paths import Survey, crossing, flow_paths, outages, weaknesses

    survey = Survey(network)
    lost = outages(survey, pairs)
    found = weaknesses(network, flows, lost, flow_paths(survey, crossing(network.federation)))
    digest = network.federation.digest
    if output == "json":
        print_json(
            "luxops/network-paths/1", digest=digest, without=[], coverage=coverage, flows=flows, losses=[], outages=lost,
            findings=found,
        )  # fmt: skip
    else:
        view.print_flows(flows, coverage)
        view.print_outages(lost)
        view.print_findings(found)
    return exit_code(bad=bool(found) or _is(flows, "down"), incomplete=_is(flows, "unknown"))


def _what_if(
    before: Network, after: Network, pairs: Sequence[Pair], coverage: Coverage | None, output: str, out: Sequence[str]
) -> ExitCode:
    from luxops.cli import network_paths_view as view
    from luxops.cli.exit import exit_code
    from luxops.domains.network.paths import Survey, flow_paths, impact

    flows = flow_paths(Survey(after), pairs)
    chosen = {(flow.flow, leg.source, leg.destination) for flow in flows for leg in flow.legs}
    losses = [loss for loss in impact(before, after) if (loss.flow, loss.source, loss.destination) in chosen]
    if output == "json":
        print_json(
            "luxops/network-paths/1", digest=before.federation.digest, without=out, coverage=coverage, flows=flows,
            losses=losses, outages=[], findings=[],
        )  # fmt: skip
    else:
        view.print_flows(flows, coverage, without=out)
        view.print_losses(losses)
    return exit_code(bad=_paths_lost(losses), incomplete=_is(flows, "unknown") or any(x.lost == "unknown" for x in losses))


def _paths_lost(losses: Sequence[Loss]) -> bool:
    return any(loss.lost == "path" for loss in losses)


def _is(flows: Sequence[FlowPaths], state: str) -> bool:
    legs = [leg for flow in flows for leg in flow.legs]
    seen = {now.state for leg in legs for now in (leg.now, leg.spare_now) if now is not None}
    return state in seen or (state == "unknown" and any(leg.unknown for leg in legs))


def _look(settings: Settings, federation: Federation, pairs: Sequence[Pair]) -> tuple[Look, Coverage]:
    """Ask the routers that the flows may meet. Nothing is recorded."""
    from luxops.cli.progress import Bar
    from luxops.domains.assembly import all_domains
    from luxops.domains.network.paths import Look, routers_needed
    from luxops.errors import UsageError
    from luxops.model import Coverage
    from luxops.model.scan import UnknownTarget

    domain = next((domain for domain in all_domains(settings) if domain.name == "network"), None)
    if domain is None:
        raise UsageError(
            "This installation does not look at routers", remedy="Add `network` to LUXOPS_DOMAINS, or leave --observed out."
        )
    needed = routers_needed(federation, pairs)
    targets = [target for target in domain.targets(federation) if target.id in needed]
    with Bar("Asking") as progress:
        progress.started(domain.name, len(targets))
        answers = list(domain.observe(targets, progress))
        progress.finished(domain.name)
    observations = [observation for answer in answers for observation in answer]
    failed = {o.target: o.failure for o in reversed(observations) if o.failure is not None}
    unknown = tuple(UnknownTarget(target=target, failure=failure) for target, failure in failed.items())
    coverage = Coverage(targets=len(targets), observed=len(targets) - len(unknown), unknown=unknown)
    return Look(federation, observations), coverage
