"""hier_config's idempotency rules, made from a table: which lines of a section are values of the same setting."""

from __future__ import annotations

from collections.abc import Iterable

from hier_config.models import IdempotentCommandsRule, MatchRule


def rules_of(sections: Iterable[tuple[str, Iterable[str]]]) -> list[IdempotentCommandsRule]:
    """`sections`: path of regular expressions joined by `/`, empty for the top → regular expressions of its settings."""
    return [
        IdempotentCommandsRule(
            match_rules=(*(MatchRule(re_search=part) for part in path.split("/") if part), MatchRule(re_search=setting))
        )
        for path, settings in sections
        for setting in settings
    ]
