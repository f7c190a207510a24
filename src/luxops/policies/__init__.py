"""Policies as data: loading, checking, fixtures."""
