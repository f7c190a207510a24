"""How each platform is changed. A platform that is not here cannot be pushed to."""

from __future__ import annotations

from collections.abc import Mapping

from luxops.domains.network.platforms.changing import Changing
from luxops.domains.network.platforms.frr.changing import FrrChanging
from luxops.domains.network.platforms.ios_xe.changing import IosXeChanging
from luxops.federation.schema import Platform

MECHANISMS: Mapping[Platform, Changing] = {Platform.FRR: FrrChanging(), Platform.IOS_XE: IosXeChanging()}
