from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hosts.samples import HOST, NONCE, NOW, ROLE, SECTIONS, closed, frame, frames, reply

from luxops.domains.hosts import script
from luxops.domains.hosts.answer import COLLECTION, outcomes
from luxops.domains.hosts.facts import FACTS
from luxops.domains.hosts.facts.interface import ParseError
from luxops.domains.hosts.framing import Frames, unframe
from luxops.model import FactName, Failure, FailureReason

EXPECTED = script.expected_frames("sudo", ROLE)
WHOLE = frames(role=ROLE)
ANSWER = b"".join(WHOLE.values())
GOOD = outcomes(reply(ANSWER), NONCE, "sudo", NOW, ROLE)
GOOD_FRAMES = unframe(ANSWER, NONCE, EXPECTED)
OTHER = "fedcba9876543210fedcba9876543210"


def _judged(output: bytes) -> dict[FactName, object]:
    return dict(outcomes(reply(output), NONCE, "sudo", NOW, ROLE))


def _proven(output: bytes) -> int:
    """How many sections are proven."""
    try:
        return len(unframe(output, NONCE, EXPECTED).sections)
    except ParseError:
        return 0


GROUPS = [name for name, inside in EXPECTED.items() if inside]


def _facts_of(group: str) -> set[FactName]:
    return {fact.name for fact in FACTS if {s.name for s in fact.sections} & set(EXPECTED[group])}


def test_the_whole_answer_gives_every_fact_a_value() -> None:
    assert set(GOOD) == {fact.name for fact in FACTS} | {"collection"}
    assert not [name for name, outcome in GOOD.items() if isinstance(outcome, Failure)]


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=len(ANSWER) - 1))
def test_a_truncated_answer_loses_facts_and_changes_none(length: int) -> None:
    judged = _judged(ANSWER[:length])
    assert set(judged) == set(GOOD)
    assert any(isinstance(outcome, Failure) for outcome in judged.values())
    for name, outcome in judged.items():
        assert isinstance(outcome, Failure) or name == COLLECTION or outcome == GOOD[name]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.integers(min_value=0, max_value=len(ANSWER) - 1), st.integers(min_value=1, max_value=255))
def test_a_garbled_byte_never_gives_another_value(place: int, flip: int) -> None:
    garbled = bytearray(ANSWER)
    garbled[place] ^= flip
    judged = _judged(bytes(garbled))
    assert _proven(bytes(garbled)) < len(GOOD_FRAMES.sections)
    for name, outcome in judged.items():
        assert isinstance(outcome, Failure) or name == COLLECTION or outcome == GOOD[name]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_cut_from_the_middle_never_gives_another_value(data: st.DataObject) -> None:
    start = data.draw(st.integers(min_value=0, max_value=len(ANSWER) - 1))
    end = data.draw(st.integers(min_value=start + 1, max_value=len(ANSWER)))
    for name, outcome in _judged(ANSWER[:start] + ANSWER[end:]).items():
        assert isinstance(outcome, Failure) or name == COLLECTION or outcome == GOOD[name]


@pytest.mark.parametrize("group", GROUPS)
def test_a_dropped_group_fails_exactly_its_facts(group: str) -> None:
    judged = _judged(b"".join(text for name, text in WHOLE.items() if name != group))
    failed = {name for name, outcome in judged.items() if isinstance(outcome, Failure)}
    assert failed == _facts_of(group)


@pytest.mark.parametrize("group", GROUPS)
def test_a_repeated_group_fails_exactly_its_facts(group: str) -> None:
    judged = _judged(b"".join(text * (2 if name == group else 1) for name, text in WHOLE.items()))
    failed = {name: outcome for name, outcome in judged.items() if isinstance(outcome, Failure)}
    assert set(failed) == _facts_of(group)
    assert {outcome.reason for outcome in failed.values()} == {FailureReason.MALFORMED}


def test_an_answer_given_twice_counts_for_nothing() -> None:
    assert all(isinstance(outcome, Failure) for outcome in _judged(ANSWER + ANSWER).values())


@pytest.mark.parametrize(
    "output",
    [
        b"".join(frames(nonce=OTHER, role=ROLE).values()),
        ANSWER + frames(nonce=OTHER, role=ROLE)["daemons.root"],
        frame("host.identity", f"{HOST}\n.", nonce=OTHER) + ANSWER,
        ANSWER + frame("sshd.effective", SECTIONS["sshd.effective"]),
        b"".join(reversed(WHOLE.values())),
    ],
    ids=["another nonce", "another nonce at the end", "another nonce first", "not asked for", "another order"],
)
def test_an_answer_to_another_request_counts_for_nothing(output: bytes) -> None:
    with pytest.raises(ParseError):
        unframe(output, NONCE, EXPECTED)
    judged = _judged(output)
    assert {outcome.reason for outcome in judged.values() if isinstance(outcome, Failure)} == {FailureReason.MALFORMED}
    assert all(isinstance(outcome, Failure) for outcome in judged.values())


def _group(*sections: str, said: str = "") -> Frames:
    names = [name for name in EXPECTED["daemons.root"] if name in {"sshd.effective", "audit.root"}]
    output = frame("daemons.root", "".join(sections)) + (frame("daemons.root!", said) if said else b"")
    return unframe(output, NONCE, {"daemons.root": names})


SSHD, AUDIT = closed("sshd.effective", "", 127), closed("audit.root", "@@ x 0\n")


def test_what_a_section_wrote_to_standard_error_stands_beside_it() -> None:
    found = _group(SSHD, AUDIT, said=f"{NONCE} sshd.effective\nsshd: not found\n{NONCE} audit.root\n")
    assert found.sections["sshd.effective"].exit_status == 127
    assert found.sections["sshd.effective"].stdout == b""
    assert found.sections["sshd.effective"].stderr == b"sshd: not found\n"
    assert found.sections["audit.root"].stdout == b"@@ x 0\n"
    assert found.sections["audit.root"].stderr == b""
    assert not found.damaged


@pytest.mark.parametrize(
    "sections",
    [(SSHD,), (AUDIT, SSHD), (SSHD, SSHD, AUDIT), (SSHD, AUDIT, "more"), (SSHD, AUDIT[:-1]), ()],
    ids=["one missing", "another order", "one twice", "bytes at the end", "a cut mark", "none"],
)
def test_a_group_without_just_its_sections_is_no_answer(sections: tuple[str, ...]) -> None:
    with pytest.raises(ParseError, match="does not hold"):
        _group(*sections)


def test_a_mark_of_another_request_is_a_sections_text() -> None:
    found = _group(closed("sshd.effective", closed("audit.root", "", nonce=OTHER)), AUDIT)
    assert found.sections["sshd.effective"].stdout == closed("audit.root", "", nonce=OTHER).encode()


def test_bytes_between_frames_are_damage() -> None:
    found = unframe(b"Welcome!\n" + ANSWER, NONCE, EXPECTED)
    assert found.damaged
    assert found.sections == GOOD_FRAMES.sections


def test_a_body_that_looks_like_a_frame_is_a_body() -> None:
    inner = frames(nonce=OTHER, role=ROLE)["local.root"].decode()
    whole = frames(sections=SECTIONS | {"pam.state": inner}, role=ROLE)
    assert unframe(whole["local.open"], NONCE, EXPECTED).sections["pam.state"].stdout == inner.encode()
