"""A role in a hospital's project that nobody declared."""

from __future__ import annotations

from luxops.domains.cloud.kinds import rest
from luxops.lab.breaks.cloud.hands import CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench


class RoleGiven(CloudBreak):
    role: str
    group: str
    project: str

    def apply(self, bench: Bench) -> None:
        bench.cloud.send("PUT", "identity", self._path(Hands(bench)))

    def heal(self, bench: Bench) -> None:
        rest.deleted(bench.cloud, "identity", self._path(Hands(bench)))

    def in_force(self, bench: Bench) -> bool:
        hands = Hands(bench)
        scope, group, role = self._ids(hands)
        query = {"scope.project.id": scope, "group.id": group, "role.id": role}
        return bool(hands.session.listed("identity", "/role_assignments", "role_assignments", parameters=query))

    def _ids(self, hands: Hands) -> tuple[str, str, str]:
        ids = (Id("project", self.project), Id("group", self.group), Id("role", self.role))
        project, group, role = (hands.id_of(thing) for thing in ids)
        return project, group, role

    def _path(self, hands: Hands) -> str:
        project, group, role = self._ids(hands)
        return f"/projects/{project}/groups/{group}/roles/{role}"


BREAKS = (
    RoleGiven(
        name="cloud-role",
        title="people who may only look may change a hospital's cloud",
        target="cloud-chnp",
        causes=causes("cloud-chnp", "role member of group observers on project chnp"),
        role="member",
        group="observers",
        project="chnp",
    ),
    RoleGiven(
        name="cloud-admin-role",
        title="a group of people is administrator through a hospital's project",
        target="cloud-hrs",
        causes=causes(
            "cloud-hrs",
            "role admin of group engineers on project hrs",
            fails=("cloud-admin-by-group", "cloud-admin-of-tenant", "cloud-roles-known"),
        ),
        role="admin",
        group="engineers",
        project="hrs",
    ),
)
