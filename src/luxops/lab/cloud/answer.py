"""Answers every TCP connection with a name and hangs up: `answer.py NAME PORT...`, inside a server's namespace.

Started by the interpreter without site packages, so it imports the standard library only.
"""

import contextlib
import selectors
import socket
import sys


def main(name: str, ports: list[str]) -> None:
    """Answer on all ports, at every address, until killed."""
    waiting = selectors.DefaultSelector()
    for port in ports:
        waiting.register(socket.create_server(("0.0.0.0", int(port)), backlog=128), selectors.EVENT_READ)  # noqa: S104 - its namespace's
    while True:
        for key, _ in waiting.select():
            with contextlib.suppress(OSError):
                connection, client = key.fileobj.accept()  # type: ignore[union-attr] # a socket, as registered
                connection.sendall(f"{name} {client[0]}\n".encode())
                connection.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
