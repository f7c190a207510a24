"""Cinder whole in one process: API, scheduler and one volume backend a datacentre, so that no message broker is needed.

Run by Debian's own interpreter, with Debian's Cinder: `cinder_all.py --config-file FILE`.
"""

import sys

import eventlet

eventlet.monkey_patch()

import threading  # noqa: E402 - after the patch, so that both modules agree on the running threads

import __original_module_threading as original  # noqa: E402 - what eventlet calls the unpatched module

original.current_thread.__globals__["_active"] = threading._active  # noqa: SLF001 - as Cinder's own programs do
from cinder import objects, rpc, service, version  # noqa: E402
from cinder.common import config, constants  # noqa: E402, F401 - registers Cinder's options
from oslo_config import cfg  # noqa: E402
from oslo_log import log  # noqa: E402
from oslo_service import service as oslo_service  # noqa: E402


class Service(service.Service):
    """Cinder keeps the id of *the* service of a process in the class; here are several, and each must report for itself."""

    def report_state(self):
        service.Service.service_id = self.origin_service_id
        super().report_state()


def main():
    conf = cfg.CONF
    objects.register_all()
    conf(sys.argv[1:], project="cinder", version=version.version_string())
    log.setup(conf, "cinder")
    rpc.init(conf)
    launcher = oslo_service.ServiceLauncher(conf, restart_method="mutate")
    launcher.launch_service(Service.create(binary=constants.SCHEDULER_BINARY))
    for backend in conf.enabled_backends:
        launcher.launch_service(
            Service.create(
                host=f"{conf.host}@{backend}", service_name=backend, binary=constants.VOLUME_BINARY, coordination=True
            )
        )
    launcher.launch_service(service.WSGIService("osapi_volume"))
    launcher.wait()


if __name__ == "__main__":
    main()
