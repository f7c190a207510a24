"""The change book of this installation's settings."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from luxops.changes import ChangeBook
    from luxops.settings import Settings


@contextmanager
def open_book(settings: Settings) -> Iterator[ChangeBook]:
    """Open the store. Raises StoreError."""
    from luxops.changes import ChangeBook
    from luxops.store import open_store

    chosen = settings.changes
    with open_store(settings.store.url) as store:
        valid_for, lease = timedelta(days=chosen.valid_days), timedelta(seconds=chosen.lease)
        yield ChangeBook(store, valid_for=valid_for, lease=lease, person=chosen.person)
