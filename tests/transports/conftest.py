"""A site on loopback for each test of sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.servers import Servers, new_key
from tests.support.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Servers() as servers:
        made = Site(tmp_path, servers, new_key(), new_key())
        made.key_file("id", made.client_key)
        made.know("chl-pacs1,chl-web1,chl-edge1")
        yield made
