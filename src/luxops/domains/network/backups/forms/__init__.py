"""How each platform's configuration is kept, one file a platform."""

from __future__ import annotations

from collections.abc import Mapping

from luxops.domains.network.backups.forms.frr import FrrForm
from luxops.domains.network.backups.forms.interface import BackupForm
from luxops.domains.network.backups.forms.ios_xe import IosXeForm
from luxops.federation.schema import Platform

FORMS: Mapping[Platform, BackupForm] = {Platform.FRR: FrrForm(), Platform.IOS_XE: IosXeForm()}

__all__ = ["FORMS", "BackupForm"]
