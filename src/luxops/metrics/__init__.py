"""What Prometheus is told: of the store's content, and of this process."""

from luxops.metrics.events import BackupMetrics, EventMetrics
from luxops.metrics.known import Known, KnownMetrics
from luxops.metrics.process import ProcessMetrics
from luxops.metrics.server import MetricsServer

__all__ = ["BackupMetrics", "EventMetrics", "Known", "KnownMetrics", "MetricsServer", "ProcessMetrics"]
