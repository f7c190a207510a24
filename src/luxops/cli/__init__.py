"""Thin click commands: they read arguments, call a room below, and print."""
