"""The page that Prometheus reads."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry, start_http_server

from luxops.errors import UsageError


class MetricsServer:
    """Serves a registry over HTTP for as long as the `with` block lasts, in a thread of its own."""

    def __init__(self, listen: str, registry: CollectorRegistry) -> None:
        """`listen`: `ADDRESS:PORT`, port 0 for any free one. Raises UsageError where that is malformed or taken."""
        address, _, port = listen.rpartition(":")
        if not address or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the largest port
            raise _cannot(listen, "it is not ADDRESS:PORT")
        try:
            self._server, self._thread = start_http_server(int(port), address.strip("[]"), registry)
        except OSError as error:
            raise _cannot(listen, error.strerror or str(error)) from error
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _cannot(listen: str, why: str) -> UsageError:
    return UsageError(
        f"Metrics cannot be served on `{listen}`",
        why=why,
        remedy="Choose another address with LUXOPS_WATCH__LISTEN=ADDRESS:PORT.",
    )
