"""The shared checks as pytest-testinfra tests: `pytest --hosts=ssh://HOST --sudo bench/host_checks.py`. Used by whole_scan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from bench.shared_checks import SHARED, Shared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from testinfra.host import Host


@pytest.fixture(scope="module")
def sshd(host: Host) -> dict[str, str]:
    """What sshd says is in force, asked once for all the tests."""
    return dict(line.split(maxsplit=1) for line in host.check_output("sshd -T").splitlines() if " " in line)


def _mode(host: Host, path: str) -> str:
    file = host.file(path)
    return f"{file.user} {file.group} {file.mode:o}"


def _service(host: Host, name: str) -> str:
    service = host.service(name)
    return f"{'enabled' if service.is_enabled else 'disabled'} {'active' if service.is_running else 'inactive'}"


READ: Mapping[str, Callable[[Host, str], str]] = {
    "sysctl": lambda host, key: str(host.sysctl(key)),
    "mode": _mode,
    "mount": lambda host, path: ",".join(host.mount_point(path).options),
    "service": _service,
    "package": lambda host, name: "installed" if host.package(name).is_installed else "absent",
    "command": lambda host, command: str(host.run(command).stdout).strip(),
}


@pytest.mark.parametrize("check", SHARED, ids=[check.policy for check in SHARED])
def test_check(host: Host, sshd: dict[str, str], check: Shared) -> None:
    value = sshd[check.subject] if check.kind == "sshd" else READ[check.kind](host, check.subject)
    assert re.fullmatch(check.wanted, value, re.DOTALL)
