"""One scan, rendered for people and for tools."""
