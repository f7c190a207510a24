"""A key pair that nobody declared: a way into the next server that is started with it."""

from __future__ import annotations

from typing import Final

from luxops.domains.cloud.kinds import rest
from luxops.lab.breaks.cloud.hands import SCRATCH, CloudBreak, causes
from luxops.lab.breaks.interface import Bench

_PATH: Final = "/os-keypairs"
KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKMYE3n40BvgB0O8/+SaeD+53PiGsPr9hwlmwfi4kqL3"


class KeyPair(CloudBreak):
    def apply(self, bench: Bench) -> None:
        if not self.in_force(bench):
            bench.cloud.send("POST", "compute", _PATH, {"keypair": {"name": SCRATCH, "public_key": KEY}})

    def heal(self, bench: Bench) -> None:
        rest.deleted(bench.cloud, "compute", f"{_PATH}/{SCRATCH}")

    def in_force(self, bench: Bench) -> bool:
        return SCRATCH in {item["keypair"]["name"] for item in bench.cloud.get("compute", _PATH)["keypairs"]}


BREAKS = (
    KeyPair(
        name="cloud-key-pair",
        title="a key pair was added by hand",
        target="cloud-platform",
        causes=causes("cloud-platform", f"key pair {SCRATCH}"),
    ),
)
