"""Router platforms, one package or module each."""

from __future__ import annotations

from collections.abc import Mapping

from luxops.domains.network.platforms.frr import FRR
from luxops.domains.network.platforms.interface import RouterPlatform
from luxops.domains.network.platforms.ios_xe import IOS_XE
from luxops.federation.schema import Platform

PLATFORMS: Mapping[Platform, RouterPlatform] = {platform.name: platform for platform in (FRR, IOS_XE)}

__all__ = ["PLATFORMS", "RouterPlatform"]
