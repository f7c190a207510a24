"""The git repository of backups: bare, one file a device, written by one process at a time.

There is no work tree and no index: a commit is one `git fast-import`, whose last step moves the branch. A run that is killed
leaves at most objects that nothing refers to.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from luxops.domains.network.backups.document import Stored, read_document
from luxops.domains.network.backups.errors import BackupError
from luxops.domains.network.backups.git import Git, broken
from luxops.domains.network.backups.keeping import Reason
from luxops.domains.network.backups.ledger import Checked, Ledger, read_ledger, write_ledger
from luxops.domains.network.backups.locking import locked
from luxops.domains.network.transcripts import ParseError
from luxops.errors import UsageError, did_you_mean
from luxops.model import Frozen, TargetId

BRANCH = "refs/heads/main"
_SUFFIX = ".cfg"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_ENTRY = re.compile(r"(\d{6}) (\w+) ([0-9a-f]{40,64})\t(.+)", re.DOTALL)


class Kept(Frozen):
    """What became of a set of proved backups."""

    commit: str = ""
    """Empty: nothing differed, so that nothing was committed."""
    new: tuple[TargetId, ...] = ()
    changed: tuple[TargetId, ...] = ()
    unchanged: tuple[TargetId, ...] = ()


class Version(Frozen):
    """One commit in which a device's backup changed."""

    commit: str
    at: datetime
    title: str


