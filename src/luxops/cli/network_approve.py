"""`luxops network approve`."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json
from luxops.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from luxops.changes import ChangeBook, Proposal
    from luxops.cli.context import CliContext
    from luxops.federation import Federation
    from luxops.model import Approval


@click.command()
@click.argument("change", metavar="CHANGE")
@click.option(
    "--key", type=click.Path(path_type=Path), help="Sign with this private key, or with the agent's for this .pub file."
)
@click.option("--signature", type=click.File("rb"), help="Take a signature that was made elsewhere; - is standard input.")
@click.option("--print", "show_text", is_flag=True, help="Print the exact text that is to be signed, and nothing else.")
@click.option("--as", "person", default="", metavar="PERSON", help="Refuse a signature that is not this person's.")
@output_option
@click.pass_obj
def approve(
    obj: CliContext, change: str, key: Path | None, signature: IO[bytes] | None, show_text: bool, person: str, output: str
) -> None:
    """Agree to a planned CHANGE. The signature is made by ssh-keygen; luxops never sees a key or a passphrase.

    Whoever requested the change cannot approve it. An approval holds for this plan alone, until the change expires.

    \b
    Example:
      luxops network show 20260115T120000Z-1a2b3c4d
      luxops network approve 20260115T120000Z-1a2b3c4d --key ~/.ssh/id_ed25519
    On another machine:
      luxops network approve CHANGE --print > change.txt
      ssh-keygen -Y sign -n luxops-change -f KEY change.txt
      luxops network approve CHANGE --signature change.txt.sig
    """
    from luxops.changes import sign, statement
    from luxops.changes.signatures import MAX_SIGNATURE
    from luxops.cli.book import open_book
    from luxops.federation import load_federation
    from luxops.model import utc_now

    if [key is not None, signature is not None, show_text].count(True) != 1:
        raise UsageError(
            "It is not said how the change is to be signed", why="one of --key, --signature and --print is needed",
            remedy="--key FILE signs here; --print and --signature FILE let you sign elsewhere.",
        )  # fmt: skip
    federation = load_federation(obj.settings.inventory)
    _check_named(federation, person)
    with open_book(obj.settings) as book:
        proposal = book.check_waiting(change, utc_now())
        text = statement(proposal)
        if show_text:
            click.echo(text, nl=False)
            return
        if key is not None:
            click.echo(f"Signing this:\n\n{text.decode()}", err=True)
            content = sign(text, key)
        else:
            assert signature is not None  # noqa: S101 - one of the three was given
            content = signature.read(MAX_SIGNATURE + 1)
        approval = book.approve(proposal.id, content, federation.file.people, utc_now(), named=person)
        _tell(book, federation, proposal, approval, output)


def _check_named(federation: Federation, person: str) -> None:
    known = [known.id for known in federation.file.people]
    if person and person not in known:
        raise UsageError(f"There is no person `{person}`{did_you_mean(person, known)}", why="known: " + ", ".join(known))


def _tell(book: ChangeBook, federation: Federation, proposal: Proposal, approval: Approval, output: str) -> None:
    from luxops.cli.network_show import gates_of

    given = len(book.approvals(proposal.id))
    gates = gates_of(book, federation, proposal)
    if output == "json":
        print_json(
            "luxops/network-approve/1", change=proposal.id, digest=proposal.digest, emergency=proposal.emergency,
            approval=approval, given=given, needed=proposal.approvals_needed, gates=gates,
        )  # fmt: skip
        return
    mark = "EMERGENCY change" if proposal.emergency else "Change"
    click.echo(f"{mark} {proposal.id} approved by {approval.person} ({', '.join(approval.roles)}), key {approval.key}.")
    missing = proposal.approvals_needed - given
    if missing > 0:
        click.echo(f"It needs {missing} more from {'another person' if missing == 1 else 'others'}.")
    for gate in gates:
        if gate["state"] == "shut" and gate["gate"] != "approval":
            click.echo(f"{gate['what']}. {gate['remedy']}")
