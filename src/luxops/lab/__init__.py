"""A small real federation on one Debian machine."""
