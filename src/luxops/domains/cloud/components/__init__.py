"""The cloud in components that people who know Pulumi can read: what the programs in `stacks/` are made of."""

from luxops.domains.cloud.components.fibre import Attachment
from luxops.domains.cloud.components.platform import Platform
from luxops.domains.cloud.components.tenant import TenantCloud

__all__ = ["Attachment", "Platform", "TenantCloud"]