class BackupRepository:
    """Safe to use from several processes at once. Every method raises BackupError where the repository cannot be trusted."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made or read yet."""
        self.folder = folder.expanduser().absolute()
        self._git = Git(self.folder)

    def keep(self, backups: Sequence[Stored], reason: Reason, at: datetime) -> Kept:
        """Commit what differs from the newest backups; all of `backups` are proved good `at` that time."""
        with locked(self.folder):
            self._make()
            head = self._head()
            there = self.newest(b.device for b in backups)
            differing = [b for b in backups if there.get(b.device) != b]
            commit = self._commit(differing, reason, at, head) if differing else ""
            known = read_ledger(self.folder)
            devices = dict(known.devices) if known else {}
            devices |= {b.device: Checked(digest=b.digest, at=at) for b in backups}
            write_ledger(self.folder, Ledger(head=commit or head or "", devices=devices))
        new = tuple(b.device for b in differing if b.device not in there)
        changed = tuple(b.device for b in differing if b.device in there)
        unchanged = tuple(b.device for b in backups if there.get(b.device) == b)
        return Kept(commit=commit, new=new, changed=changed, unchanged=unchanged)

    def newest(self, devices: Iterable[TargetId] | None = None) -> Mapping[TargetId, Stored]:
        """The newest good backup of each, or of just these devices; what was never backed up is not in it."""
        if not self.exists() or self._head() is None:
            return {}
        entries = self._entries()
        wanted = entries.keys() if devices is None else [device for device in devices if device in entries]
        return {device: self._document(device, data) for device, data in self._contents({d: entries[d] for d in wanted})}

    def at(self, device: TargetId, commit: str = "") -> Stored:
        """One device's newest backup, or the one of a commit. Raises UsageError where there is none."""
        history = self.history(device)
        if not history:
            near = did_you_mean(device, [str(known) for known in self._entries()] if self._head_or_none() else [])
            raise UsageError(f"There is no backup of `{device}`{near}", remedy=f"Make one: luxops network backup {device}")
        chosen = history[0].commit
        if commit:
            chosen = self._resolved(commit)
            entry = self._entries(chosen).get(device)
            if entry is None:
                raise UsageError(
                    f"Commit {commit} holds no backup of `{device}`", why=f"the first one is in {history[-1].commit[:12]}"
                )
        else:
            entry = self._entries(chosen)[device]
        ((_, data),) = self._contents({device: entry})
        return self._document(device, data)

    def history(self, device: TargetId) -> list[Version]:
        """The commits in which the device's backup changed, the newest first."""
        if not self.exists() or self._head() is None or not _NAME.fullmatch(device):
            return []
        found = self._git.run("log", "--no-color", "--format=%H %ct %s", "-z", BRANCH, "--", f"{device}{_SUFFIX}")
        versions = []
        for line in filter(None, found.decode("utf-8", "replace").split("\0")):
            commit, seconds, title = line.split(" ", 2)
            versions.append(Version(commit=commit, at=datetime.fromtimestamp(int(seconds), UTC), title=title))
        return versions

    def verified_at(self, backups: Mapping[TargetId, Stored]) -> Mapping[TargetId, datetime]:
        """When each of the newest backups was last seen to be what the device runs: never later than it was."""
        known = read_ledger(self.folder) if self.exists() else None
        found: dict[TargetId, datetime] = {}
        for device, stored in backups.items():
            seen = known.devices.get(device) if known else None
            if seen is not None and seen.digest == stored.digest:
                found[device] = seen.at
            else:  # the ledger was lost: the commit's own time is old enough
                found[device] = self.history(device)[0].at
        return found

    def verify(self) -> None:
        """Every object is there and holds what its name says."""
        if self.exists():
            self._git.run("fsck", "--full", "--strict", "--no-dangling", "--no-progress")

    def exists(self) -> bool:
        """Whether a first run has made it. Raises BackupError where something else stands in its place."""
        if not self.folder.exists() or (self.folder.is_dir() and not any(self.folder.iterdir())):
            return False
        if not self.folder.is_dir() or not (self.folder / "HEAD").is_file() or not (self.folder / "objects").is_dir():
            raise broken(self.folder, "it is not the git repository that luxops made")
        if self.folder.stat().st_mode & 0o077:
            raise BackupError(
                f"The backups in {self.folder} are open to others",
                why="its mode gives rights to the group or to everyone; configurations are confidential",
                remedy=f"chmod -R go= {self.folder}; find out who changed it.",
            )
        return True

    # Inside

    def _make(self) -> None:
        """Under the lock. It appears whole, by one rename."""
        leftovers = self.folder.parent.glob(f".{self.folder.name}.new*") if self.folder.parent.exists() else ()
        for leftover in leftovers:
            shutil.rmtree(leftover, ignore_errors=True)
        if self.exists():
            # Under the lock no other run is alive: what git locked belongs to one that was killed.
            for stale in ("HEAD.lock", "config.lock", "packed-refs.lock", f"{BRANCH}.lock"):
                (self.folder / stale).unlink(missing_ok=True)
            return
        fresh = self.folder.with_name(f".{self.folder.name}.new")
        try:
            fresh.mkdir(mode=0o700, parents=True)
            Git(fresh).run("init", "--quiet", "--bare", "--template=", "--initial-branch=main")
            fresh.chmod(0o700)
            fresh.rename(self.folder)
        except OSError as error:
            raise broken(self.folder, f"it cannot be made: {error.strerror}") from error

    def _head_or_none(self) -> str | None:
        return self._head() if self.exists() else None

    def _head(self) -> str | None:
        """The newest commit; None before the first. Raises BackupError where what luxops wrote last is not before it."""
        done = self._git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{BRANCH}^{{commit}}")
        head = done.stdout.decode("ascii", "replace").strip() if done.returncode == 0 else None
        known = read_ledger(self.folder)
        if head is None:
            refs = self.folder / BRANCH, self.folder / "packed-refs"
            if (known is not None and known.head) or done.stderr.strip() or any(ref.exists() for ref in refs):
                raise broken(self.folder, "its newest commit is gone or damaged")
            return None
        if known is not None and known.head and known.head != head:
            before = self._git.attempt("merge-base", "--is-ancestor", known.head, head)
            if before.returncode != 0:
                raise broken(self.folder, f"its history was rewritten: {known.head[:12]}, written last, is not in it any more")
        return head

    def _resolved(self, commit: str) -> str:
        if not re.fullmatch(r"[0-9a-f]{4,64}", commit):
            raise UsageError(f"`{commit}` is no commit", remedy="Take an id that `luxops network backup --log DEVICE` shows.")
        done = self._git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
        if done.returncode != 0:
            raise UsageError(f"There is no commit {commit} among the backups in {self.folder}")
        return done.stdout.decode("ascii").strip()

    def _entries(self, commit: str = BRANCH) -> Mapping[TargetId, str]:
        """Device → object. Raises BackupError for what luxops never puts there."""
        found: dict[TargetId, str] = {}
        for line in filter(None, self._git.run("ls-tree", "-z", commit).decode("utf-8", "replace").split("\0")):
            match = _ENTRY.fullmatch(line)
            name = match[4].removesuffix(_SUFFIX) if match else ""
            if match is None or match[1] != "100644" or match[4] == name or not _NAME.fullmatch(name):
                raise broken(self.folder, f"it holds `{line[-60:]!a}`, which luxops did not put there")
            found[TargetId(name)] = match[3]
        return found

    def _contents(self, entries: Mapping[TargetId, str]) -> Iterator[tuple[TargetId, bytes]]:
        """Every object in one git process."""
        out = (
            self._git.run("cat-file", "--batch", stdin="".join(f"{o}\n" for o in entries.values()).encode()) if entries else b""
        )
        at = 0
        for device, name in entries.items():
            end = out.find(b"\n", at)
            head = out[at:end].decode("ascii", "replace").split(" ")
            if end < 0 or len(head) != 3 or head[1] != "blob":  # noqa: PLR2004 - name, kind, size
                raise broken(self.folder, f"the backup of {device} ({name[:12]}) is gone or damaged")
            at = end + 1 + int(head[2]) + 1
            yield device, out[end + 1 : at - 1]

    def _document(self, device: TargetId, data: bytes) -> Stored:
        try:
            stored = read_document(data)
        except ParseError as error:
            raise broken(self.folder, f"the backup of {device} was changed by someone else: {error.detail}") from None
        if stored.device != device:
            raise broken(self.folder, f"the backup of {device} is one of {stored.device}")
        return stored

    def _commit(self, backups: Sequence[Stored], reason: Reason, at: datetime, head: str | None) -> str:
        message = reason.message(b.device for b in backups).encode()
        stream = [
            b"feature done\n",
            f"commit {BRANCH}\ncommitter luxops <luxops@localhost> {int(at.timestamp())} +0000\n".encode(),
            f"data {len(message)}\n".encode() + message + b"\n",
            f"from {head}\n".encode() if head else b"",
        ]
        for stored in backups:
            if not _NAME.fullmatch(stored.device):
                raise BackupError(f"`{stored.device}` cannot name a file", remedy="Rename the router in the inventory.")
            data = stored.text().encode("utf-8", "surrogateescape")
            stream.append(f"M 100644 inline {stored.device}{_SUFFIX}\ndata {len(data)}\n".encode() + data + b"\n")
        self._git.run("fast-import", "--quiet", "--date-format=raw", stdin=b"".join([*stream, b"done\n"]))
        commit = self._head()
        if commit is None or commit == head:
            raise broken(self.folder, "git took the new backups and did not keep them")
        return commit
