"""Write the pages of `docs/` that are taken from the code, and check that every link between pages leads somewhere.

`docs/generate.py --check` writes nothing and fails where a page is not up to date.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from luxops.policies import load_policies
from luxops.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from luxops.model import Policy
    from luxops.policies import PolicySet

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
GENERATED = "<!-- Written by `make docs`; change the source it names, not this page. -->\n"


def settings_page() -> str:
    """Every setting: variable, default, meaning."""
    rows = "\n".join(
        f"| `{variable}` | `{default}` | {meaning} |" for variable, default, meaning in _settings(Settings, "LUXOPS_")
    )
    return f"""# Settings
{GENERATED}
From `src/luxops/settings.py`. A setting is read from its environment variable, else from `luxops.toml` (or the file that
`LUXOPS_CONFIG` names), where a section's name is the part before two underscores: `LUXOPS_CONNECTION__RETRIES=2` is
`retries = 2` under `[connection]`. Lists are written as JSON in variables.

| variable | default | meaning |
|---|---|---|
{rows}
"""


def _settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield prefix + name.upper(), str(field.default), " ".join((field.description or "").split())


def policies_page(policies: PolicySet) -> str:
    """The catalogue, and for each framework which of its requirements a policy speaks of."""
    parts = [f"# Policies\n{GENERATED}\nFrom `policies/`. `luxops policy show ID` tells more of each."]
    for kind in sorted({p.applies_to for p in policies.policies}):
        chosen = policies.for_target(kind)
        rows = "\n".join(
            f"| `{p.id}` | {p.title}{f' ({p.role})' if p.role else ''} | {p.severity} | {_mapped(p)} |"
            for p in sorted(chosen, key=lambda p: p.id)
        )
        parts.append(
            f"## For {kind}s: {len(chosen)}\n\n| policy | holds where | severity | requirements |\n|---|---|---|---|\n{rows}"
        )
    for framework in policies.mappings.values():
        by_requirement: dict[str, list[str]] = defaultdict(list)
        for policy in policies.policies:
            for requirement in policy.mappings.get(framework.id, ()):
                by_requirement[requirement].append(f"`{policy.id}`")
        rows = "\n".join(
            f"| {requirement} | {words} | {', '.join(sorted(by_requirement[requirement])) or '–'} |"
            for requirement, words in framework.requirements.items()
        )
        parts.append(f"## {framework.title}\n\n{framework.source}\n\n| id | in our words | policies |\n|---|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"


def _mapped(policy: Policy) -> str:
    return "; ".join(f"{framework} {', '.join(ids)}" for framework, ids in policy.mappings.items())


def dead_links() -> list[str]:
    """`page: link` for each relative link that leads nowhere."""
    pages = [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
        if "://" not in link and not (page.parent / link).exists()
    ]


def main(*, check: bool) -> int:
    policies = load_policies(ROOT / "policies")
    pages = {DOCS / "settings.md": settings_page(), DOCS / "policies.md": policies_page(policies)}
    old = [page.name for page, text in pages.items() if not page.exists() or page.read_text() != text]
    if not check:
        for page, text in pages.items():
            page.write_text(text)
    problems = [f"{name} is not up to date: run make docs" for name in old if check] + [
        f"dead link in {d}" for d in dead_links()
    ]
    print(
        "\n".join(problems) or f"{len(pages)} pages written, all links lead somewhere",
        file=sys.stderr if problems else sys.stdout,
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
