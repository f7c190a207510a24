"""An image of unknown origin that every project is offered."""

from __future__ import annotations

from typing import Final

from luxops.domains.cloud.kinds import rest
from luxops.lab.breaks.cloud.hands import SCRATCH, CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench

CONTENT: Final = bytes(512)
_IMAGE: Final = Id("image", SCRATCH)


class PublicImage(CloudBreak):
    def apply(self, bench: Bench) -> None:
        hands = Hands(bench)
        self.heal(bench)  # one whose upload was cut short cannot be gone on with
        body = {"name": SCRATCH, "disk_format": "raw", "container_format": "bare", "visibility": "public"}
        made = hands.session.send("POST", "image", "/images", body)["id"]
        hands.session.send("PUT", "image", f"/images/{made}/file", content=CONTENT)

    def heal(self, bench: Bench) -> None:
        hands = Hands(bench)
        if (image := hands.found(_IMAGE)) is not None:
            rest.deleted(hands.session, "image", f"/images/{image['id']}")

    def in_force(self, bench: Bench) -> bool:
        image = Hands(bench).found(_IMAGE)
        return image is not None and image["status"] == "active" and image["visibility"] == "public"


BREAKS = (
    PublicImage(
        name="cloud-image",
        title="an image that nobody declared is offered to every project",
        target="cloud-platform",
        causes=causes(
            "cloud-platform", f"image {SCRATCH}", fails=("cloud-image-marked", "cloud-image-protected", "cloud-image-public")
        ),
    ),
)
