"""What Prometheus may ask."""
