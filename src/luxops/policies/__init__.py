"""Policies as data: loading, checking, fixtures."""

from luxops.policies.expression import Expression, read_expression
from luxops.policies.load import load_policies
from luxops.policies.nouns import Example, Examples, Framework, PolicySet, Waiver
from luxops.policies.paths import Touch
from luxops.policies.problems import PolicyError
from luxops.policies.tokens import ExpressionError

__all__ = [
    "Example", "Examples", "Expression", "ExpressionError", "Framework", "PolicyError", "PolicySet", "Touch", "Waiver",
    "load_policies", "read_expression",
]  # fmt: skip
