"""FRR on Debian."""

from luxops.domains.network.platforms.frr.platform import Frr

FRR = Frr()

__all__ = ["FRR"]
