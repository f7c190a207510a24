"""The `pulumi` engine: the real CLI through the Automation API."""

from luxops.domains.cloud.engines.pulumi.engine import Preview, PulumiEngine
from luxops.domains.cloud.engines.pulumi.locks import Lock
from luxops.domains.cloud.engines.pulumi.plugins import install_plugin
from luxops.domains.cloud.engines.pulumi.state import Pending
from luxops.domains.cloud.engines.pulumi.troubles import PulumiError

__all__ = ["Lock", "Pending", "Preview", "PulumiEngine", "PulumiError", "install_plugin"]
