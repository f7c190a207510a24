"""Commands that turn one configuration into another, each with the phase in which it is harmless.

hier_config says which commands; a platform's table says when. What decides over packets and routes has rules of its own:
see `route_filters` and each platform's access lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from hier_config import HConfig, HConfigChild, WorkflowRemediation
from hier_config.models import MatchRule, NegationSubRule
from hier_config.platforms.driver_base import HConfigDriverBase, HConfigDriverRules

from luxops.domains.network.blocks import Block, indented
from luxops.domains.network.config import SECRET
from luxops.domains.network.drift import tree
from luxops.domains.network.planning.nouns import Step
from luxops.domains.network.settings_rules import rules_of


class Unplannable(Exception):  # noqa: N818 - no error of the program: luxops does not do this
    """There is no safe way from one configuration to the other. Says why."""


class Phase(IntEnum):
    """When a command is sent. Within a phase, in the order in which it was made.

    Nothing ever lets pass what would pass neither before nor afterwards.
    """

    WITHDRAW = 10
    """Sessions, announcements and interfaces that go."""
    GROUND = 20
    """What others refer to, and what makes the router stricter as a whole."""
    TIGHTEN = 30
    """Filters let pass no more than both ends do; new ones, which nothing uses yet, are made."""
    INTERFACES = 40
    LISTS = 45
    """Access lists that are replaced get their names back."""
    SESSIONS = 50
    """New sessions, not exchanging anything yet; filters of all sessions."""
    LOOSEN = 60
    """Filters let pass all that they shall, and what filtered besides goes."""
    OPEN = 70
    """Sessions exchange routes, interfaces come up, prefixes are announced."""
    CLEAR = 80
    """What nothing uses any more."""


TITLES = {
    Phase.WITHDRAW: "Withdraw what goes",
    Phase.GROUND: "Settings that others stand on",
    Phase.TIGHTEN: "Make filters, and let the present ones pass no more than before and after",
    Phase.INTERFACES: "Interfaces",
    Phase.LISTS: "Give the new access lists their names",
    Phase.SESSIONS: "Sessions and their filters",
    Phase.LOOSEN: "Let filters pass what is declared",
    Phase.OPEN: "Bring into use",
    Phase.CLEAR: "Remove what nothing uses any more",
}


@dataclass(frozen=True)
class Edit:
    """One command in its context: the lines that lead to it, from the top."""

    phase: Phase
    context: tuple[str, ...]
    command: str
    """Empty: it is enough to enter the context."""
    rank: int = 0
    """Within its phase, the lower the earlier."""


_NEIGHBOUR = re.compile(r"(?:no )?neighbor ([0-9a-f]*[.:][0-9a-f.:]*) ")
Table = Sequence[tuple[str, str, Phase]]
"""Context and command as regular expressions → phase. Contexts are joined by `/`.

The first row that matches decides, and the order of rows is kept within a phase."""


def placed(table: Table, context: Sequence[str], command: str) -> Edit:
    """The command in the phase that the table gives it; among the settings that others stand on where no row matches."""
    path = "/".join(context)
    for rank, (where, what, phase) in enumerate(table):
        if re.match(where, path) and re.match(what, command):
            return Edit(phase, tuple(context), command, rank)
    return Edit(Phase.GROUND, tuple(context), command, len(table))


def blocks_of(lines: Iterable[str]) -> list[Block]:
    """Normalised lines, two spaces a level, as blocks. Raises ParseError where they are none."""
    return indented(lines, step=2)


Node = HConfig | HConfigChild


def commands(
    before: Iterable[str], after: Iterable[str], driver: HConfigDriverBase, opens: re.Pattern[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Context and command, from hier_config's remediation. `opens`: lines that lead to lines below them."""
    running, wanted = tree(before, driver), tree(after, driver)
    yield from _leaves(WorkflowRemediation(running, wanted).remediation_config, opens, ())


