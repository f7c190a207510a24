"""What `inventory/` declares: schema, loading, cross-checks, flows."""

from luxops.federation.federation import Federation, Flow, FlowEnd
from luxops.federation.flows import WELL_KNOWN
from luxops.federation.load import load_federation
from luxops.federation.problems import InventoryError, Problem

__all__ = ["WELL_KNOWN", "Federation", "Flow", "FlowEnd", "InventoryError", "Problem", "load_federation"]
