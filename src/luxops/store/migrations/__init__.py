"""Schema of the store, step by step. Each file is run once, in order."""
