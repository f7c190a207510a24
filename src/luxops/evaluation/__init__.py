"""Policy × Observation → Finding; waivers; policies judged by their own examples."""

from luxops.evaluation.evaluator import Evaluator

__all__ = ["Evaluator"]
