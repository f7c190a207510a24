"""One hospital's virtual private cloud. The stack's name is the hospital's id."""

import pulumi

from luxops.domains.cloud.components import TenantCloud
from luxops.domains.cloud.programs import declared_federation, platform_outputs

federation = declared_federation()
hospital = federation.hospital(pulumi.get_stack())
tenant = TenantCloud(hospital.id, federation=federation, owner=hospital, platform=platform_outputs(federation))
pulumi.export("project_id", tenant.project.id)
pulumi.export("routers", {place: router.id for place, router in tenant.routers.items()})
