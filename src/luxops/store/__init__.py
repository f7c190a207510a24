"""Scans, findings as intervals, drift."""

from luxops.store.changelog import ChangeLog, ChangeRecord
from luxops.store.errors import StoreError
from luxops.store.lock import WatchLock
from luxops.store.record import ScanRecord
from luxops.store.store import Store, open_store
from luxops.store.views import (
    DomainChange,
    LastLook,
    RecordedDrift,
    RecordedFinding,
    RecordedObservation,
    ScanContent,
    ScanNews,
    StoreSummary,
    TargetView,
)

__all__ = [
    "ChangeLog", "ChangeRecord", "DomainChange", "LastLook", "RecordedDrift", "RecordedFinding", "RecordedObservation",
    "ScanContent", "ScanNews", "ScanRecord", "Store", "StoreError", "StoreSummary", "TargetView", "WatchLock", "open_store",
]  # fmt: skip
