"""Facebook's HTML pages: miniature downloads in the old and the new form, and what is read from them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_up_archives import MadeUpFiles
from untag.sources.readers.facebook import READER
from untag.sources.readers.meta_html import parse_page
from untag.types import LinkConfidence, Origin

JPEG = b"\xff\xd8\xff\xd9"
MEDIA = "your_facebook_activity/posts/media"
TRIP = f"{MEDIA}/TriptoŻory_100200300/400500600.jpg"
SECOND = f"{MEDIA}/your_posts/400500601.jpg"
SAVED = f"{MEDIA}/your_posts/191053255_10160743390471729_8817736_n.jpg"
LINK = "https://www.facebook.com/photo/?fbid="
FOOT = "https://www.facebook.com/dyi/l/?l=AbC"
POSTS = "your_facebook_activity/posts/your_posts__check_ins__photos_and_videos_1.html"
ALBUM = "your_facebook_activity/posts/album/0.html"


def page(*blocks: str, title: str = "Twoje posty") -> str:
    return f"<html><head><title>{title}</title><style>.x {{}}</style></head><body><h1>{title}</h1>{''.join(blocks)}"


def new(title: str, content: str, link: str = FOOT + "&amp;s=1") -> str:
    return (
        f'<section class="_a6-g" aria-labelledby="u_0"><h2 class="_2ph_ _a6-h _a6-i" id="u_0">{title}</h2>'
        f'<div class="_2ph_ _a6-p"><div>{content}</div></div>'
        f'<footer class="_3-94 _a6-o"><a href="{link}"><div class="_a72d">2 sty 2021 15:04</div></a></footer></section>'
    )


def old(title: str, content: str) -> str:
    return (
        f'<div class="pam _3-95 _2pi0 _2lej uiBoxWhite noborder"><div class="_3-96 _2pio">{title}</div>'
        f'<div class="_3-96 _2let"><div>{content}</div></div><div class="_3-94 _2lem">2. Januar 2019, 15:04</div></div>'
    )


def image(uri: str) -> str:
    return f'<a target="_blank" href="{uri}"><img src="{uri}" class="_a6_o _3-96"/></a>'


def words(text: str) -> str:
    return f'<div class="_3-95">{text}</div>'


FOOT_TIME, OLD_TIME = "2021-01-02T15:04:00", "2019-01-02T15:04:00"


def facebook(link: str | None, posted_at: str | None = FOOT_TIME, **more: Any) -> Origin:
    confidence = LinkConfidence.NONE if link is None else LinkConfidence.PROBABLE
    return Origin(platform="facebook", permalink=link, permalink_confidence=confidence, posted_at=posted_at, **more)


TRIP_LINK = f"{LINK}400500600&set=a.100200300"
OLD = "photos_and_videos/Trip_x1Y2z3-A_b/10200_1000200030004_500600_n_1000200030004.jpg"

ROWS: dict[str, tuple[dict[str, Any], dict[str, Origin]]] = {
    "new: a post with its words; places, tables and the date are not the caption": (
        {
            POSTS: page(
                new(
                    "Ana dodała zdjęcie.",
                    words("") + image(TRIP) + words("Lato w <b>Żorach</b>, <a href='https://e.org'>i</a> &amp; dalej"),
                ).replace(
                    "</div></div><footer",
                    "<div>Place: Park</div><table><tr><td>IP 192.0.2.1</td></tr></table></div></div><footer",
                )
            ),
            TRIP: JPEG,
        },
        {TRIP: facebook(TRIP_LINK, caption="Lato w Żorach, i & dalej")},
    ),
    "new: several pictures, each with its own words or with those of the post": (
        {
            POSTS: page(new("Ana", words("Summer") + image(TRIP) + image(SECOND) + words("The lake"))),
            TRIP: JPEG,
            SECOND: JPEG,
        },
        {TRIP: facebook(TRIP_LINK, caption="Summer"), SECOND: facebook(f"{LINK}400500601", caption="The lake")},
    ),
    "new: an album, whose title is the page's; comments are not captions": (
        {
            ALBUM: page(
                new("", image(TRIP) + f'<div class="uiBoxGray">{words("nice")}</div>', FOOT), title="Trip to Żory"
            ),
            TRIP: JPEG,
        },
        {TRIP: facebook(TRIP_LINK, album="Trip to Żory")},
    ),
    "a link below a single picture stands in where its name has none, but not one to the activity log": (
        {
            ALBUM: page(new("", image(SAVED), FOOT)),
            POSTS: page(new("Ana", image(f"{MEDIA}/your_posts/a_n.jpg"))),
            SAVED: JPEG,
            f"{MEDIA}/your_posts/a_n.jpg": JPEG,
        },
        {SAVED: facebook(FOOT), f"{MEDIA}/your_posts/a_n.jpg": facebook(None)},
    ),
    "old: relative addresses, boxes": (
        {
            "posts/your_posts_1.html": page(
                old("Ana Doe hat ein Foto hinzugefügt.", image(f"../{OLD}") + words("Café"))
            ),
            OLD: JPEG,
        },
        {OLD: facebook(f"{LINK}1000200030004", OLD_TIME, caption="Café")},
    ),
    "unknown classes: sections are blocks; without any, the pictures are still Facebook's": (
        {
            POSTS: page(f"<section><h2>Ana</h2><div>{image(TRIP)}<p>Summer</p></div><footer>2 sty</footer></section>"),
            ALBUM: page(f'<div class="q1">{image(SECOND)}<div>words of any kind</div></div>'),
            TRIP: JPEG,
            SECOND: JPEG,
        },
        {TRIP: facebook(TRIP_LINK, None, caption="Summer"), SECOND: facebook(f"{LINK}400500601", None)},
    ),
    "messages: the title is the sender, there is no link": (
        {
            "your_facebook_activity/messages/inbox/bea_1/message_1.html": page(
                new(
                    "Bea Roe",
                    "<div></div><div>Look!</div>" + image("your_facebook_activity/messages/inbox/bea_1/photos/1.jpg"),
                )
            ),
            "messages/inbox/bea_1/photos/1.jpg": JPEG,
        },
        {
            "messages/inbox/bea_1/photos/1.jpg": Origin(
                "facebook", poster="Bea Roe", caption="Look!", posted_at=FOOT_TIME
            )
        },
    ),
    "names with signs that addresses write otherwise": (
        {
            POSTS: page(new("Ana", image(f"{MEDIA}/your%20posts/4%C3%A9.jpg"))),
            f"{MEDIA}/your posts/4é.jpg": JPEG,
        },
        {f"{MEDIA}/your posts/4é.jpg": facebook(None)},
    ),
}


@pytest.mark.parametrize(("archive", "expected"), ROWS.values(), ids=ROWS)
def test_what_pages_say_of_photos(archive: dict[str, Any], expected: dict[str, Origin]) -> None:
    files = MadeUpFiles(archive)
    assert READER.sniff(files)
    found = READER.describe(files)
    assert found.origins == expected
    assert found.errors == ()
    assert found.understood == {name for name in archive if name.endswith(".html")}


def test_logos_are_not_photos() -> None:
    archive = {"start_here.html": "<a href=posts/1.html><img src='../files/logo.png'></a>", "files/logo.png": JPEG}
    found = READER.describe(MadeUpFiles(archive))
    assert (found.origins, found.missing, found.understood) == ({}, (), frozenset())


def posted(*dates: str) -> list[str | None]:
    """When photos were posted, whose blocks have these dates at their feet."""
    uris = [f"{MEDIA}/Trip_100200300/40050060{number}.jpg" for number in range(len(dates))]
    blocks = [new("Ana", image(uri)).replace("2 sty 2021 15:04", date) for uri, date in zip(uris, dates, strict=True)]
    found = READER.describe(MadeUpFiles({POSTS: page(*blocks), **dict.fromkeys(uris, JPEG)}))
    return [found.origins[uri].posted_at for uri in uris]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Jun 14, 2025, 2:56 PM", "2025-06-14T14:56:00"),
        ("Juni 14, 2025 2:56 nachm.", "2025-06-14T14:56:00"),
        ("jun 14, 2025 2:56 p. m.", "2025-06-14T14:56:00"),
        ("2025年6月14日 14:56", "2025-06-14T14:56:00"),
        ("Tháng 6 14, 2025 2:56 CH", "2025-06-14T14:56:00"),
        ("14 มิ.ย. 2025 14:56", "2025-06-14T14:56:00"),
        ("١٤ يونيو ٢٠٢٥ ٢:٥٦ م", "2025-06-14T14:56:00"),
        ("Jun 14, 2025 2:56 of some half of the day", "2025-06-14"),
        ("06/07/2025 14:56", None),
        ("14 lis 2025 14:56", None),
        ("May 5 2020 and 6", None),
    ],
)
def test_dates_in_the_language_of_the_download(date: str, expected: str | None) -> None:
    assert posted(date) == [expected]


def test_the_dates_of_a_page_say_its_language_together() -> None:
    assert posted("14 lis 2025 14:56", "1 sij 2025 9:00") == ["2025-10-14T14:56:00", "2025-01-01T09:00:00"]
    assert posted("14 lis 2025 14:56", "1 sty 2025 9:00") == ["2025-11-14T14:56:00", "2025-01-01T09:00:00"]


def test_when_a_photo_was_taken_is_in_a_table_beside_it() -> None:
    rows = ("Zrobione<div>1 sty 2020 12:00</div>", "Inne<div>3 sty 2020</div>")
    cells = f"<table>{''.join(f'<tr><td>{row}</td></tr>' for row in rows)}</table>"
    found = READER.describe(MadeUpFiles({POSTS: page(new("Ana", image(TRIP) + cells)), TRIP: JPEG})).origins[TRIP]
    assert (found.taken_at, found.posted_at) == ("2020-01-01T12:00:00", FOOT_TIME)
    later = cells.replace("2020", "2022")
    assert (
        READER.describe(MadeUpFiles({POSTS: page(new("Ana", image(TRIP) + later)), TRIP: JPEG})).origins[TRIP].taken_at
        is None
    )


def test_words_of_the_owner_are_no_date() -> None:
    block = new("Ana", image(TRIP) + words("Jan 5, 2001")).replace("2 sty 2021 15:04", "02/01/2021")
    assert READER.describe(MadeUpFiles({POSTS: page(block), TRIP: JPEG})).origins[TRIP].posted_at is None


PROFILE = "personal_information/profile_information/profile_information.html"


@pytest.mark.parametrize(
    ("title", "profile", "folder", "expected"),
    [
        ("Ana Doe dodała zdjęcie.", "Ana Doe", "archive", "Ana Doe"),
        ("أضافت Ana Doe صورة", "Ana Doe", "archive", "Ana Doe"),
        ("Ana Doeさんが写真を追加しました", "Ana Doe", "archive", "Ana Doe"),
        ("山田太郎さんが写真を追加しました", "山田太郎", "archive", "山田太郎"),
        ("Cher added a photo.", "Cher", "archive", "Cher"),
        ("Cher added a photo.", "photo", "archive", None),
        ("Ana Doe added a photo.", None, "d/facebook-ana.doe1-2026-01-09-AbCdEfGh", "Ana Doe"),
        ("Ana Doe added a photo.", "Bea Roe", "archive", None),
        ("Ana Doe added a photo.", None, "archive", None),
    ],
)
def test_whose_download_it_is(title: str, profile: str | None, folder: str, expected: str | None) -> None:
    about = {} if profile is None else {PROFILE: page(new("Name", profile))}
    found = READER.describe(MadeUpFiles({POSTS: page(new(title, image(TRIP))), TRIP: JPEG, **about}, folder))
    assert found.owner == (() if expected is None else (expected,))
    assert found.origins[TRIP].poster == expected


def test_json_and_pages_of_the_same_download_fill_each_other_s_gaps() -> None:
    photo = {"uri": SAVED, "creation_timestamp": 1640500100}
    archive = {
        ALBUM: page(new("", image(SAVED) + words("Summer"), FOOT)),
        "your_facebook_activity/posts/album/0.json": {"name": "Trip", "photos": [photo]},
        SAVED: JPEG,
    }
    assert READER.describe(MadeUpFiles(archive)).origins == {
        SAVED: facebook(FOOT, caption="Summer", album="Trip", posted_at="2021-12-26T06:28:20+00:00")
    }


def test_the_page_of_photos_that_the_owner_is_tagged_in() -> None:
    name = "your_facebook_activity/activity_you're_tagged_in/photos_and_videos_you're_tagged_in.html"
    links = [
        "https://www.facebook.com/photo.php?fbid=700&amp;set=p.700",
        "https://www.facebook.com/help/1",
        "https://example.org/photo.php?fbid=1",
        "javascript:alert(1)",
    ]
    cells = "".join(
        f'<table><tr><td class="_a6_q">URL</td><td><a href="{link}">x</a></td></tr></table>' for link in links
    )
    found = READER.describe(MadeUpFiles({name: page(new("", cells))}))
    assert [(item.file, item.key, item.origin) for item in found.absent] == [
        (
            name,
            "700",
            Origin(
                platform="facebook",
                permalink="https://www.facebook.com/photo.php?fbid=700&set=p.700",
                permalink_confidence=LinkConfidence.CERTAIN,
            ),
        )
    ]
    assert found.understood == {name}


def test_pictures_of_other_parts_are_counted() -> None:
    found = READER.describe(MadeUpFiles({POSTS: page(new("Ana", image(TRIP) + image(TRIP) + image(SECOND)))}))
    assert found.missing == (
        "2 photos that your posts and albums name are not here; they are probably in other parts of the download",
    )


TAGS = st.sampled_from(
    [
        *("<section class=_a6-g>", "<div class=_3-95>", "</div>", "</section>", "<h2>", "</h2>", "<a href=", "words"),
        *("<![CDATA[", "<!", "<?", "&#x110000;", "&", "<script>", "</table>", "<table>", "<p/>", "<img src=//x/..>"),
        f"<img src='{TRIP}'>",
    ]
)


@settings(max_examples=100, deadline=None)
@given(html=st.lists(TAGS, max_size=30).map("".join).map(str.encode) | st.binary(max_size=80))
def test_no_page_makes_it_raise(html: bytes) -> None:
    READER.describe(MadeUpFiles({POSTS: html, TRIP: JPEG}))


def test_a_page_that_nests_without_end_is_read() -> None:
    deep = b"<section class=_a6-g>" + b"<div class=_3-95>" * 50_000 + f"<img src='{TRIP}'>".encode() + b"</p>" * 50_000
    assert [picture.uri for block in parse_page(deep).blocks for picture in block.pictures] == [TRIP]
