"""Nova's virtualisation driver of the lab: a server is a network namespace, its NICs are ports of the OVN switch."""

import os
from pathlib import Path

import lab_plug
from nova.virt import fake


class LabDriver(fake.FakeDriver):
    """Nova's own fake driver, whose servers have real NICs."""

    def init_host(self, host):
        super().init_host(host)
        self.host_status_base["hypervisor_hostname"] = host

    def network_binding_host_id(self, context, instance):  # noqa: ARG002 - Nova's interface
        """Ports are bound to the one OVN chassis, whichever compute host their server is on."""
        return os.environ["LUXOPS_CHASSIS"]

    def get_host_uptime(self):
        return Path("/proc/uptime").read_text()

    def spawn(self, context, instance, image_meta, injected_files, admin_password, allocations, network_info=None, **kwargs):
        lab_plug.make_server(instance.uuid)
        self.plug_vifs(instance, network_info)
        super().spawn(context, instance, image_meta, injected_files, admin_password, allocations, network_info, **kwargs)

    def plug_vifs(self, instance, network_info):
        for vif in network_info or ():
            lab_plug.plug(_nic(instance, vif), vif["id"], instance.uuid)

    def unplug_vifs(self, instance, network_info):  # noqa: ARG002 - Nova's interface
        for vif in network_info or ():
            lab_plug.unplug(vif["id"])

    def attach_interface(self, context, instance, image_meta, vif):
        super().attach_interface(context, instance, image_meta, vif)
        lab_plug.plug(_nic(instance, vif), vif["id"], instance.uuid)

    def detach_interface(self, context, instance, vif):
        super().detach_interface(context, instance, vif)
        lab_plug.unplug(vif["id"])

    def destroy(self, context, instance, network_info, *args, **kwargs):
        self.unplug_vifs(instance, network_info)
        lab_plug.remove_server(instance.uuid)
        return super().destroy(context, instance, network_info, *args, **kwargs)

    def cleanup(self, context, instance, network_info, *args, **kwargs):  # noqa: ARG002 - Nova's interface
        self.unplug_vifs(instance, network_info)
        lab_plug.remove_server(instance.uuid)


def _nic(instance, vif):
    addresses, gateway = [], ""
    for subnet in vif["network"]["subnets"]:
        length = subnet["cidr"].split("/")[1]
        addresses += [f"{ip['address']}/{length}" for ip in subnet["ips"]]
        gateway = gateway or (subnet.get("gateway") or {}).get("address") or ""
    return lab_plug.Nic(
        device=lab_plug.device_of(vif["id"]),
        namespace=lab_plug.space_of(instance.uuid),
        mac=vif["address"],
        mtu=str(vif["network"].get_meta("mtu") or 1442),
        addresses=tuple(addresses),
        gateway=gateway,
    )
