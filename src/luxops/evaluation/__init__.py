"""Policy × Observation → Finding; waivers; scores."""
