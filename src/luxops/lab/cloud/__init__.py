"""A real, small OpenStack on this machine: Keystone, Placement, Glance, Neutron with OVN, Nova, Cinder, of Debian's packages.

Its APIs answer on 127.0.77.1, and nowhere else. A server is a network namespace whose NICs are ports of OVN's switch: what
passes between servers passes through real logical routers and security groups.
"""

from luxops.lab.cloud.control import Cloud, Service
from luxops.lab.cloud.layout import Layout, namespace_of_server
from luxops.lab.cloud.ovn import attach
from luxops.lab.cloud.servers import connects, listen, listening

__all__ = ["Cloud", "Layout", "Service", "attach", "connects", "listen", "listening", "namespace_of_server"]
