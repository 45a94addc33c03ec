"""The files of the platforms: as they should be, refused with file and key where not, and on the page."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from scripts_here import script
from untag.actions.platforms import (
    FOLDER,
    INTIMATE,
    LANGUAGES,
    SEARCH,
    UNKNOWN,
    Platform,
    StepKind,
    Whose,
    all_platforms,
    platform_called,
    read_platform,
)
from untag.actions.texts import languages
from untag.errors import UsageError

PLATFORMS = all_platforms()
ROOT = Path(__file__).parents[1]
GOOD = """
name = "Site"
also = ["site_2"]
checked = 2026-01-01
source = "somewhere"
verified = false

[[steps]]
kind = "hide"
whose = "others"
link = "{permalink}"
words = "Hide it."

[[steps]]
kind = "report"
whose = "any"
link = "https://example.org/?about={permalink}"
words = "Report it."
checked = 2026-02-02
source = "elsewhere"
verified = true

[[forms]]
name = "Form"
purpose = "privacy"
link = "https://example.org"
fields = ["links", "name"]

[forms.warning]
en = "Beware."
de = "Vorsicht."
"""


def test_a_file_is_read() -> None:
    platform = read_platform(GOOD, "site.toml", "site")
    assert [step.kind for step in platform.steps] == [StepKind.REPORT, StepKind.HIDE], "whatever order they stand in"
    report, hide = platform.steps
    assert (report.checked.verified, report.checked.on) == (True, date(2026, 2, 2))
    assert (hide.checked.verified, hide.checked.source) == (False, "somewhere")
    assert platform.forms[0].warning == {"en": "Beware.", "de": "Vorsicht."}


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        ('name = "Site"', "", "name must be a text"),
        ('name = "Site"', "name = 3", "name must be a text"),
        ('name = "Site"', 'name = " "', "name must be a text"),
        ('name = "Site"', 'name = "Site"\nnmae = "x"', "nmae is no key"),
        ('also = ["site_2"]', 'also = "site_2"', "also must be a list of texts"),
        ("checked = 2026-01-01", 'checked = "2026-01-01"', "checked must be a date"),
        ("verified = false", 'verified = "no"', "verified must be true or false"),
        ('source = "somewhere"', "", "source must be a text"),
        ('kind = "hide"', 'kind = "vanish"', "kind must be one of protect, delete"),
        ('whose = "others"', 'whose = "mine"', "whose must be one of own"),
        ('words = "Hide it."', "", "words must be a text"),
        ('words = "Hide it."', 'words = "Hide it."\nmore = 1', "more is no key"),
        ('link = "{permalink}"', 'link = "http://example.org"', "link must begin with https://"),
        ('link = "{permalink}"', 'link = "javascript:x"', "link must begin with https://"),
        ("?about={permalink}", "?about={poster}", r"link has \{poster\}"),
        ('link = "https://example.org"\n', "", "give either link or email"),
        ('link = "https://example.org"\n', 'link = "https://example.org"\nemail = "a@b.c"\n', "give either link or"),
        ('fields = ["links", "name"]', 'fields = ["links", "password"]', "there is no field 'password'"),
        ('de = "Vorsicht."', "", "warning must have a text for each language"),
        ('de = "Vorsicht."', "de = 3", "warning.de must be a text"),
        ('purpose = "privacy"', 'purpose = "fun"', "purpose must be one of"),
        ("[[forms]]", "[forms]", r"forms must be written as \[\[forms\]\]"),
        ('name = "Site"', "name = ", "line 2, column 8"),
        ('source = "elsewhere"\n', "", "source must be a text"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_key(right: str, wrong: str, reason: str) -> None:
    assert right in GOOD
    with pytest.raises(UsageError, match=f"site.toml: .*{reason}") as refused:
        read_platform(GOOD.replace(right, wrong, 1), "site.toml", "site")
    if "hide" in right.casefold():
        assert "steps[1]" in str(refused.value)


def test_a_file_is_named_plainly() -> None:
    with pytest.raises(UsageError, match="small letters"):
        read_platform(GOOD, "My Site.toml", "My Site")


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda one: one.id)
def test_every_file_is_in_order(platform: Platform) -> None:
    assert platform.steps
    for checked in [step.checked for step in platform.steps] + [form.checked for form in platform.forms]:
        assert checked.source and date(2010, 1, 1) < checked.on <= date(2027, 1, 1)
        assert not checked.verified, "nobody clicked any of it through yet; if you did, take this line away"
    kinds = [list(StepKind).index(step.kind) for step in platform.steps]
    assert kinds == sorted(kinds)
    for step in platform.steps:
        assert step.words[0].isupper() and step.words.endswith((".", "keep")), step.words


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda one: one.id)
def test_taking_a_tag_off_says_that_the_photo_stays(platform: Platform) -> None:
    untagging = [step.words for step in platform.steps if step.kind is StepKind.REMOVE_TAG]
    hiding = [step.words for step in platform.steps if step.kind is StepKind.HIDE]
    assert all(re.search("stays? where|does not remove", words) for words in untagging)
    assert all(re.search("stays? where|Others can still see", words) for words in hiding)


def test_every_site_has_steps_for_own_posts_and_for_those_of_others() -> None:
    for platform in PLATFORMS:
        whose = {step.whose for step in platform.steps}
        assert whose >= {Whose.OWN, Whose.OTHERS} or platform.id in (INTIMATE, SEARCH)


def test_names_lead_to_their_file_and_others_to_the_one_for_all() -> None:
    assert platform_called("X").id == platform_called("twitter").id == "twitter"
    assert platform_called("google_takeout").id == "google_photos"
    assert platform_called("tumblr").id == UNKNOWN and platform_called("tumblr").name == "Tumblr"
    assert platform_called(None).id == platform_called(" ").id == UNKNOWN
    names = [name for platform in PLATFORMS for name in (platform.id, *platform.also)]
    assert len(names) == len(set(names))
    assert platform_called("../unknown").id == UNKNOWN


def test_the_files_are_in_every_language_that_the_letters_are_in() -> None:
    assert set(LANGUAGES) == set(languages())


def test_the_page_has_the_table() -> None:
    assert script("act_page").page() == (ROOT / "docs" / "act.md").read_text("utf-8"), "run: make docs-cli"
    assert len(list(FOLDER.glob("*.toml"))) == len(PLATFORMS) >= 14
