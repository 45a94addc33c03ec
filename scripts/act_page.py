"""Write the table of platforms in docs/act.md from the files in the package; what stands around it is written by hand.

python scripts/act_page.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from untag.actions.platforms import INTIMATE, UNKNOWN, Platform, all_platforms

PAGE = Path(__file__).parents[1] / "docs" / "act.md"
BEGIN = "<!-- The table is written by `make docs-cli`. -->\n"
END = "<!-- Here the table ends. -->\n"


def page() -> str:
    """The page as it should be."""
    head, mark, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"{PAGE} has no lines {BEGIN} and {END}")
    return head + mark + "\n" + "\n".join(rows()) + "\n\n" + end + tail


def rows() -> Iterator[str]:
    """A row for each platform, those last that stand for none."""
    yield "| platform | file | steps | forms and addresses | checked last, verified |"
    yield "|---|---|---|---|---|"
    yield from map(_row, sorted(all_platforms(), key=lambda one: (one.id in (UNKNOWN, INTIMATE), one.name.casefold())))


def _row(platform: Platform) -> str:
    steps = ", ".join(dict.fromkeys(f"`{step.kind}`" for step in platform.steps))
    forms = ", ".join(form.email or form.name for form in platform.forms) or "none known"
    every = [step.checked for step in platform.steps] + [form.checked for form in platform.forms]
    newest = max(checked.on for checked in every)
    verified = sum(checked.verified for checked in every)
    return f"| {platform.name} | `{platform.id}.toml` | {steps} | {forms} | {newest}, {verified} of {len(every)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
