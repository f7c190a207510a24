"""Fill a fresh Keystone: roles, the services' account, endpoints. The password comes on standard input."""

import os
import sys

from keystoneauth1 import session
from keystoneauth1.identity import v3
from keystoneclient.v3 import client

PATHS = {
    "nova": ("compute", "/v2.1"),
    "neutron": ("network", ""),
    "glance": ("image", ""),
    "placement": ("placement", ""),
    "cinderv3": ("volumev3", "/v3/%(project_id)s"),
    "cinder": ("block-storage", "/v3/%(project_id)s"),
}


def main():
    address = sys.argv[1]
    ports = dict(pair.split("=") for pair in sys.argv[2:])
    password = sys.stdin.read().strip()
    auth = v3.Password(
        auth_url=f"http://{address}:{ports['keystone']}/v3",
        username="admin",
        password=password,
        project_name="admin",
        user_domain_id="default",
        project_domain_id="default",
    )
    keystone = client.Client(session=session.Session(auth=auth))
    roles = {role.name: role for role in keystone.roles.list()}
    for name in ("service", "member", "reader"):
        if name not in roles:
            roles[name] = keystone.roles.create(name)
    project = keystone.projects.create("service", "default")
    user = keystone.users.create("svc", "default", password=password)
    for name in ("admin", "service"):
        keystone.roles.grant(roles[name], user=user, project=project)
    for name, (kind, path) in PATHS.items():
        service = keystone.services.create(name, kind)
        url = f"http://{address}:{ports[name.removesuffix('v3')]}{path}"
        for interface in ("public", "internal", "admin"):
            keystone.endpoints.create(service, url, interface=interface, region=os.environ["LUXOPS_REGION"])


if __name__ == "__main__":
    main()
