"""The `luxops` command. Commands are imported when they are called, so that help and completion answer at once."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path

import click

from luxops import __version__
from luxops.cli.context import CliContext
from luxops.cli.lazy import LazyGroup
from luxops.errors import ExitCode, LuxopsError

COMMANDS = {
    "inventory": ("luxops.cli.inventory:inventory", "Check and show what the federation declares."),
    "policy": ("luxops.cli.policy:policy", "List, explain and test policies."),
    "scan": ("luxops.cli.scan:scan", "Observe targets, judge them, compare them with the declaration."),
    "drift": ("luxops.cli.drift:drift", "Show what differs from the declaration."),
    "findings": ("luxops.cli.findings:findings", "Show recorded verdicts: failing since, fixed at."),
    "show": ("luxops.cli.show:show", "Show everything known of one target."),
    "cloud": ("luxops.cli.cloud:cloud", "Plan, make and repair the tenants' clouds on OpenStack."),
    "network": ("luxops.cli.network:network", "Look after the fibre network: paths, and changes that two people agree to."),
    "changes": ("luxops.cli.changes:changes", "Show what luxops has changed, for whom, and what came of it."),
    "watch": ("luxops.cli.watch:watch", "Scan continuously, with metrics for Prometheus."),
    "report": ("luxops.cli.report:report", "Write a scan as HTML, JSON, CSV, JUnit or SARIF."),
    "doctor": ("luxops.cli.doctor:doctor", "Show what this machine has and lacks, and what to do about it."),
    "lab": ("luxops.cli.lab:lab", "A real small federation on this machine: up, down, break, heal."),
}
"""Name → where its click command is, and the line that help shows without importing it."""


INTERRUPTED = 130
BROKEN_PIPE = 141
"""As a shell reports SIGINT and SIGPIPE."""


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 all good, 1 findings or drift, 2 usage or configuration error, 3 incomplete (something UNKNOWN).",
)
@click.version_option(__version__, prog_name="luxops")
@click.option("--inventory", type=click.Path(path_type=Path), help="Folder with the declaration.  [default: inventory]")
@click.option("--policies", type=click.Path(path_type=Path), help="Folder with the policies.  [default: policies]")
@click.option("--lab/--no-lab", "use_lab", default=None, help="Use a running lab or not.  [default: if no inventory is chosen]")
@click.option("-v", "--verbose", is_flag=True, help="Log what is done to standard error.")
@click.pass_context
def cli(ctx: click.Context, inventory: Path | None, policies: Path | None, use_lab: bool | None, verbose: bool) -> None:
    """Security and infrastructure operations for a federation of hospitals.

    One declaration in inventory/; hosts and routers are observed, judged by policies and compared with it.
    What could not be looked at is UNKNOWN, never good.

    \b
    Example:
      luxops inventory check
      luxops scan hospital:chl
      luxops report --format html
    """
    ctx.obj = CliContext(inventory=inventory, policies=policies, verbose=verbose, use_lab=use_lab)


def main() -> None:
    """Run the command line: an expected error is one message and its exit code, never a traceback."""
    try:
        outcome = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        outcome = ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. An interrupted scan counts for nothing; what was recorded before it stands.", err=True)
        outcome = INTERRUPTED
    except LuxopsError as error:
        click.echo(error.diagnosis(), err=True)
        outcome = error.exit_code
    except BrokenPipeError:
        # The reader of our output went away (`| head`): what is left of it has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        outcome = BROKEN_PIPE
    except Exception as defect:  # noqa: BLE001 - the outermost edge: a defect of ours, told as one, its traceback kept
        outcome = _report_defect(defect)
    sys.exit(int(outcome) if isinstance(outcome, int) else ExitCode.GOOD)


def _report_defect(defect: Exception) -> ExitCode:
    with tempfile.NamedTemporaryFile("w", prefix="luxops-defect-", suffix=".txt", delete=False) as file:
        traceback.print_exception(defect, file=file)
    click.echo(
        f"luxops met a defect of its own: {type(defect).__name__}: {defect}\n"
        f"  Nothing it did not finish was recorded. The traceback is in {file.name}; please report it.",
        err=True,
    )
    return ExitCode.USAGE
