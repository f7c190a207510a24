"""luxops: security and infrastructure operations of a hospital federation."""

__version__ = "0.1.0"
