"""The lab, brought up once for all tests that need it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from luxops.lab import bringup, faults, machine
from luxops.lab.cloud import packages
from luxops.lab.lab import Lab
from luxops.lab.running import active
from luxops.settings import Settings

ROOT = Path(__file__).parents[2]
PROVISIONING = 900.0
"""Seconds that all tenants may take to come about."""


def luxops(*arguments: str, seconds: float = 300.0) -> subprocess.CompletedProcess[str]:
    """The command line as a user runs it, from the root of the repository."""
    command = [str(Path(sys.executable).with_name("luxops")), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=seconds)


def _quiet(_: str) -> None:
    """The tests' output is pytest's."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs all that is declared in the cloud comes last, in one go: tests of the lab's life cycle take it down."""
    items.sort(key=lambda item: "provisioned" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab of this machine's user, untouched. It is left as it was found: up or down."""
    if lacking := machine.lacking():
        pytest.skip("no lab here: " + "; ".join(lacking))
    settings = Settings()
    was_up = active(settings) is not None
    the_lab = Lab(settings.lab.state, _quiet)
    bringup.up(the_lab, ROOT / "inventory", ["host", "router"])
    if there := faults.active(the_lab):
        pytest.fail(f"the lab has breaks in it that these tests did not put there: {', '.join(there)}; luxops lab heal --all")
    yield the_lab
    if was_up:
        bringup.up(the_lab, ROOT / "inventory", ["host", "router"])
    else:
        the_lab.down()


@pytest.fixture(scope="session")
def provisioned() -> Iterator[Lab]:
    """The lab's cloud with all that is declared in it. It is left as it was found: up, with what was made in it, or down."""
    if lacking := packages.lacking():
        pytest.skip("no cloud here: " + "; ".join(lacking))
    the_lab = Lab(Settings().lab.state, _quiet)
    hosts, cloud = the_lab.stands(), the_lab.cloud.stands()
    bringup.up(the_lab, ROOT / "inventory", ["cloud"])
    if there := faults.active(the_lab):
        pytest.fail(f"the lab has breaks in it that these tests did not put there: {', '.join(there)}; luxops lab heal --all")
    made = luxops("cloud", "up", "--yes", seconds=PROVISIONING)
    if made.returncode != 0:
        pytest.fail(made.stdout[-2000:] + made.stderr[-2000:], pytrace=False)
    yield the_lab
    if not (hosts or cloud):
        the_lab.down()
    elif not cloud:
        the_lab.cloud.clear()


@pytest.fixture(scope="session")
def lab_cloud(provisioned: Lab) -> Settings:
    """The settings that reach it."""
    settings = active(Settings(lab=Settings().lab.model_copy(update={"state": provisioned.state.folder})))
    assert settings is not None
    return settings
