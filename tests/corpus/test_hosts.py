"""Damaged answers of hosts: nothing looks better for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus import damage, damage_hosts
from tests.corpus.corpus import STRESS, Damage, HostAnswer, Reference, driven, frames_of, joined, tried

pytestmark = pytest.mark.slow

Hosts = list[tuple[Reference, HostAnswer]]
COUNT = 400 if STRESS else 40
GROUPS: dict[str, Callable[[HostAnswer], Iterator[Damage]]] = {
    "cut": lambda answer: damage_hosts.host_cuts(answer, COUNT),
    "sections": damage_hosts.host_sections,
    "heads": damage_hosts.host_heads,
    "bytes": lambda answer: damage_hosts.host_bytes(answer, COUNT * 4),
    "noise": damage_hosts.host_noise,
    "lines": damage_hosts.host_lines,
}


def _hold(hosts: Hosts, damages: Callable[[HostAnswer], Iterator[Damage]], *, exact: bool = True, share: int = 6) -> None:
    """Every damage is tried on some of the hosts, one in `share` on each; under stress all on all."""
    count = 0
    step = 1 if STRESS else share
    for place, (reference, answer) in enumerate(hosts):
        number, violations = tried(reference, islice(damages(answer), place % step, None, step), exact=exact)
        assert violations == []
        count += number
    assert count >= 4 * len(hosts) > 0


@pytest.mark.parametrize("group", GROUPS)
def test_what_framing_shows_leaves_each_fact_as_it_was_or_failed(hosts: Hosts, group: str) -> None:
    _hold(hosts, GROUPS[group])


def test_frames_that_nobody_asked_for_are_not_believed(hosts: Hosts) -> None:
    _hold(hosts, damage_hosts.host_extra)


def test_a_group_without_just_its_sections_is_not_believed(hosts: Hosts) -> None:
    _hold(hosts, damage_hosts.host_marks)


def test_a_tool_that_stopped_early_is_a_failure_of_its_fact(hosts: Hosts) -> None:
    _hold(hosts, lambda answer: damage_hosts.host_stopped_tools(answer, 40 if STRESS else 10), share=17)


def test_a_tool_that_failed_makes_nothing_better(hosts: Hosts) -> None:
    """Its fact fails, or the part that it was asked for is unreadable."""
    _hold(hosts, damage_hosts.host_failed_tools, exact=False)


def test_another_hosts_answer_is_not_this_hosts(hosts: Hosts) -> None:
    assert len(hosts) > 1
    for (reference, answer), (_, other) in zip(hosts, [*hosts[1:], hosts[0]], strict=True):
        assert answer.nonce != other.nonce
        _hold([(reference, answer)], lambda answer, other=other: damage_hosts.host_mixtures(answer, other))  # type: ignore[misc]


def test_an_older_answer_of_the_same_host_hides_nothing(hosts: Hosts) -> None:
    """The untouched answer in the broken one's place, whole and in parts: nothing that broke since may heal by it."""
    pairs = 0
    for reference, answer in hosts:
        for older, earlier in hosts:
            if older.target.id == reference.target.id and older.name != reference.name:
                pairs += 1
                assert tried(reference, damage_hosts.host_mixtures(answer, earlier))[1] == []
    assert pairs > 1


@driven
@given(data=st.data())
def test_any_cut_and_any_few_bytes(hosts: Hosts, data: st.DataObject) -> None:
    reference, answer = data.draw(st.sampled_from(hosts))
    output = answer.reply.output
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(output) - 1))
        what = data.draw(st.sampled_from(["garble", "insert", "delete", "repeat", "cut"]))
        if what == "garble":
            output = damage.garbled(output, place, data.draw(st.integers(0, 8)))
        elif what == "insert":
            output = output[:place] + data.draw(st.binary(min_size=1, max_size=40)) + output[place:]
        else:
            end = min(len(output), place + data.draw(st.integers(1, 4000)))
            output = {
                "delete": output[:place] + output[end:],
                "repeat": output[:end] + output[place:],
                "cut": output[: max(place, 1)],
            }[what]
        output = output or b"\n"
    assert reference.violations(answer.saying(output)) == []


@driven
@given(data=st.data())
def test_any_order_of_any_sections_of_any_answers(hosts: Hosts, data: st.DataObject) -> None:
    reference, answer = data.draw(st.sampled_from(hosts))
    _, other = data.draw(st.sampled_from(hosts))
    frames = frames_of(answer.reply.output)
    pool = frames + frames_of(other.reply.output)
    kept = data.draw(st.lists(st.sampled_from(frames), unique=True, max_size=len(frames)))
    strangers = data.draw(st.lists(st.sampled_from(pool), max_size=3))
    mixed = data.draw(st.permutations(kept + strangers)) if data.draw(st.booleans()) else [*kept, *strangers]
    ordered = [frame for frame in frames if frame in kept]
    for chosen in (mixed, [*ordered, *strangers], ordered):
        assert reference.violations(answer.saying(joined(chosen))) == []
