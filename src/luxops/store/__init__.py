"""Scans, findings as intervals, drift."""
