"""The kinds of things looked after, behind one interface."""
