"""`luxops policy`: list, explain and test policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from luxops.cli.output import output_option, print_json, print_table, printable
from luxops.errors import ExitCode, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from luxops.cli.context import CliContext
    from luxops.model import Policy
    from luxops.policies import PolicySet

KINDS = ("host", "router", "cloud", "service")
SEVERITIES = ("critical", "high", "medium", "low")


@click.group(short_help="List, explain and test policies.")
def policy() -> None:
    """List, explain and test the policies that targets are judged by.

    \b
    Example:
      luxops policy list --severity high
      luxops policy show sshd-root-login
      luxops policy test
    """


def _load(ctx: click.Context) -> PolicySet:
    from luxops.policies import load_policies

    context: CliContext = ctx.obj
    return load_policies(context.settings.policies)


@policy.command("list")
@click.option("--kind", type=click.Choice(KINDS), help="Only policies for this kind of target.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only policies of this severity.")
@click.option("--framework", help="Only policies mapped to this framework, like anssi-bp-028.")
@output_option
@click.pass_context
def list_(ctx: click.Context, kind: str | None, severity: str | None, framework: str | None, output: str) -> None:
    """List policies.

    \b
    Example:
      luxops policy list --kind host --framework anssi-bp-028
    """
    policies = _load(ctx)
    if framework is not None and framework not in policies.mappings:
        near = did_you_mean(framework, list(policies.mappings))
        raise UsageError(f"There is no framework `{framework}`{near}", why="known: " + ", ".join(policies.mappings))
    kept = [
        p
        for p in policies.policies
        if (kind is None or p.applies_to.value == kind)
        and (severity is None or p.severity.value == severity)
        and (framework is None or framework in p.mappings)
    ]
    if output == "json":
        print_json("luxops/policies/1", digest=policies.digest, policies=kept)
        return
    rows = [(p.id, p.applies_to, p.severity, p.title, " ".join(p.mappings.get(framework or "anssi-bp-028", ()))) for p in kept]
    columns = ("policy", "kind", "severity", "title", framework or "anssi-bp-028")
    print_table(columns, rows, empty="No policy is of this kind, severity and framework.")
    click.echo(f"{len(kept)} of {len(policies.policies)} policies", err=True)


@policy.command("show")
@click.argument("policy_id")
@output_option
@click.pass_context
def show(ctx: click.Context, policy_id: str, output: str) -> None:
    """Explain one policy: its check, why it matters, how to mend it, what it maps to, its examples.

    \b
    Example:
      luxops policy show sshd-root-login
    """
    policies = _load(ctx)
    found = next((p for p in policies.policies if p.id == policy_id), None)
    if found is None:
        near = did_you_mean(policy_id, [p.id for p in policies.policies])
        raise UsageError(f"There is no policy `{policy_id}`{near}", remedy="`luxops policy list` shows all of them.")
    examples = policies.examples[found.id].model_dump(mode="json", by_alias=True)
    requirements = {
        name: {i: policies.mappings[name].requirements[i] for i in requirement_ids}
        for name, requirement_ids in found.mappings.items()
    }
    waivers = [w for w in policies.waivers if w.policy == found.id]
    if output == "json":
        print_json("luxops/policy/1", policy=found, requirements=requirements, examples=examples, waivers=waivers)
        return
    for line in _explained(found, policies, requirements, examples):
        click.echo(printable(line))


def _explained(
    policy: Policy, policies: PolicySet, requirements: dict[str, dict[str, str]], examples: dict[str, Any]
) -> Iterator[str]:
    import json

    yield f"{policy.id}: {policy.title}"
    yield ""
    fields = {
        "applies to": policy.applies_to.value,
        "only role": policy.role,
        "severity": policy.severity.value,
        "needs": ", ".join(policy.needs),
        "check": policy.check.strip(),
        "when": policy.when.strip(),
        "if not": policy.not_applicable,
        "responsible": policy.responsibility.value,
        "why": policy.rationale.strip(),
        "remediation": policy.remediation.text.strip(),
        "playbook": " ".join(part for part in (policy.remediation.role, policy.remediation.variable) if part),
    }
    for name, value in fields.items():
        if value:
            yield f"{name:<12} {value}".replace("\n", "\n" + " " * 13)
    for framework, words in requirements.items():
        yield ""
        yield policies.mappings[framework].title
        for requirement, word in words.items():
            yield f"  {requirement:<9} {word}"
    yield ""
    for kind, several in examples.items():
        for example in several:
            yield f"example {kind.rstrip('_'):<15} {json.dumps(example, ensure_ascii=False)}"
    for waiver in policies.waivers:
        if waiver.policy == policy.id:
            yield f"waived for {waiver.selector} until {waiver.expires} by {waiver.approved_by}: {waiver.reason}"


@policy.command("test")
@click.argument("policy_ids", nargs=-1)
@output_option
@click.pass_context
def test(ctx: click.Context, policy_ids: tuple[str, ...], output: str) -> int:
    """Judge every policy's own examples, and see that missing evidence never passes.

    Each example must give its verdict; the passing one must turn UNKNOWN when any part that the check looks at is
    unreadable, or a needed fact is missing. `*` in an id matches any run of characters.

    \b
    Example:
      luxops policy test
      luxops policy test 'sshd-*'
    """
    from luxops.cli.shapes import fact_shapes
    from luxops.evaluation.examples import judge_examples

    policies = _load(ctx).select(policy_ids)
    results = judge_examples(policies, fact_shapes())
    wrong = [result for result in results if result.defects]
    verdicts = sum(result.checks for result in results)
    if output == "json":
        print_json("luxops/policy-test/1", policies=len(results), verdicts=verdicts, failed=len(wrong), results=results)
    else:
        rows = [(result.policy, defect) for result in wrong for defect in result.defects]
        if rows:
            print_table(("policy", "defect"), rows)
        click.echo(f"{len(results)} policies, {verdicts} verdicts compared, {len(wrong)} policies with defects")
    return ExitCode.FINDINGS if wrong else ExitCode.GOOD
