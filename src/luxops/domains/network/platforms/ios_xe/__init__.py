"""Cisco IOS-XE."""

from luxops.domains.network.platforms.ios_xe.platform import IosXe

IOS_XE = IosXe()

__all__ = ["IOS_XE"]
