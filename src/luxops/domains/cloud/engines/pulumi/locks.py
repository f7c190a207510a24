"""Who holds a stack: read from the state itself, or from what the CLI says."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from luxops.domains.cloud.engines.pulumi.environment import state_url
from luxops.errors import LuxopsError
from luxops.model import Frozen

if TYPE_CHECKING:
    from luxops.domains.cloud.nouns import StackId

FOLDER: Final = ".pulumi/locks/organization"
_MAX = 64 * 1024
_SAID = re.compile(r"created by (?P<user>[^@\s]*)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")
_NANOSECONDS = re.compile(r"(\.\d{6})\d+")
_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Lock(Frozen):
    """One process that says it is at work on a stack; it may be long dead."""

    stack: str
    user: str
    host: str
    pid: int
    since: datetime

    def told(self, now: datetime | None = None) -> str:
        """Owner and age, for people."""
        age = (now or datetime.now(UTC)) - self.since
        return f"{self.user}@{self.host} (process {self.pid}) for {_duration(age)}, since {self.since:%Y-%m-%d %H:%M:%S %Z}"


def _duration(age: timedelta) -> str:
    minutes, seconds = divmod(max(0, int(age.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def locks_in(text: str, stack: StackId) -> tuple[Lock, ...]:
    """The locks that a message of the CLI's tells of."""
    return tuple(
        Lock(stack=stack, user=m["user"], host=m["host"], pid=int(m["pid"]), since=_time(m["since"]))
        for m in _SAID.finditer(text)
    )


def locks_of(state: str, stack: StackId) -> tuple[Lock, ...]:
    """The locks of a stack, the oldest first, read where the state is. Raises LuxopsError where that cannot be read."""
    found = [_lock(content, stack) for content in _contents(state, f"{FOLDER}/{stack}/")]
    return tuple(sorted(found, key=lambda lock: lock.since))


def _lock(content: bytes, stack: StackId) -> Lock:
    try:
        plain: Mapping[str, Any] = json.loads(content)
        return Lock(
            stack=stack,
            user=str(plain["username"]),
            host=str(plain["hostname"]),
            pid=int(plain["pid"]),
            since=_time(str(plain["timestamp"])),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise LuxopsError(f"A lock of stack {stack} cannot be read", why=f"{type(error).__name__}: {error}") from None


def _time(text: str) -> datetime:
    """Go writes nanoseconds, Python reads microseconds."""
    return datetime.fromisoformat(_NANOSECONDS.sub(r"\1", text)).astimezone(UTC)


def _contents(state: str, prefix: str) -> Iterator[bytes]:
    url = state_url(state)
    scheme = url.partition("://")[0]
    reader = {"file": _files, "s3": _objects, "postgres": _rows}[scheme]
    yield from reader(url, prefix)


def _files(url: str, prefix: str) -> Iterator[bytes]:
    folder = Path(url.removeprefix("file://").partition("?")[0]) / prefix
    for path in sorted(folder.glob("*.json")):
        try:
            with path.open("rb") as file:
                yield file.read(_MAX)
        except FileNotFoundError:
            continue  # given back meanwhile


def _objects(url: str, prefix: str) -> Iterator[bytes]:
    try:
        import boto3  # type: ignore[import-untyped] # noqa: PLC0415 - only for a state in S3; the CLI itself does without
        from botocore.config import Config  # type: ignore[import-untyped] # noqa: PLC0415 - same
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped] # noqa: PLC0415 - same
    except ImportError:
        raise LuxopsError("Locks in S3 cannot be read", why="boto3 is not installed", remedy="pip install boto3") from None
    parts = urlsplit(url)
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    style = "path" if asked.get("s3ForcePathStyle", asked.get("use_path_style")) == "true" else "auto"
    endpoint = asked.get("endpoint")
    if endpoint and "://" not in endpoint:
        endpoint = f"{'http' if asked.get('disableSSL') == 'true' else 'https'}://{endpoint}"
    key = "/".join(filter(None, (parts.path.strip("/"), prefix)))
    try:
        session = boto3.session.Session(profile_name=asked.get("profile"))
        s3 = session.client(
            "s3", region_name=asked.get("region"), endpoint_url=endpoint, config=Config(s3={"addressing_style": style})
        )
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=parts.netloc, Prefix=key):
            for item in page.get("Contents", []):
                yield s3.get_object(Bucket=parts.netloc, Key=item["Key"])["Body"].read(_MAX)
    except (BotoCoreError, ClientError) as error:
        raise LuxopsError("The state in S3 cannot be read", why=str(error), remedy="Check LUXOPS_CLOUD__STATE.") from None


def _rows(url: str, prefix: str) -> Iterator[bytes]:
    import psycopg  # noqa: PLC0415 - only for a state in PostgreSQL
    from psycopg import sql  # noqa: PLC0415 - same

    parts = urlsplit(url)
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    table = asked.pop("table", "pulumi_state")
    if not _TABLE.fullmatch(table):
        raise LuxopsError("The table of the state in PostgreSQL has no proper name", remedy="Correct LUXOPS_CLOUD__STATE.")
    # The CLI takes the address's path for a folder too, as in a bucket: keys begin with the database's name.
    key = "/".join(filter(None, (parts.path.strip("/"), prefix)))
    address = urlunsplit(parts._replace(query=urlencode(asked)))
    query = sql.SQL("SELECT data ->> 'data' FROM {} WHERE starts_with(key, %s) ORDER BY key").format(sql.Identifier(table))
    try:
        with psycopg.connect(address, connect_timeout=10) as connection:
            for (data,) in connection.execute(query, (key,)):
                yield base64.b64decode(data)
    except psycopg.errors.UndefinedTable:
        return  # nobody has ever used it
    except psycopg.Error as error:
        why = type(error).__name__ if parts.password and parts.password in str(error) else str(error)
        raise LuxopsError("The state in PostgreSQL cannot be read", why=why, remedy="Check LUXOPS_CLOUD__STATE.") from None
