"""Stands where the Pulumi CLI would: plays recorded engine events to the Automation API, and writes down how it was called.

It proves nothing of the real CLI; `test_pulumi_cli.py` does. Run as `pulumi`, from a folder on the PATH that the test makes.
STAND_IN names the folder with what it plays: `OPERATION-PROJECT.jsonl`, `state.json`, `refusal.txt`, `hang`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

RUN = {"kind": "update", "startTime": "2026-01-01T00:00:00.000Z", "message": "", "environment": {}, "config": {}}


def main(arguments: list[str]) -> int:
    """Answer one command. Gives its exit code."""
    folder = Path(os.environ["STAND_IN"])
    arguments = [argument for argument in arguments if argument != "--non-interactive"]
    with (folder / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": str(Path.cwd())}) + "\n")
    if arguments[0] in {"preview", "up", "destroy"}:
        return _operate(arguments[0], folder, arguments)
    if arguments[:3] == ["stack", "import", "--file"]:
        (folder / "state.json").write_text(Path(arguments[3]).read_text())
    elif arguments[:2] == ["stack", "export"] and not (folder / "state.json").exists():
        return _refuse("error: no stack named 'x' found")
    else:
        state = folder / "state.json"
        answers = {
            "version": "v3.255.0",
            "stack export": state.read_text() if state.exists() else "",
            "stack history": json.dumps([{**RUN, "result": "succeeded"}]),
            "stack output": "{}",
        }
        sys.stdout.write(answers.get(" ".join(arguments[:2]), ""))
    return 0


def _refuse(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 255


def _operate(operation: str, folder: Path, arguments: list[str]) -> int:
    if (folder / "refusal.txt").exists():
        return _refuse((folder / "refusal.txt").read_text())
    recorded = folder / f"{operation}-{Path.cwd().name}.jsonl"
    lines = recorded.read_text().splitlines() if recorded.exists() else ['{"summaryEvent":{"resourceChanges":{}}}']
    _send(arguments[arguments.index("--event-log") + 1], lines)
    if (folder / "hang").exists() and operation != "preview":
        _hang(folder)
    return _refuse("error: update failed") if any("resOpFailedEvent" in line for line in lines) else 0


def _send(address: str, lines: list[str]) -> None:
    import grpc  # noqa: PLC0415 - not for `version`
    from pulumi.runtime.proto import events_pb2, events_pb2_grpc  # noqa: PLC0415 - same

    with grpc.insecure_channel(address.removeprefix("tcp://")) as channel:
        events = (events_pb2.EventRequest(event=line) for line in lines)
        events_pb2_grpc.EventsStub(channel).StreamEvents(events)


def _hang(folder: Path) -> None:
    """With a plugin in a process group of its own, as the real one has, until it is interrupted; or for ever."""
    if (folder / "hang").read_text() == "deaf":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    plugin = subprocess.Popen(["sleep", "600"], process_group=0)  # noqa: S607 - any program that stays
    (folder / "plugin.pid").write_text(str(plugin.pid))
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        (folder / "interrupted").write_text("")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
