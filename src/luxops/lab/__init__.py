"""A small real federation on one Debian machine."""

from luxops.lab.running import active

__all__ = ["active"]
