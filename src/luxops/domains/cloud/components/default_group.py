"""The group that Neutron makes for every project by itself, and puts every port in that names no other."""

from __future__ import annotations

import pulumi


class ClosedDefaultGroup(pulumi.ComponentResource):
    """The project's own `default` group without a single rule.

    The provider can neither make that group nor delete a rule that it has not made, so no resource of Pulumi's stands for it:
    this component only declares it. luxops takes the rules out after either engine, and the sweep looks whether they stay out.
    """

    TYPE = "luxops:cloud:ClosedDefaultGroup"

    def __init__(self, name: str, *, project_id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare that the group is closed.

        Args:
            name: logical name.
            project_id: whose group.
            opts: as of every component.
        """
        super().__init__(self.TYPE, name, {"projectId": project_id, "rules": []}, opts)
        self.register_outputs({})
