"""From a line typed by hand at a router to its report: syslog comes in, the router is read again, the difference is told.

Simulated routers on loopback take part of a second for each command. The time is from the moment at which the message was sent
to the report, with the settings that `luxops watch` has unless told otherwise.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from bench.harness import Result
from tests.support.routers import send, site, typed_message, watching

from luxops.logs import configure

ROUTERS = ("chl-edge1", "dc1-core1")
ROUNDS = 20
LATENCY = 0.1
SETTLE = 0.5
"""As `watch.event_settle` is by default."""
GONE = "watch.drift-ended"


def run() -> list[Result]:
    configure()
    with (
        tempfile.TemporaryDirectory() as name,
        # The limits on looks guard routers against floods; here each look is wanted.
        site(Path(name), *ROUTERS, latency=LATENCY, event_settle=SETTLE, event_looks=1000, event_looks_per_target=1000) as made,
        watching(made) as at_work,
    ):
        seconds = []
        for number in range(ROUNDS):
            router = made.routers[ROUTERS[number % len(ROUTERS)]]
            for change, told in ((router.typed, "watch.drift"), (router.undone, GONE)):
                mark = len(at_work.logged)
                change()
                sent = time.perf_counter()
                send(at_work.ports[0], typed_message(router.name))
                at_work.until(told, after=mark, target=router.name)
                seconds.append(time.perf_counter() - sent)
    late = statistics.quantiles(seconds, n=20)[-1]
    return [
        Result(f"change by hand, sent to reported: 95th of {len(seconds)}", late, "s", budget=5.0),
        Result("change by hand, sent to reported: median", statistics.median(seconds), "s"),
    ]
