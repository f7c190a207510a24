"""What all tenants stand on. The stack's name is the federation's id."""

import pulumi

from luxops.domains.cloud.components import Platform
from luxops.domains.cloud.programs import declared_federation

federation = declared_federation()
platform = Platform(pulumi.get_stack(), federation=federation)
pulumi.export("project_id", platform.project.id)
pulumi.export("groups", platform.groups)
pulumi.export("flavours", platform.flavours)
pulumi.export("images", platform.images)
pulumi.export("availability_zones", {dc.id: dc.availability_zone for dc in federation.file.datacentres})
pulumi.export("hubs", platform.hubs)
pulumi.export("management", platform.management)
