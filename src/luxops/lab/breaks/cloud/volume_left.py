"""A server's volume was detached, and left lying about with its data."""

from __future__ import annotations

from typing import Any, Final

from luxops.domains.cloud.kinds import rest
from luxops.lab.breaks.cloud.hands import CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench

SERVER: Final = Id("server", "anim-dc1")
VOLUME: Final = Id("volume", "anim-dc1-index")


class VolumeLeft(CloudBreak):
    def apply(self, bench: Bench) -> None:
        hands = Hands(bench)
        rest.deleted(hands.session, "compute", f"{_attachments(hands)}/{hands.id_of(VOLUME)}")
        rest.settled(lambda: hands.get(VOLUME), "available", f"detach {VOLUME.name}")

    def heal(self, bench: Bench) -> None:
        hands = Hands(bench)
        volume = hands.get(VOLUME)
        if volume["status"] == "detaching":
            volume = rest.settled(lambda: hands.get(VOLUME), "available", f"detach {VOLUME.name}")
        if volume["status"] == "available":
            body: dict[str, Any] = {"volumeAttachment": {"volumeId": volume["id"]}}
            hands.session.send("POST", "compute", _attachments(hands), body)
        rest.settled(lambda: hands.get(VOLUME), "in-use", f"attach {VOLUME.name}")

    def in_force(self, bench: Bench) -> bool:
        return bool(Hands(bench).get(VOLUME)["status"] == "available")


def _attachments(hands: Hands) -> str:
    return f"/servers/{hands.id_of(SERVER)}/os-volume_attachments"


BREAKS = (
    VolumeLeft(
        name="cloud-volume-left",
        title="a volume was detached from its server and left",
        target="cloud-anim",
        causes=causes("cloud-anim", f"volume attachment {VOLUME.name} in {SERVER.name}", fails=("cloud-volume-attached",)),
    ),
)
