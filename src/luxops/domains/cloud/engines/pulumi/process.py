"""luxops' side of a stack's process: it is started, listened to, and always ended."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError

from luxops.domains.cloud.engines.pulumi.protocol import LINE, Ended, Said, Step, Trouble
from luxops.domains.cloud.engines.pulumi.sessions import kill_session

if TYPE_CHECKING:
    from luxops.domains.cloud.engines.pulumi.environment import Surroundings
    from luxops.domains.cloud.engines.pulumi.protocol import Request

WORKER = (sys.executable, "-P", "-m", "luxops.domains.cloud.engines.pulumi.worker")
"""`-P`: nothing of the folder that luxops was started in is imported."""
PATIENCE = 75.0
"""Seconds for a process that was asked to stop; a little more than it gives the CLI."""
_KEPT = 40
"""Last lines of its standard error."""


class StackProcess:
    """One stack's work in a session of its own, so that Ctrl-C in a terminal reaches luxops alone, and luxops ends the rest."""

    def __init__(self, request: Request, around: Surroundings, command: Sequence[str] = WORKER) -> None:
        self._around = around
        self._said: deque[str] = deque(maxlen=_KEPT)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(around.variables),
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        assert self._process.stdin is not None  # noqa: S101 - a pipe
        with contextlib.suppress(BrokenPipeError):  # one that died at once is told of by `lines`
            self._process.stdin.write(request.model_dump_json() + "\n")
            self._process.stdin.flush()

    @property
    def session(self) -> int:
        """The id of its session, and its own."""
        return self._process.pid

    def lines(self) -> Iterator[Step | Said | Ended]:
        """What happens, as it does. The last is always an Ended, also where the process died."""
        assert self._process.stdout is not None  # noqa: S101 - a pipe
        for text in self._process.stdout:
            line = self._read(text)
            if isinstance(line, Said | Ended):
                line = line.model_copy(update={"text": self._around.shown(line.text)})
            yield line
            if isinstance(line, Ended):
                return
        code = self._process.wait()
        self._listener.join(1.0)
        said = self._around.shown("\n".join(self._said)) or "it said nothing"
        yield Ended(trouble=Trouble.FAILED, text=f"The process ended with {code}: {said}")

    def _read(self, text: str) -> Step | Said | Ended:
        try:
            return LINE.validate_json(text)
        except ValidationError:
            return Said(severity="warning", text=text.rstrip()[:500])

    def _listen(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - a pipe
        with contextlib.suppress(ValueError):  # closed meanwhile
            for text in self._process.stderr:
                self._said.append(text.rstrip())

    def stop(self) -> None:
        """Ask it to stop. What happens until then is still to be listened to."""
        assert self._process.stdin is not None  # noqa: S101 - a pipe
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def kill(self) -> None:
        """End it and all that it has started, at once."""
        kill_session(self.session)

    def close(self) -> None:
        """End it, if it has not ended: asked first, then at once. Interrupted meanwhile, at once."""
        try:
            self.stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
        finally:
            self.kill()
            self._process.wait()
            self._listener.join(1.0)
            for stream in (self._process.stdout, self._process.stderr):
                if stream is not None:
                    stream.close()
