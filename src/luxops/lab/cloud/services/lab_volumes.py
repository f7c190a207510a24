"""Cinder's volume driver of the lab: volumes are records; there is no storage behind them."""

from cinder import interface
from cinder.volume import driver


@interface.volumedriver
class LabDriver(driver.VolumeDriver):
    VERSION = "1.0"
    CI_WIKI_NAME = "none"

    def do_setup(self, context):
        pass

    def check_for_setup_error(self):
        pass

    def _update_volume_stats(self):
        self._stats = {
            "volume_backend_name": self.configuration.safe_get("volume_backend_name"),
            "vendor_name": "luxops lab",
            "driver_version": self.VERSION,
            "storage_protocol": "none",
            "total_capacity_gb": 1_000_000,
            "free_capacity_gb": 1_000_000,
            "reserved_percentage": 0,
            "QoS_support": False,
            "multiattach": True,
        }

    def get_volume_stats(self, refresh=False):  # noqa: ARG002, FBT002 - Cinder's interface
        self._update_volume_stats()
        return self._stats

    def _nothing(self, *args, **kwargs):  # noqa: ARG002 - stands in for many methods
        return {}

    create_volume = create_snapshot = create_volume_from_snapshot = create_cloned_volume = _nothing

    def _done(self, *args, **kwargs):  # noqa: ARG002 - stands in for many methods
        return None

    delete_volume = delete_snapshot = extend_volume = copy_image_to_volume = _done
    ensure_export = create_export = remove_export = terminate_connection = _done

    def clone_image(self, context, volume, image_location, image_meta, image_service):  # noqa: ARG002 - Cinder's interface
        return {}, True

    def initialize_connection(self, volume, connector, **kwargs):  # noqa: ARG002 - Cinder's interface
        return {"driver_volume_type": "fake", "data": {"volume_id": volume.id}}
