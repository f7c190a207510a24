"""What can go wrong with the backups themselves."""

from __future__ import annotations

from luxops.errors import LuxopsError


class BackupError(LuxopsError):
    """The repository cannot be used: not there, not luxops's, broken, changed by someone else, or in use."""
