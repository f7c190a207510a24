from __future__ import annotations

import pytest
from tests.hosts.samples import HOST, NONCE, NOW, SECTIONS, closed, frame, frames, reply

from luxops.domains.hosts import script
from luxops.domains.hosts.answer import Collection, outcomes
from luxops.domains.hosts.facts.accounts import Accounts
from luxops.domains.hosts.facts.sockets import Sockets
from luxops.domains.hosts.facts.sysctl import Sysctl
from luxops.model import FactName, Failure, FailureReason, Unreadable
from luxops.transports.interface import CommandReply

PRIVILEGED = {name for name in script.expected_frames("sudo") if name.endswith(".root")}
COST = frame(script.END, "ticks 21")


def _unprivileged() -> bytes:
    return b"".join(text for name, text in frames().items() if name not in {*PRIVILEGED, script.SUDO, script.END})


def _failure(outcome: object) -> Failure:
    assert isinstance(outcome, Failure)
    return outcome


def test_refused_sudo_leaves_what_needs_none() -> None:
    refused = _unprivileged() + frame(script.SUDO, "sudo: a password is required\n", 1) + COST
    found = outcomes(reply(refused), NONCE, "sudo", NOW)
    assert _failure(found[FactName("sshd")]) == Failure(
        reason=FailureReason.REFUSED, detail="sudo was refused: sudo: a password is required"
    )
    accounts, sysctl, sockets = (found[FactName(name)] for name in ("accounts", "sysctl", "sockets"))
    assert isinstance(accounts, Accounts)
    assert isinstance(accounts.passwords, Unreadable)
    assert accounts.users["root"].uid == 0
    assert isinstance(sysctl, Sysctl)
    assert isinstance(sysctl.values["fs.protected_symlinks"], Unreadable)
    assert isinstance(sockets, Sockets)
    assert [socket.port for socket in sockets.listening] == [22]
    assert isinstance(sockets.listening[0].processes, Unreadable)
    collection = found[FactName("collection")]
    assert isinstance(collection, Collection)
    assert not collection.root


def test_refused_sudo_must_be_proven() -> None:
    lost = outcomes(reply(_unprivileged() + COST), NONCE, "sudo", NOW)
    assert _failure(lost[FactName("accounts")]).reason == FailureReason.MALFORMED
    died = outcomes(reply(_unprivileged() + frames()["daemons.root"] + frame(script.SUDO, "", 137) + COST), NONCE, "sudo", NOW)
    assert not isinstance(died[FactName("sshd")], Failure)
    assert _failure(died[FactName("accounts")]).reason == FailureReason.MALFORMED


def test_another_host_answers() -> None:
    found = outcomes(reply(b"".join(frames("chl-pacs2").values())), NONCE, "sudo", NOW)
    assert {_failure(outcome).reason for outcome in found.values()} == {FailureReason.WRONG_TARGET}


def test_an_answer_without_a_name_is_nobodys() -> None:
    whole = frames()
    del whole[script.IDENTITY]
    found = outcomes(reply(b"".join(whole.values())), NONCE, "sudo", NOW)
    assert {_failure(outcome).reason for outcome in found.values()} == {FailureReason.MALFORMED}


def test_a_lost_session_keeps_what_was_proven_by_then() -> None:
    failure = Failure(reason=FailureReason.TIMEOUT, detail="read", retryable=True)
    found = outcomes(reply(_unprivileged()[:-40], failure=failure, exit_status=None), NONCE, "sudo", NOW)
    assert found[FactName("sshd")] == failure
    assert found[FactName("collection")] == failure
    assert not isinstance(found[FactName("packages")], Failure)


def test_no_session_at_all() -> None:
    failure = Failure(reason=FailureReason.HOST_KEY_CHANGED, detail="key")
    found = outcomes(CommandReply(target=HOST, failure=failure), NONCE, "sudo", NOW)
    assert set(found.values()) == {failure}


def test_a_host_that_runs_nothing() -> None:
    found = outcomes(reply(b"", errors=b"This account is currently not available.\n", exit_status=1), NONCE, "sudo", NOW)
    (failure,) = {_failure(outcome) for outcome in found.values()}
    assert failure.reason == FailureReason.REFUSED
    assert "not available" in failure.detail


@pytest.mark.parametrize(
    ("copy", "reads"),
    [
        (script.collector_copy() + "\n", True),
        ("root:root 755 " + "0" * 64 + "  -\n", False),
        ("luxops:luxops 755 " + script.collector_digest() + "  -\n", False),
        (" ", False),
    ],
    ids=["expected", "other content", "other owner", "not there"],
)
def test_an_installed_collector_counts_only_where_it_is_the_expected_copy(copy: str, *, reads: bool) -> None:
    privileged = b"".join(text for name, text in frames().items() if name in PRIVILEGED)
    output = _unprivileged() + frame(script.COPY, copy) + privileged + frame(script.SUDO, "") + COST
    found = outcomes(reply(output), NONCE, "installed", NOW)
    assert isinstance(found[FactName("sshd")], Failure) is not reads
    if not reads:
        assert "not the expected copy" in _failure(found[FactName("sshd")]).detail


def test_a_section_that_its_limit_ended_fails_its_facts_alone() -> None:
    body = "".join(
        closed(name, *(("half of it", 124) if name == "updates.state" else (SECTIONS[name], 0)))
        for name in script.expected_frames("sudo")["local.open"]
    )
    whole = frames() | {"local.open": frame("local.open", body)}
    found = outcomes(reply(b"".join(whole.values())), NONCE, "sudo", NOW)
    failed = {name: _failure(outcome) for name, outcome in found.items() if isinstance(outcome, Failure)}
    assert {name: failure.reason for name, failure in failed.items()} == {"updates": FailureReason.TIMEOUT}
    assert all(failure.retryable for failure in failed.values())


def test_a_parser_that_cannot_read_fails_its_fact_alone() -> None:
    found = outcomes(
        reply(b"".join(frames(sections=SECTIONS | {"mounts.state": "nonsense\n@@ mountinfo 0\n"}).values())),
        NONCE, "sudo", NOW,
    )  # fmt: skip
    failed = {name: _failure(outcome).reason for name, outcome in found.items() if isinstance(outcome, Failure)}
    assert failed == {"mounts": FailureReason.MALFORMED}


def test_cost_is_what_the_end_says() -> None:
    found = outcomes(reply(b"".join(frames().values())), NONCE, "sudo", NOW)
    collection = found[FactName("collection")]
    assert isinstance(collection, Collection)
    assert (collection.cpu_seconds, collection.bytes) == (0.21, len(b"".join(frames().values())))
