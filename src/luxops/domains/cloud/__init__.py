"""Tenant clouds: what the Pulumi programs declare, what OpenStack has, and how the one becomes the other."""
