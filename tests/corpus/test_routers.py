"""Damaged answers of routers: no verdict gets better and no drift vanishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus import damage, damage_routers
from tests.corpus.corpus import STRESS, Damage, Reference, RouterAnswer, driven, tried
from tests.network.transcripts import transcript

from luxops.domains.network.platforms.frr import commands
from luxops.domains.network.platforms.frr.files import LINES_SHOWN
from luxops.domains.network.platforms.interface import CONFIG

pytestmark = pytest.mark.slow

Routers = list[tuple[Reference, RouterAnswer]]
COUNT = 150 if STRESS else 15
GROUPS: dict[str, Callable[[RouterAnswer], Iterator[Damage]]] = {
    "cut": lambda answer: damage_routers.router_cuts(answer, COUNT),
    "bytes": lambda answer: damage_routers.router_bytes(answer, COUNT * 2),
    "lines": damage_routers.router_lines,
    "fields": damage_routers.router_fields,
    "noise": damage_routers.router_noise,
}


def _hold(routers: Routers, damages: Callable[[RouterAnswer], Iterator[Damage]], *, exact: bool = True) -> None:
    """Every damage is tried on some of the routers, one in three on each; under stress all on all."""
    count = 0
    step = 1 if STRESS else 3
    for place, (reference, answer) in enumerate(routers):
        number, violations = tried(reference, islice(damages(answer), place % step, None, step), exact=exact)
        assert violations == []
        count += number
    assert count > 5 * len(routers) > 0


@pytest.mark.parametrize("group", GROUPS)
def test_what_echo_frame_and_prompt_show_leaves_each_fact_as_it_was_or_failed(routers: Routers, group: str) -> None:
    _hold(routers, GROUPS[group])


def test_one_commands_answer_is_not_anothers(routers: Routers) -> None:
    _hold(routers, damage_routers.router_swapped_outputs, exact=False)


def test_another_routers_answer_is_not_this_routers(routers: Routers) -> None:
    assert len(routers) > 1
    tries = 0
    for (reference, answer), (stranger, other) in zip(routers, [*routers[1:], routers[0]], strict=True):
        if stranger.target.id != reference.target.id:
            number, violations = tried(reference, damage_routers.router_mixtures(answer, other))
            assert violations == []
            tries += number
    assert tries > 100


def test_a_tool_that_stopped_early_is_a_failure_of_its_fact(routers: Routers) -> None:
    """Not so for the sockets, of which each line is whole in itself: there the exit status alone shows it."""

    def damages(answer: RouterAnswer) -> Iterator[Damage]:
        closed = damage_routers.transcripts_without(answer, {commands.SOCKETS: "", commands.FILES: ""})
        for what, damaged in damage_routers.router_stopped_tools(closed, COUNT, transcript):
            assert isinstance(damaged, RouterAnswer)
            yield what, answer.saying({**answer.reply.transcripts, **damaged.reply.transcripts})

    _hold(routers, damages)


def test_a_command_that_failed_makes_nothing_better(routers: Routers) -> None:
    """`head` says by its status that a file is not there: that is no failure."""
    _hold(routers, lambda answer: damage_routers.router_failed_tools(answer, transcript), exact=False)


REFUSED = "sudo: a password is required\n"
"""What `sudo -n` says where it may not: with its status garbled into 0 it must not pass for a rule set without rules."""


def test_a_refusal_whose_status_is_garbled_is_no_success(routers: Routers) -> None:
    reference, answer = routers[0]
    command, name = commands.RULESET, answer.reply.target
    refused = transcript(command, REFUSED, name, 1)
    garbled = refused.replace("luxops-end 1 ", "luxops-end 0 ")
    assert garbled != refused
    for text in (refused, garbled, transcript(command, REFUSED, name, 0)):
        assert _config_failed(reference, answer, command, text)


def test_a_file_longer_than_what_is_shown_of_it_is_not_judged(routers: Routers) -> None:
    reference, answer = routers[0]
    output = "\n".join(answer.reply.transcripts[commands.FILES].split("\n")[1:-2]) + "\n"
    long = transcript(commands.FILES, output + "# more\n" * LINES_SHOWN, answer.reply.target)
    assert _config_failed(reference, answer, commands.FILES, long)


def test_a_rule_set_that_says_something_twice_is_a_failure_and_no_crash(routers: Routers) -> None:
    reference, answer = routers[0]
    output = "\n".join(answer.reply.transcripts[commands.RULESET].split("\n")[1:-2]) + "\n"
    twice = transcript(commands.RULESET, output + output, answer.reply.target)
    assert _config_failed(reference, answer, commands.RULESET, twice)


def _config_failed(reference: Reference, answer: RouterAnswer, command: str, text: str) -> bool:
    damaged = answer.saying({**answer.reply.transcripts, command: text})
    assert reference.violations(damaged) == []
    look = reference.looker.look(reference.target, damaged)
    return [o.fact for o in look.observations if o.failure is not None] == [CONFIG]


@driven
@given(data=st.data())
def test_any_few_bytes_of_any_command(routers: Routers, data: st.DataObject) -> None:
    reference, answer = data.draw(st.sampled_from(routers))
    command = data.draw(st.sampled_from(list(answer.reply.transcripts)))
    text = answer.reply.transcripts[command].rstrip(" ").encode()
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text = damage.garbled(text, place, data.draw(st.integers(0, 8))) or b"\n"
    damaged = answer.saying({**answer.reply.transcripts, command: text.decode(errors="replace")})
    assert reference.violations(damaged) == []


@driven
@given(data=st.data())
def test_any_lines_of_any_transcripts(routers: Routers, data: st.DataObject) -> None:
    reference, answer = data.draw(st.sampled_from(routers))
    _, other = data.draw(st.sampled_from(routers))
    command = data.draw(st.sampled_from(list(answer.reply.transcripts)))
    lines = answer.reply.transcripts[command].split("\n")
    if command in other.reply.transcripts and other.reply.target != answer.reply.target:
        lines += other.reply.transcripts[command].split("\n")
    low, high = sorted(data.draw(st.tuples(st.integers(0, len(lines)), st.integers(0, len(lines)))))
    target = data.draw(st.integers(0, len(lines)))
    piece = lines[low:high]
    moved = [*lines[:target], *piece, *lines[target:]] if data.draw(st.booleans()) else lines[:low] + lines[high:]
    damaged = answer.saying({**answer.reply.transcripts, command: "\n".join(moved)})
    assert reference.violations(damaged) == []
