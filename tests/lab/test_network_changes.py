"""A change of a real router, from the line that somebody typed to the router that is as declared again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.lab import ROOT, luxops

from luxops.lab import instance
from luxops.lab.lab import Lab

pytestmark = pytest.mark.lab
ROUTER = "chl-edge1"
ROUTE = "ip route 10.32.0.0/16 10.255.0.9"
PEOPLE = ("network-admin-2", "security-officer-1")


def typed(*lines: str) -> None:
    instance.inside(ROUTER, "vtysh", "-c", "configure terminal", *(word for line in lines for word in ("-c", line)))


def runs() -> str:
    return instance.inside(ROUTER, "vtysh", "-c", "show running-config")


@pytest.fixture
def a_route_typed_in(lab: Lab) -> Iterator[Lab]:
    typed(ROUTE)
    yield lab
    if ROUTE in runs():
        typed(f"no {ROUTE}")


def planned() -> dict[str, Any]:
    done = luxops("--lab", "network", "plan", ROUTER, "--emergency", "--by", "network-admin-1", "--output", "json")
    assert done.returncode == 1, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert [device["device"] for device in document["devices"]] == [ROUTER]
    return document


def approved(lab: Lab, *people: str) -> str:
    change = str(planned()["change"]["id"])
    for person in people:
        done = luxops("--lab", "network", "approve", change, "--key", str(lab.state.keys / f"person-{person}"))
        # The same plan that still waits, from a test before this one, is the same change, with the approvals it has.
        assert done.returncode == 0 or "has approved change" in done.stderr, done.stderr
    return change


def has_no_drift() -> bool:
    return luxops("--lab", "drift", ROUTER).returncode == 0


def test_what_was_typed_is_planned_back_agreed_to_and_pushed(a_route_typed_in: Lab) -> None:
    first = planned()
    assert planned()["digest"] == first["digest"]
    change = approved(a_route_typed_in, *PEOPLE)
    assert change == first["change"]["id"]
    pushed = luxops("--lab", "network", "push", change, "--yes", "--output", "json")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert [device["outcome"] for device in json.loads(pushed.stdout)["devices"]] == ["done"]
    assert ROUTE not in runs()
    assert has_no_drift()
    assert ROUTE not in instance.inside(ROUTER, "cat", "/etc/frr/frr.conf")
    again = luxops("--lab", "network", "push", change, "--yes")
    assert (again.returncode, ROUTE in runs()) == (2, False)


def test_without_enough_approvals_nothing_is_sent(a_route_typed_in: Lab) -> None:
    change = approved(a_route_typed_in, PEOPLE[0])
    refused = luxops("--lab", "network", "push", change, "--yes")
    assert (refused.returncode, ROUTE in runs()) == (2, True)
    assert "needs 2 approvals" in refused.stderr


def test_rolled_back_it_is_as_it_was_before(a_route_typed_in: Lab) -> None:
    change = approved(a_route_typed_in, *PEOPLE)
    assert luxops("--lab", "network", "push", change, "--yes").returncode == 0
    back = luxops(
        "--lab", "network", "rollback", change, "--emergency", "--override", "undone on purpose", "--by", "network-admin-1",
        "--output", "json",
    )  # fmt: skip
    undo = str(json.loads(back.stdout)["change"]["id"])
    for person in PEOPLE:
        luxops("--lab", "network", "approve", undo, "--key", str(a_route_typed_in.state.keys / f"person-{person}"))
    pushed = luxops("--lab", "network", "push", undo, "--yes")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert ROUTE in runs()


def test_killed_after_it_armed_the_router_it_starts_over_and_ends_whole(a_route_typed_in: Lab) -> None:
    change = approved(a_route_typed_in, *PEOPLE)
    command = [str(Path(sys.executable).with_name("luxops")), "--lab", "network", "push", change, "--yes"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not timers() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = luxops("--lab", "network", "push", change, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (ROUTE in runs(), timers()) == (False, "")
    assert has_no_drift()


def timers() -> str:
    """Dead-man timers that run on the router."""
    listing = ("systemctl", "list-timers", "--no-legend", "--plain", "luxops-change-*")
    return instance.inside(ROUTER, *listing).strip()
