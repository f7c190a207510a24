"""A server in a hospital's project that is in no stack."""

from __future__ import annotations

from typing import Final

from luxops.domains.cloud.kinds import rest
from luxops.lab.breaks.cloud.hands import SCRATCH, CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench

PROJECT: Final = "chl"


class ExtraServer(CloudBreak):
    """With a port that stays when Nova gives up the server, so that it has a name of its own."""

    def apply(self, bench: Bench) -> None:
        hands = Hands(bench)
        cloud, project = hands.session, hands.id_of(Id("project", PROJECT))
        port = hands.found(Id("port", SCRATCH))
        if port is None:
            body = {"name": SCRATCH, "network_id": hands.id_of(Id("network", "chl-administration")), "project_id": project}
            port = cloud.send("POST", "network", "/ports", {"port": body})["port"]
        if (server := hands.found(Id("server", SCRATCH))) is None:
            wanted = {
                "name": SCRATCH,
                "flavorRef": hands.id_of(Id("flavour", "small")),
                "imageRef": hands.id_of(Id("image", "debian-12")),
                "networks": [{"port": port["id"]}],
            }
            server = cloud.send("POST", "compute", "/servers", {"server": wanted}, project=project)["server"]
        path = f"/servers/{server['id']}"
        rest.settled(lambda: cloud.get("compute", path)["server"], "active", f"start server {SCRATCH}")

    def heal(self, bench: Bench) -> None:
        hands = Hands(bench)
        if (server := hands.found(Id("server", SCRATCH))) is not None:
            path = f"/servers/{server['id']}"
            rest.deleted(hands.session, "compute", path)
            rest.vanished(lambda: hands.session.get("compute", path)["server"], f"delete server {SCRATCH}")
        if (port := hands.found(Id("port", SCRATCH))) is not None:
            rest.deleted(hands.session, "network", f"/ports/{port['id']}")

    def in_force(self, bench: Bench) -> bool:
        server = Hands(bench).found(Id("server", SCRATCH))
        return server is not None and server["status"] == "ACTIVE"


BREAKS = (
    ExtraServer(
        name="cloud-server",
        title="a server runs in a hospital's project outside any stack",
        target="cloud-chl",
        causes=causes(
            "cloud-chl",
            f"server {SCRATCH}",
            f"port {SCRATCH}",
            fails=(
                "cloud-default-group-unused",
                "cloud-port-marked",
                "cloud-server-config-drive",
                "cloud-server-key",
                "cloud-server-marked",
            ),
        ),
    ),
)
