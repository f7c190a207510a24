"""One shared service's cloud: a tenant like the hospitals. The stack's name is the service's id."""

import pulumi

from luxops.domains.cloud.components import TenantCloud
from luxops.domains.cloud.programs import declared_federation, platform_outputs

federation = declared_federation()
service = federation.services[pulumi.get_stack()]
tenant = TenantCloud(service.id, federation=federation, owner=service, platform=platform_outputs(federation))
pulumi.export("project_id", tenant.project.id)
pulumi.export("routers", {place: router.id for place, router in tenant.routers.items()})
