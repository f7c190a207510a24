"""Runs the section of OpenStack's configuration on a folder in place of a host's /etc."""

from __future__ import annotations

import subprocess
from pathlib import Path

from luxops.domains.hosts.facts.openstack import ROOT

EMPTY = "@@ services 0\n@@ modes 0\n@@ settings 0\n"


def printed(root: Path) -> str:
    """What a host prints whose /etc is `root/etc`; paths as that host has them."""
    text = ROOT.script.replace("/etc/", f"{root}/etc/")
    done = subprocess.run(
        ["/bin/sh", "-s"],
        input=text.encode(),
        capture_output=True,
        check=True,
        timeout=60,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    return done.stdout.decode().replace(str(root), "")


def settings(text: str) -> list[str]:
    """The lines about settings, sorted: awk tells those of one file in an order of its own."""
    return sorted(text.partition("@@ modes 0\n")[2].removesuffix("@@ settings 0\n").splitlines())


def told(text: str) -> dict[tuple[str, str], str]:
    """Section and key → the reduced value, where there is one file."""
    lines = (line.split("\t") for line in settings(text) if line[:1] == "/")
    return {(section, key): value for _, section, key, value in lines}


def keystone(root: Path, text: str, name: str = "keystone.conf") -> Path:
    """A host whose keystone has this configuration."""
    file = root / "etc/keystone" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return root
