"""Whole configurations as they are sent to devices.

`LUXOPS_WRITE_GOLDEN=1` writes them anew: read the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from luxops.domains.network import PLATFORMS, design_router
from luxops.federation import Federation

GOLDEN = Path(__file__).parent / "golden"
SECRETS = {"bgp": "s3cret"}


def rendered(federation: Federation, router: str) -> Mapping[Path, str]:
    design = design_router(federation, router)
    files = PLATFORMS[design.platform].render(design, SECRETS)
    return {GOLDEN / router / path.lstrip("/"): text for path, text in files.items()}


@pytest.mark.parametrize("router", ["chl-edge1", "hrs-edge2", "dc1-core1", "dc2-core1"])
def test_rendered_files(federation: Federation, router: str) -> None:
    files = rendered(federation, router)
    if os.environ.get("LUXOPS_WRITE_GOLDEN"):
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    assert {path for path in (GOLDEN / router).rglob("*") if path.is_file()} == set(files)
    for path, text in files.items():
        assert text == path.read_text(), path
