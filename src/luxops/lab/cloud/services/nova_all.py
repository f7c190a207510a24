"""Nova whole in one process, with one compute service a datacentre, so that no message broker is needed.

Run by Debian's own interpreter, with Debian's Nova: `nova_all.py --config-file FILE`.
"""

import os
import socket
import sys
import time

import nova.cmd  # replaces blocking calls: must come before all that follows

import lab_virt  # isort: skip
import nova.conf
import os_vif
from nova import config, objects, service
from nova.compute import rpcapi as compute
from nova.conductor import rpcapi as conductor
from nova.scheduler import rpcapi as scheduler
from nova.servicegroup import api as servicegroup
from oslo_log import log
from oslo_service import service as oslo_service

SECONDS = 60.0


def wait_for(address, *ports):
    """Until something listens on each port: what a compute service cannot report at its start, it reports a minute later."""
    deadline = time.monotonic() + SECONDS
    for port in ports:
        while True:
            try:
                socket.create_connection((address, int(port)), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def main():
    sys.modules["nova.virt.lab"] = lab_virt  # where Nova looks for `compute_driver = lab.LabDriver`
    conf = nova.conf.CONF
    config.parse_args(sys.argv)
    log.setup(conf, "nova")
    objects.register_all()
    os_vif.initialize()
    objects.Service.enable_min_version_cache()
    servicegroup.INITIAL_REPORTING_DELAY = 0.5  # seconds; who waits for the first report need not wait for 5
    wait_for(*os.environ["LUXOPS_WAIT_FOR"].split())
    launcher = oslo_service.ServiceLauncher(conf, restart_method="mutate")
    launcher.launch_service(service.Service.create(binary="nova-conductor", topic=conductor.RPC_TOPIC))
    launcher.launch_service(service.Service.create(binary="nova-scheduler", topic=scheduler.RPC_TOPIC))
    for host in os.environ["LUXOPS_COMPUTE_HOSTS"].split():
        launcher.launch_service(service.Service.create(host=host, binary="nova-compute", topic=compute.RPC_TOPIC))
    launcher.launch_service(service.WSGIService("osapi_compute"))
    launcher.wait()


if __name__ == "__main__":
    main()
