"""What `inventory/` declares: schema, loading, cross-checks, flows."""

from luxops.federation.federation import Federation, Flow, FlowEnd

__all__ = ["Federation", "Flow", "FlowEnd"]
