"""A time server for the lab's management network: answers NTP with this machine's own clock. Runs alone: `clock.py ADDRESS...`.

Started inside the management namespace by the interpreter without site packages, so it imports the standard library only.
"""

import selectors
import socket
import struct
import sys
import time

PORT = 123
EPOCH = 2_208_988_800
"""Seconds from 1900, where NTP begins to count, to 1970."""
REQUEST = 48
VERSION, CLIENT, SERVER = 0b00_111_000, 3, 4
STRATUM, PRECISION = 2, -20


def answer(request: bytes, now: float) -> bytes:
    """The reply to one client's packet (RFC 5905); empty where it is none."""
    if len(request) < REQUEST or request[0] & 0b111 != CLIENT:
        return b""
    moment = stamp(now)
    head = struct.pack("!BBbbII4s", request[0] & VERSION | SERVER, STRATUM, request[2], PRECISION, 0, 0, b"LOCL")
    return head + moment + request[40:48] + moment + moment


def stamp(now: float) -> bytes:
    """Seconds since 1970 as NTP writes them: 32 bits of seconds since 1900, 32 of their fraction."""
    return struct.pack("!II", (int(now) + EPOCH) % 2**32, int(now % 1 * 2**32))


def main(addresses: list[str]) -> None:
    """Answer on all addresses until killed."""
    waiting = selectors.DefaultSelector()
    for address in addresses:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((address, PORT))
        waiting.register(server, selectors.EVENT_READ, server)
    while True:
        for key, _ in waiting.select():
            request, client = key.data.recvfrom(1024)
            if reply := answer(request, time.time()):
                key.data.sendto(reply, client)


if __name__ == "__main__":
    main(sys.argv[1:])
