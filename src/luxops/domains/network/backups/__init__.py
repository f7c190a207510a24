"""Backups of running configurations: only what is whole, parses and renders the same again, in a git repository."""

from luxops.domains.network.backups.checking import Standing, standings
from luxops.domains.network.backups.document import Stored
from luxops.domains.network.backups.errors import BackupError
from luxops.domains.network.backups.keeping import Reason, proved
from luxops.domains.network.backups.repository import BackupRepository, Kept

__all__ = ["BackupError", "BackupRepository", "Kept", "Reason", "Standing", "Stored", "proved", "standings"]