def _leaves(delta: Node, opens: re.Pattern[str], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for child in delta.children:
        if child.children:
            yield from _leaves(child, opens, (*above, child.text))
        elif opens.match(child.text):
            yield (*above, child.text), ""
        else:
            yield above, child.text


def sessions(blocks: Iterable[Block]) -> Iterator[tuple[str, set[str]]]:
    """Each BGP process, and the addresses of its neighbours."""
    for block in blocks:
        if block.text.startswith("router bgp "):
            lines = [*block.children, *(line for child in block.children for line in child.children)]
            named = (_NEIGHBOUR.match(line.text) for line in lines)
            yield block.text, {match[1] for match in named if match}


def lost_neighbours(have: Iterable[Block], want: Iterable[Block]) -> dict[str, str]:
    """Address of a neighbour that goes as a whole → the process that it belongs to, which stays."""
    staying = dict(sessions(want))
    found = ((head, present - staying[head]) for head, present in sessions(have) if head in staying)
    return {address: head for head, addresses in found for address in sorted(addresses)}


def remediation_driver(
    sections: Iterable[tuple[str, tuple[str, ...]]], additive: Iterable[str], short: Iterable[tuple[str, str, str]]
) -> HConfigDriverBase:
    """A platform's driver for commands: a line of `additive` joins the others and takes no one's place, whatever drift says.

    `short`: section, the negated command as a regular expression, what is sent for it.
    """
    joining = set(additive)
    kept = [(path, tuple(s for s in settings if s not in joining)) for path, settings in sections]
    rules = HConfigDriverRules(
        idempotent_commands=rules_of(kept),
        negation_sub=[
            NegationSubRule(
                match_rules=(
                    *(MatchRule(re_search=part) for part in path.split("/") if part),
                    MatchRule(re_search="^" + search.removeprefix("^no ")),
                ),
                search=search,
                replace=replace,
            )
            for path, search, replace in short
        ],
    )

    class Remediation(HConfigDriverBase):
        @staticmethod
        def _instantiate_rules() -> HConfigDriverRules:
            return rules

    return Remediation()


def steps_of(edits: Iterable[Edit], leave: Callable[[str], str]) -> Iterator[Step]:
    """One step a phase. `leave`: context line → what ends it.

    A line whose secret luxops has only ever seen masked cannot be sent. It is left out, and the step's title says so.
    """
    by_phase: dict[Phase, list[Edit]] = {}
    lost = []
    for edit in edits:
        if SECRET in edit.command:
            lost.append(" ".join((*edit.context, edit.command)))
        else:
            by_phase.setdefault(edit.phase, []).append(edit)
    for phase, found in sorted(by_phase.items()):
        # An interface is done with before the next one, everything else goes by rank alone.
        places = {c: n for n, c in enumerate(dict.fromkeys(e.context for e in found))} if phase is Phase.INTERFACES else {}
        in_order = sorted(found, key=lambda edit: (places.get(edit.context, 0), edit.rank))
        yield Step(title=TITLES[phase], kind="configure", lines=tuple(_entered(in_order, leave)))
    if lost:
        title = f"Left to be done by hand, for luxops never saw the secret in it: {'; '.join(lost)}"
        yield Step(title=title, kind="configure", lines=())


def _entered(edits: Iterable[Edit], leave: Callable[[str], str]) -> Iterator[str]:
    """The commands with their contexts entered and left, one space a level, each context once in a row."""
    here: tuple[str, ...] = ()
    for edit in edits:
        shared = next(
            (n for n, (one, other) in enumerate(zip(here, edit.context, strict=False)) if one != other),
            min(len(here), len(edit.context)),
        )
        for depth in range(len(here) - 1, shared - 1, -1):
            yield " " * depth + leave(here[depth])
        for depth in range(shared, len(edit.context)):
            yield " " * depth + edit.context[depth]
        here = edit.context
        if edit.command:
            yield " " * len(here) + edit.command
    for depth in range(len(here) - 1, -1, -1):
        yield " " * depth + leave(here[depth])
