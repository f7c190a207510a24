"""Scans, findings as intervals, drift; the journal of changes and who may touch a device."""

from luxops.store.changelog import ChangeLog, ChangeRecord, ChangeTakenError
from luxops.store.errors import StoreError
from luxops.store.fences import Fence, FenceHeldError, FenceLostError, HeldFence
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
    "ChangeLog", "ChangeRecord", "ChangeTakenError", "DomainChange", "Fence", "FenceHeldError", "FenceLostError", "HeldFence",
    "LastLook", "RecordedDrift", "RecordedFinding", "RecordedObservation", "ScanContent", "ScanNews", "ScanRecord", "Store",
    "StoreError", "StoreSummary", "TargetView", "WatchLock", "open_store",
]  # fmt: skip
