"""Reports over the samples."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.reports.report_samples import federation, policy_set, realistic

from luxops.reports import Report, build_report
from luxops.store.views import ScanContent


@pytest.fixture
def report() -> Report:
    return build_report(realistic(), policy_set(), federation())


@pytest.fixture
def make_report() -> Callable[[ScanContent], Report]:
    return lambda content: build_report(content, policy_set(), federation())
