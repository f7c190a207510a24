"""Verified, authenticated SSH transports: what commands and device command lines both run over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import paramiko

from luxops.errors import LuxopsError
from luxops.model import FailureReason
from luxops.settings import ConnectionSettings
from luxops.transports.dial import checked_namespace, dial
from luxops.transports.failures import PEER_ERRORS, SessionError, classified
from luxops.transports.interface import Endpoint
from luxops.transports.keys import KeyRing, load_configured
from luxops.transports.known_hosts import KnownHosts
from luxops.transports.ssh_config import ClientConfig, Hop
from luxops.transports.watchdog import Lease, Watchdog
from luxops.transports.wire import WireTransport


class Credentials:
    """What a runner needs to open sessions, checked when it is made: keys, client configuration, namespace.

    Raises LuxopsError where the user configured something that cannot be used.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        checked_namespace(settings.network_namespace)
        self.settings = settings
        self.keys = load_configured(settings.keys)
        self.config = ClientConfig.load(settings.ssh_config, settings.jump)
        KnownHosts.load([settings.known_hosts])

    def connector(self) -> Connector:
        """For one run. Host keys and the agent are looked at anew each time, so that a long-lived process sees changes."""
        return Connector(self)


class Connector:
    """Opens the sessions of one run. Bastions are connected to once and shared by all targets behind them."""

    def __init__(self, credentials: Credentials) -> None:
        self._settings = credentials.settings
        self._config = credentials.config
        self.watchdog = Watchdog()
        self._ring = KeyRing(credentials.keys, agent=self._settings.agent, seconds=self._settings.connect_timeout)
        self._known: dict[tuple[Any, ...], KnownHosts] = {(): KnownHosts.load([self._settings.known_hosts])}
        self._bastions: dict[tuple[Hop, ...], Future[WireTransport]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.watchdog.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.watchdog.__exit__(kind, error, traceback)
        self._ring.close()

    @contextmanager
    def session(self, endpoint: Endpoint) -> Iterator[tuple[paramiko.Transport, Lease]]:
        """A transport to the target, authenticated, its host key checked, open as long as the block.

        The lease is the target's own: its limits end the session. Raises SessionError.
        """
        route = self._config.route(endpoint)
        with self.watchdog.lease() as lease, lease.limit(self._settings.total_timeout, "the whole session"):
            yield self._open(route, lease), lease

    def _open(self, route: tuple[Hop, ...], lease: Lease) -> WireTransport:
        *before, hop = route
        connection: Any
        if before:
            connection = self._through(self._bastion(tuple(before)), tuple(before), hop, lease)
        else:
            connection = dial(
                hop.host,
                hop.port,
                seconds=self._settings.connect_timeout,
                namespace=self._settings.network_namespace,
                lease=lease,
            )
        return self._secured(connection, hop, lease)

    def _bastion(self, hops: tuple[Hop, ...]) -> WireTransport:
        with self._lock:
            future = self._bastions.get(hops)
            if future is not None and future.done() and not future.result().is_active():
                future = None
            mine = future is None
            if future is None:
                future = self._bastions[hops] = Future()
        if mine:
            lease = self.watchdog.grant()
            try:
                future.set_result(self._open(hops, lease))
            except BaseException as error:  # noqa: BLE001 - handed to everyone who waits for the bastion
                # Whoever waits for it fails alike; whoever comes later tries anew.
                with self._lock:
                    del self._bastions[hops]
                self.watchdog.end(lease)
                future.set_exception(error.at(f"bastion {hops[-1]}") if isinstance(error, SessionError) else error)
        return future.result()

    def _through(self, bastion: WireTransport, hops: tuple[Hop, ...], hop: Hop, lease: Lease) -> paramiko.Channel:
        try:
            channel = bastion.forward(hop.host, hop.port, self._settings.connect_timeout)
        except SessionError as error:
            lease.check()
            raise error.at(f"bastion {hops[-1]}") from error
        lease.holds(channel.close)
        return channel

    def _secured(self, connection: Any, hop: Hop, lease: Lease) -> WireTransport:  # noqa: ANN401 - a socket or a channel
        limit = self._settings.connect_timeout
        known = self._known_for(hop)
        try:
            transport = WireTransport(connection, known.algorithms(hop.key_names), limit)
        except PEER_ERRORS as error:
            raise classified(error, "opening the session") from error
        lease.holds(transport.close)
        with lease.limit(limit, "the SSH key exchange"):
            key = transport.exchange_keys()
        known.check(hop.key_names, key)
        keys, notes = self._ring.offers(hop.identity_files, identities_only=hop.identities_only)
        about = "".join(f". {note}" for note in notes)
        if not keys:
            raise SessionError(
                FailureReason.AUTHENTICATION,
                "there is no key to offer: name one in LUXOPS_CONNECTION__KEYS, add one to a running agent, or give an "
                f"IdentityFile in the SSH client configuration{about}",
            )
        try:
            with lease.limit(limit, "authentication"):
                transport.offer(hop.user, keys)
        except SessionError as error:
            raise error.adding(about) from error
        return transport

    def _known_for(self, hop: Hop) -> KnownHosts:
        with self._lock:
            if hop.known_hosts not in self._known:
                files = dict.fromkeys([self._settings.known_hosts, *hop.known_hosts])
                try:
                    self._known[hop.known_hosts] = KnownHosts.load(files)
                except LuxopsError as error:
                    # A file that the SSH configuration names for this host: the others do not need it.
                    raise SessionError(FailureReason.HOST_KEY_UNKNOWN, f"{error.what}: {error.why}") from error
            return self._known[hop.known_hosts]
