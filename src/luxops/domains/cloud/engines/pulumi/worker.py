"""The process that works on one stack, through Pulumi's Automation API. Started by `process.py`, never by people.

Standard input holds the request, and then stays open for as long as the work is wanted: when it closes, because luxops was
stopped or has died, the CLI is asked to stop, and everything that it has started ends with this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any

from pulumi.automation import LocalWorkspace, Stack, errors
from pulumi.automation.events import EngineEvent

from luxops.domains.cloud.engines.pulumi import state
from luxops.domains.cloud.engines.pulumi.events import line_of
from luxops.domains.cloud.engines.pulumi.protocol import Ended, Operation, Request, Said, Step, Trouble
from luxops.domains.cloud.engines.pulumi.sessions import children, kill_session

GRACE = 60.0
"""Seconds that the CLI has to finish what the cloud is doing already, once it was asked to stop."""


class _Workspace(LocalWorkspace):
    """As the Automation API's own, but it changes no selected stack, and leaves encrypted what a state has encrypted."""

    def create_stack(self, stack_name: str) -> None:
        with contextlib.suppress(errors.StackAlreadyExistsError):
            self._run_pulumi_cmd_sync(["stack", "init", stack_name, "--no-select"])

    def select_stack(self, stack_name: str) -> None:
        """Every command names its stack."""

    def exported(self, stack_name: str) -> dict[str, Any]:
        said = self._run_pulumi_cmd_sync(["stack", "export", "--stack", stack_name]).stdout
        return dict(json.loads(said))

    def imported(self, stack_name: str, deployment: Any) -> None:  # noqa: ANN401 - a state
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(deployment, file)
            file.flush()
            self._run_pulumi_cmd_sync(["stack", "import", "--file", file.name, "--stack", stack_name])


class Worker:
    """One request's work."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def tell(self, line: Step | Said | Ended) -> None:
        with self._lock:
            sys.stdout.write(line.model_dump_json() + "\n")
            sys.stdout.flush()

    def warned(self, message: Warning | str, *_: object, **__: object) -> None:
        """The Automation API only warns where it cannot read an event."""
        if "event" in str(message):
            self.tell(Said(severity="error", text=f"An event of the CLI's is lost: {str(message)[:500]}"))

    def work(self) -> Ended:
        """What came of it."""
        try:
            workspace = _Workspace(work_dir=str(self._request.folder))
            return self._done(workspace)
        except errors.InvalidVersionError as error:
            return Ended(trouble=Trouble.VERSION, text=str(error))
        except errors.ConcurrentUpdateError as error:
            return Ended(trouble=Trouble.LOCKED, text=str(error))
        except errors.StackNotFoundError as error:
            return Ended(trouble=Trouble.MISSING, text=str(error))
        except errors.CommandError as error:
            return Ended(trouble=Trouble.FAILED, text=str(error))

    def _done(self, workspace: _Workspace) -> Ended:
        request = self._request
        name = f"organization/{request.stack}"
        if request.operation is Operation.EXPORT:
            return Ended(deployment=workspace.exported(name))
        if request.operation is Operation.IMPORT:
            workspace.imported(name, request.deployment)
            return Ended()
        makes = request.operation in {Operation.UP, Operation.PREVIEW}
        stack = (Stack.create if makes else Stack.select)(name, workspace)
        if request.operation is Operation.UP:
            unclear = [p for p in state.pending(workspace.exported(name)) if p.may_be_there]
            if unclear:
                return Ended(trouble=Trouble.PENDING, text=", ".join(p.name for p in unclear))
        self._operate(stack)
        return Ended()

    def _operate(self, stack: Stack) -> None:
        request = self._request
        common: dict[str, Any] = {"color": "never", "on_event": self._event, "parallel": request.parallel}
        match request.operation:
            case Operation.PREVIEW:
                stack.preview(refresh=True, exclude=list(request.excluded) or None, **common)
            case Operation.UP:
                stack.up(
                    refresh=True,
                    exclude=list(request.excluded) or None,
                    continue_on_error=True,
                    suppress_outputs=True,
                    suppress_progress=True,
                    show_secrets=False,
                    **common,
                )
            case Operation.DESTROY:
                stack.destroy(
                    continue_on_error=True, suppress_outputs=True, suppress_progress=True, show_secrets=False, **common
                )
            case _:
                stack.cancel()

    def _event(self, event: EngineEvent) -> None:
        line = line_of(event, time.monotonic() - self._began)
        if line is not None:
            self.tell(line)


def _wait_for_the_end() -> None:
    """Until nobody wants the work any more."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    stop()


def stop(*_: object) -> None:
    """Ask the CLI to finish; past its time everything ends, this process last."""
    for pid in children(os.getpid()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and children(os.getpid()):
        time.sleep(0.05)
    kill_session(os.getsid(0), spared=os.getpid())
    os._exit(1)


def main() -> None:
    """Do what standard input asks for."""
    request = Request.model_validate_json(_first_line())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: threading.Thread(target=stop, daemon=True).start())
    threading.Thread(target=_wait_for_the_end, daemon=True).start()
    worker = Worker(request)
    warnings.showwarning = worker.warned
    worker.tell(worker.work())
    kill_session(os.getsid(0), spared=os.getpid())


def _first_line() -> bytes:
    """Unbuffered, since what follows is for another to read."""
    line = b""
    while not line.endswith(b"\n"):
        read = os.read(0, 65536)
        if not read:
            break
        line += read
    return line


if __name__ == "__main__":
    sys.path[:] = [entry for entry in sys.path if entry not in {"", str(Path.cwd())}]
    main()
