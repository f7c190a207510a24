"""Installed Debian packages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import blocks
from luxops.model import FactName, FactValue


class Packages(FactValue):
    """Source: dpkg-query."""

    installed: Mapping[str, str]
    """Name → version of packages that are fully installed; a second architecture's is `name:arch`."""
    broken: tuple[str, ...]
    """Names that are half installed, half configured, or await triggers; sorted."""
    residual: tuple[str, ...]
    """Names removed whose configuration files remain; sorted."""
    held: tuple[str, ...]
    """Names on hold; sorted."""


STATE = Section(
    "packages.state",
    r"""\
dpkg-query -W -f='${db:Status-Abbrev}\t${Package}\t${Architecture}\t${Version}\n' || exit $?
echo '@@ packages 0'
""",
    group="local",
)
_LINE = re.compile(r"([uihrp])([ncHUFWti])([ R])\t([a-z0-9][a-z0-9+.-]*)\t([a-z0-9-]*)\t(\S*)")


def parse(answer: Answer) -> Packages:
    """Raises ParseError for a line that is no package, and where not even dpkg is installed."""
    installed: dict[str, str] = {}
    broken, residual, held = set(), set(), set()
    for line in blocks(answer.text(STATE.name), ("packages",))["packages"].lines:
        if not (match := _LINE.fullmatch(line)):
            raise ParseError(f"not a package: {line[:80]!r}")
        desired, status, error, name, architecture, version = match.groups()
        if desired == "h":
            held.add(name)
        if status == "i" and error == " ":
            installed[f"{name}:{architecture}" if name in installed else name] = version
        elif status == "c":
            residual.add(name)
        elif status != "n":
            broken.add(name)
    if "dpkg" not in installed:
        raise ParseError("dpkg is not among the installed packages")
    return Packages(
        installed=installed, broken=tuple(sorted(broken)), residual=tuple(sorted(residual)), held=tuple(sorted(held))
    )


FACT = HostFact(FactName("packages"), (STATE,), parse)
