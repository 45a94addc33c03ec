"""What archives say of a photo, from the scan to the list: all its places, names, and photos without a copy."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from fakes import MAYBE, ME, STRANGER, Square, Untag, paint
from miniature_archives import MINIATURES
from test_enroll_tagged import FIRST, regions, tag
from test_imaging_xmp import bag, packet
from untag.scan import judge
from untag.scan import run as scan_run
from untag.sources.reader import AbsentPhoto, Description, Files
from untag.store import Store
from untag.types import LinkConfidence, Origin

TOLD = "told.json"
CERTAIN = {"permalink_confidence": "certain"}
BEA = {"platform": "facebook", "permalink": "https://x.example/bea", "poster": "Bea Roe", "album": "Trip", **CERTAIN}
OWN = {"platform": "instagram", "permalink": "https://x.example/own", "poster": "me", **CERTAIN}
LINKED = {"platform": "facebook", "permalink": "https://x.example/tag", "poster": "Bea Roe", **CERTAIN}
NOT_FOUND = "you are tagged in it by name, but your face was not found"
NO_COPY = "you are tagged here; the download has no copy of the photo: open the link"


class MadeUpReader:
    """Reads archives with a file `told.json`: {"origins": {name: fields}, "absent": {key: fields}}."""

    name = "made-up"
    platform = "made up"
    top_names = frozenset({TOLD})

    def sniff(self, files: Files) -> bool:
        return True

    def describe(self, files: Files) -> Description:
        told = json.loads(files.read(TOLD, 1 << 20))
        origins = {name: origin_of(fields) for name, fields in told.get("origins", {}).items()}
        absent = [AbsentPhoto(TOLD, key, origin_of(fields)) for key, fields in told.get("absent", {}).items()]
        return Description(origins=origins, absent=tuple(absent), understood=frozenset({TOLD}))


def origin_of(fields: dict[str, Any]) -> Origin:
    confidence = LinkConfidence(fields.get("permalink_confidence", "none"))
    return Origin(**{**fields, "people": tuple(fields.get("people", ())), "permalink_confidence": confidence})


@pytest.fixture
def archives(untag: Untag, monkeypatch: pytest.MonkeyPatch) -> Untag:
    monkeypatch.setattr("untag.sources.base.READERS", (MadeUpReader(),))
    return untag


def tell(
    untag: Untag, archive: str, origins: dict[str, Any] | None = None, absent: dict[str, Any] | None = None
) -> None:
    """Writes what an archive in the folder of photos says."""
    untag.add(f"{archive}/{TOLD}", json.dumps({"origins": origins or {}, "absent": absent or {}}).encode())


def listed(untag: Untag) -> list[dict[str, Any]]:
    """The findings, with values of any type."""
    return untag.listed()


def only(untag: Untag) -> dict[str, Any]:
    """The one finding in the list that is no copy of another."""
    (finding,) = (item for item in listed(untag) if item["duplicate_of"] is None)
    return finding


def posted(finding: Mapping[str, Any]) -> list[str]:
    return [reason for reason in finding["reasons"] if reason.startswith("posted")]


def places(finding: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    return [(Path(place["path"]).parent.name, place["poster"]) for place in finding["places"]]


def test_your_post_and_a_friends_album_are_one_finding_with_both_places(archives: Untag) -> None:
    archives.enroll()
    drink = paint(ME, serial=1, alcohol=0.9)
    for archive, origin in (("instagram", OWN), ("friend", BEA)):
        archives.add(f"{archive}/1.png", drink)
        tell(archives, archive, {"1.png": origin})
    archives.add("plain/1.png", drink)
    assert archives.scan()["new_findings"] == 1
    first, *copies = listed(archives)
    assert [item["duplicate_of"] for item in copies] == [first["path"]] * 2
    for item in (first, *copies):
        assert item["action"] == "untag"
        assert posted(item) == ["posted by you", "posted by Bea Roe"]
        assert item["group"] == first["sha256"][:16]
    assert first["places"][0]["path"] == first["path"]
    assert sorted(places(first)) == [("friend", "Bea Roe"), ("instagram", "me"), ("plain", None)]
    assert [item["places"] for item in copies] == [[], []]
    in_friends_album = next(place for place in first["places"] if place["poster"] == "Bea Roe")
    assert in_friends_album == {
        "path": str(archives.photos / "friend" / "1.png"),
        "source": "made-up",
        "platform": "facebook",
        "permalink": "https://x.example/bea",
        "permalink_confidence": "certain",
        "poster": "Bea Roe",
        "album": "Trip",
        "posted_at": None,
    }
    table = archives.run("list").out
    assert table.count(".png") == 1
    assert "https://x.example/bea and 1 more place" in table or "https://x.example/own and 1 more place" in table


def test_what_others_posted_is_the_link_to_act_on_in_reports(archives: Untag, tmp_path: Path) -> None:
    archives.enroll()
    likely = BEA | {"permalink_confidence": "probable", "posted_at": "2018-05-12T22:00:00Z"}
    for archive, origin in (("instagram", OWN), ("friend", likely)):
        archives.add(f"{archive}/1.png", paint(ME, serial=1, alcohol=0.9))
        tell(archives, archive, {"1.png": origin})
    archives.scan()
    assert "https://x.example/bea and 1 more place" in archives.run("list").out
    assert "posted 2018-05-12" in archives.run("list").out
    assert {item["taken_at"] for item in listed(archives)} == {None}
    assert archives.run("report", "--output", tmp_path / "r.html").status == 0
    assert '<a class="open" href="https://x.example/bea"' in (tmp_path / "r.html").read_text()


def test_findings_of_one_risk_are_listed_by_when_they_were_taken_or_posted(archives: Untag) -> None:
    archives.enroll()
    said = {
        "1.png": {"posted_at": "2019-01-01T00:00:00Z"},
        "2.png": {"platform": "facebook"},
        "3.png": {"taken_at": "2018-06-01T00:00:00Z"},
        "4.png": {"posted_at": "2017-01-01T00:00:00Z", "taken_at": "2018-01-01T00:00:00Z"},
    }
    for number, name in enumerate(said, start=1):
        archives.add(f"friend/{name}", paint(ME, serial=number))
    tell(archives, "friend", said)
    archives.scan()
    assert [Path(str(item["path"])).name for item in archives.listed()] == ["4.png", "3.png", "1.png", "2.png"]


def test_a_near_duplicate_is_a_place_too(archives: Untag) -> None:
    archives.enroll()
    picture = paint(Square(side=90), serial=1, side=480)
    small = BytesIO()
    Image.open(BytesIO(picture)).resize((240, 240), Image.Resampling.NEAREST).save(small, "PNG")
    archives.add("a/large.png", picture)
    archives.add("b/small.png", small.getvalue())
    archives.scan()
    large, lesser = sorted(archives.listed(), key=lambda item: item["duplicate_of"] is not None)
    assert lesser["duplicate_of"] == large["path"]
    assert lesser["sha256"] != large["sha256"]
    assert places(large) == [("a", None), ("b", None)]
    assert places(lesser) == []
    assert lesser["group"] == large["group"]


def test_a_place_that_comes_changes_and_goes_decides_again_without_reading(archives: Untag, reads: list[str]) -> None:
    archives.enroll()
    drink = paint(ME, serial=1, alcohol=0.9)
    archives.add("plain/1.png", drink)
    archives.scan()
    assert only(archives)["action"] == "review"
    # It comes.
    archives.add("friend/1.png", drink)
    tell(archives, "friend", {"1.png": {"poster": "Bea Roe"}})
    summary = archives.scan()
    assert (summary["copies"], summary["analysed"], summary["new_findings"]) == (1, 0, 0)
    assert (only(archives)["action"], posted(only(archives))) == ("request-removal", ["posted by Bea Roe"])
    # It changes.
    tell(archives, "friend", {"1.png": BEA})
    assert archives.scan()["new_findings"] == 0
    assert only(archives)["action"] == "untag"
    # It goes.
    (archives.photos / "friend" / "1.png").unlink()
    assert archives.scan()["removed"] == 1
    assert (only(archives)["action"], posted(only(archives))) == ("review", [])
    assert archives.engine.analysed == {1: 1}
    reads.clear()
    assert archives.scan()["unchanged"] == 1
    assert reads == []


def test_content_that_makes_way_for_other_content_is_no_place_any_more(archives: Untag) -> None:
    archives.enroll()
    drink = paint(ME, serial=1, alcohol=0.9)
    tell(archives, "friend", {"1.png": BEA})
    archives.add("friend/1.png", drink)
    archives.add("plain/1.png", drink)
    archives.scan()
    archives.add("friend/1.png", paint(STRANGER, serial=2) + b" ")
    archives.scan()
    assert (only(archives)["action"], places(only(archives))) == ("review", [("plain", None)])


def test_photos_analysed_anew_are_decided_from_all_their_places(
    archives: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    archives.enroll()
    tell(archives, "friend", {"1.png": BEA})
    for folder in ("a", "friend", "z"):
        archives.add(f"{folder}/1.png", paint(ME, serial=1, alcohol=0.9))
    archives.scan()
    before = archives.listed()
    monkeypatch.setattr("untag.scan.stages._ANALYSIS_VERSION", 999)
    for paths in ([archives.photos / "a"], [archives.photos]):
        assert archives.run("scan", *paths).status == 0
        assert archives.listed() == before
    assert only(archives)["action"] == "untag"
    assert archives.engine.analysed == {1: 2}


def test_a_scan_that_dies_before_deciding_again_is_caught_up_with(
    archives: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    archives.enroll()
    drink = paint(ME, serial=1, alcohol=0.9)
    archives.add("plain/1.png", drink)
    archives.scan()
    archives.add("friend/1.png", drink)
    tell(archives, "friend", {"1.png": BEA})

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(scan_run, "assess_moved", dies)
        assert archives.run("scan", archives.photos).status == 130
    assert only(archives)["action"] == "review"
    assert archives.scan()["unchanged"] == 2
    assert only(archives)["action"] == "untag"


def test_a_tag_turns_a_photo_without_your_face_into_a_new_finding(archives: Untag) -> None:
    archives.enroll()
    archives.add("friend/1.png", paint(STRANGER, serial=1, alcohol=0.9))
    archives.add("friend/2.png", paint(serial=2))
    tell(archives, "friend", {"1.png": BEA})
    assert archives.scan()["new_findings"] == 0
    tell(archives, "friend", {"1.png": BEA | {"people": ["Cy", "ME "]}})
    assert archives.scan()["new_findings"] == 1
    finding = only(archives)
    assert (finding["verdict"], finding["similarity"], finding["person"]) == ("maybe", 0.0, "me")
    assert (finding["action"], finding["reasons"][0]) == ("review", NOT_FOUND)
    tell(archives, "friend", {"1.png": BEA})
    archives.scan()
    assert archives.listed() == []
    assert archives.engine.analysed == {1: 2, 2: 1}  # its scene did not matter the first time


@pytest.mark.parametrize("keep", [False, True])
def test_names_are_enrolled_shown_judged_by_and_forgotten(archives: Untag, keep: bool) -> None:
    if keep:
        archives.home.mkdir(parents=True)
        (archives.home / "config.toml").write_text("keep_bystanders = true\n")
    archives.enroll()
    archives.add("friend/other.png", paint(STRANGER, serial=1))
    archives.add("friend/nobody.png", paint(serial=2))
    archives.add("friend/you.png", paint(ME, serial=3))
    tagged = {"platform": "facebook", "people": ["Ana Roe"]}
    tell(archives, "friend", {"other.png": tagged, "nobody.png": {"people": ["@ana.roe"]}, "you.png": tagged})
    archives.scan()
    assert archives.found() == {"you.png": "me"}
    assert archives.run("enroll", "--called", "Ana Roe", "--called", "ana.ROE").status == 0
    assert archives.found() == {"you.png": "me", "other.png": "maybe", "nobody.png": "maybe"}
    reasons = {Path(str(item["path"])).name: item["reasons"] for item in archives.listed()}
    assert "you are tagged in it" in str(reasons["you.png"])
    assert NOT_FOUND not in str(reasons["you.png"])
    assert "also called Ana Roe, ana.ROE" in archives.run("people").out
    # Scenes that did not matter are judged now, once.
    assert archives.scan()["analysed"] == (1 if keep else 2)
    assert archives.scan()["unchanged"] == 3
    assert archives.run("forget", "--person", "me").status == 0
    archives.enroll()
    archives.scan()
    assert archives.found() == {"you.png": "me"}
    assert "called" not in archives.run("people").out
    database = b"".join(path.read_bytes() for path in archives.home.glob("untag.db*"))
    assert b"ana.ROE" not in database


@pytest.mark.parametrize("name", ["", "  ", "a\x1b[2J"])
def test_a_name_that_nobody_can_have(archives: Untag, name: str) -> None:
    photo = archives.add("1.png", paint(ME, serial=1))
    result = archives.run("enroll", photo, "--called", name)
    assert result.status == 2
    assert "printable" in result.err
    assert archives.run("people").out == ""


def test_names_for_somebody_who_is_not_enrolled_are_refused(archives: Untag) -> None:
    archives.enroll()
    assert archives.run("enroll", "--person", "Bob", "--called", "Robert").status == 1
    with Store.open(archives.home) as store:
        assert store.row("SELECT 1 FROM person_names") is None


def test_names_in_the_photos_own_metadata_are_kept(archives: Untag) -> None:
    archives.enroll()
    out, info = BytesIO(), PngImagePlugin.PngInfo()
    keyword = packet(f"<digiKam:TagsList>{bag('People/Ana Roe')}</digiKam:TagsList>")
    info.add_itxt("XML:com.adobe.xmp", keyword.decode())
    Image.open(BytesIO(paint(STRANGER, serial=1))).save(out, "PNG", pnginfo=info)
    archives.add("1.png", out.getvalue())
    archives.scan()
    assert archives.listed() == []
    assert archives.run("enroll", "--called", "Ana Roe").status == 0
    assert only(archives)["reasons"][0] == NOT_FOUND
    assert archives.scan()["analysed"] == 1
    assert archives.scan()["unchanged"] == 1
    assert only(archives)["reasons"][0] == NOT_FOUND
    assert archives.engine.analysed == {1: 2}


def test_only_photos_with_a_name_that_counts_are_looked_at_again(
    archives: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    archives.enroll()
    for number in range(6):
        archives.add(f"friend/{number}.png", paint(STRANGER, serial=number))
    tell(archives, "friend", {f"{number}.png": {"people": [f"name {number}"]} for number in range(4)})
    archives.scan()
    looked_at: list[int] = []
    judge_batch: Callable[..., None] = vars(judge)["_judge_batch"]

    def counted(store: Store, judged: object, run: int, batch: list[object]) -> None:
        looked_at.append(len(batch))
        judge_batch(store, judged, run, batch)

    monkeypatch.setattr("untag.scan.judge._judge_batch", counted)
    assert archives.run("enroll", "--called", "Name 2", "--called", "name 5").status == 0
    assert looked_at == [1]
    assert archives.found() == {"2.png": "maybe"}


def test_photos_without_a_copy_are_findings_of_their_own(archives: Untag) -> None:
    archives.enroll()
    tell(archives, "facebook", absent={"700": LINKED, "701": LINKED | {"permalink": None}})
    archives.add("facebook/posts/1.png", paint(ME, serial=1))
    summary = archives.scan()
    assert (summary["photos"], summary["told"], summary["new_findings"]) == (1, 2, 3)
    told = {Path(item["path"]).name: item for item in listed(archives) if item["verdict"] == "maybe"}
    assert set(told) == {"700", "701"}
    linked = told["700"]
    assert (linked["sha256"], linked["similarity"], linked["person"]) == (None, 0.0, "me")
    assert (linked["action"], linked["permalink"], linked["source"]) == ("review", LINKED["permalink"], "made-up")
    assert linked["reasons"] == [NO_COPY, "posted by Bea Roe"]
    assert linked["duplicate_of"] is None
    assert [place["permalink"] for place in linked["places"]] == [LINKED["permalink"]]
    assert NO_COPY.partition(":")[0] in str(told["701"]["reasons"])
    again = archives.scan()
    assert (again["photos"], again["unchanged"], again["told"], again["new_findings"]) == (1, 1, 2, 0)
    said = archives.run("scan", archives.photos).out
    assert "1 unchanged" in said
    assert "; 2 more photos reported without a file" in said


def test_reports_of_photos_without_a_copy(archives: Untag, tmp_path: Path) -> None:
    archives.enroll()
    tell(archives, "facebook", absent={"700": LINKED})
    archives.scan()
    table = archives.run("list").out
    assert "  maybe  " in table
    assert "https://x.example/tag" in table
    assert ',"",' in archives.run("list", "--format", "csv").out
    assert archives.run("report", "--output", tmp_path / "r.html").status == 0
    page = (tmp_path / "r.html").read_text()
    assert "The download has no copy of this photo: open the link" in page
    assert 'href="https://x.example/tag"' in page


def test_decisions_on_photos_without_a_copy_stick(archives: Untag) -> None:
    archives.enroll()
    tell(archives, "facebook", absent={"700": LINKED})
    archives.scan()
    path = str(only(archives)["path"])
    assert archives.run("decide", path, "--status", "done").status == 0
    # The archive is gone, and comes back under another name and key.
    shutil.rmtree(archives.photos / "facebook")
    assert archives.scan("--prune")["removed"] == 1
    assert archives.listed() == []
    tell(archives, "facebook-2", absent={"another": LINKED})
    assert archives.scan()["new_findings"] == 0
    assert archives.listed() == [], "what is done is not listed"
    (decided,) = archives.listed("--status", "done")
    assert archives.run("decide", str(decided["path"]), "--undo").status == 0
    assert only(archives)["status"] == "open"


def test_two_archives_that_tell_of_one_photo(archives: Untag) -> None:
    archives.enroll()
    tell(archives, "a", absent={"1": LINKED | {"poster": None}})
    archives.scan()
    tell(archives, "b", absent={"2": LINKED})
    assert archives.scan()["new_findings"] == 0
    assert only(archives)["reasons"] == [NO_COPY, "posted by Bea Roe"]
    assert len(only(archives)["places"]) == 2
    tell(archives, "b", absent={"2": LINKED | {"permalink": "https://x.example/moved"}})
    assert archives.scan()["new_findings"] == 1
    assert len(archives.listed()) == 2


TAGGED = {"platform": "facebook", "permalink": "https://www.facebook.com/photo.php?fbid=700", **CERTAIN}
COPIED = TAGGED | {"permalink": "https://www.facebook.com/photo/?fbid=700&set=t.1000", "poster": "Bea Roe"}


@pytest.mark.parametrize("copy_first", [True, False])
def test_a_photo_that_is_told_of_is_no_finding_beside_its_copy(archives: Untag, copy_first: bool) -> None:
    archives.enroll()

    def comes(first: bool) -> int:
        if first == copy_first:
            archives.add("saved/1.png", paint(ME, serial=1, alcohol=0.9))
            tell(archives, "saved", {"1.png": COPIED})
        else:
            tell(archives, "facebook", absent={"700": TAGGED, "701": LINKED})
        return int(str(archives.scan()["new_findings"]))

    found = (comes(True), comes(False))
    assert found == ((1, 1) if copy_first else (2, 1))
    assert archives.found() == {"1.png": "me", "701": "maybe"}
    # The copy goes, and comes back.
    (archives.photos / "saved" / "1.png").unlink()
    archives.scan()
    assert archives.found() == {"700": "maybe", "701": "maybe"}
    archives.add("saved/1.png", paint(ME, serial=1, alcohol=0.9))
    archives.scan()
    assert archives.found() == {"1.png": "me", "701": "maybe"}


def test_a_photo_that_is_told_of_stays_while_its_copy_is_no_finding(archives: Untag) -> None:
    archives.enroll()
    archives.add("saved/1.png", paint(STRANGER, serial=1, alcohol=0.9))
    tell(archives, "saved", {"1.png": COPIED})
    tell(archives, "facebook", absent={"700": TAGGED})
    archives.scan("--all-scenes")
    assert archives.found("--verdict", "all") == {"1.png": "other", "700": "maybe"}


def test_a_photo_that_is_told_of_stays_while_its_copy_shows_somebody_else(archives: Untag) -> None:
    archives.enroll()
    archives.enroll(STRANGER, person="Bob")
    archives.add("saved/1.png", paint(STRANGER, serial=1))
    tell(archives, "saved", {"1.png": COPIED})
    tell(archives, "facebook", absent={"700": TAGGED | {"people": ["me"]}})
    archives.scan()
    assert {item["person"] for item in archives.listed()} == {"Bob", "me"}


def test_two_archives_that_link_one_photo_otherwise(archives: Untag) -> None:
    archives.enroll()
    tell(archives, "a", absent={"1": TAGGED})
    tell(archives, "b", absent={"2": COPIED})
    assert archives.scan()["new_findings"] == 1
    assert len(only(archives)["places"]) == 2


def test_whom_a_photo_without_a_copy_shows(archives: Untag) -> None:
    archives.enroll()
    untagged, of_bob = LINKED, {"permalink": "https://x.example/2", "people": ["Robert"]}
    tell(archives, "facebook", absent={"1": untagged, "2": of_bob})
    archives.scan()
    assert {item["person"] for item in archives.listed()} == {"me"}
    # Now it is not certain any more whose archive this is.
    archives.enroll(STRANGER, person="Bob")
    assert archives.listed() == []
    assert archives.run("enroll", "--person", "Bob", "--called", "robert").status == 0
    assert [(item["person"], item["permalink"]) for item in archives.listed()] == [("Bob", "https://x.example/2")]
    assert archives.run("forget", "--person", "Bob").status == 0
    archives.scan()
    assert {item["person"] for item in archives.listed()} == {"me"}
    assert len(archives.listed()) == 2


def test_other_models_and_settings_do_not_concern_photos_without_a_copy(
    archives: Untag, monkeypatch: pytest.MonkeyPatch
) -> None:
    archives.enroll()
    archives.add("1.png", paint(MAYBE, serial=1))
    tell(archives, "facebook", absent={"700": LINKED})
    archives.scan()
    before = archives.listed()
    monkeypatch.setattr("untag.scan.stages._ANALYSIS_VERSION", 999)
    summary = archives.scan()
    assert (summary["analysed"], summary["told"], summary["new_findings"]) == (1, 1, 0)
    (archives.home / "config.toml").write_text('preset = "family"\n')
    assert archives.scan()["told"] == 1
    assert [item["path"] for item in archives.listed()] == [item["path"] for item in before]


def test_a_zip_tells_of_photos_too(archives: Untag) -> None:
    archives.enroll()
    archives.photos.mkdir(parents=True)
    with zipfile.ZipFile(archives.photos / "facebook.zip", "w") as archive:
        archive.writestr(TOLD, json.dumps({"absent": {"700": LINKED}}))
    assert archives.scan()["told"] == 1
    (archives.photos / "facebook.zip").unlink()
    assert archives.scan("--prune")["removed"] == 1
    assert archives.listed() == []


def test_a_facebook_download_and_a_friends_album_kept_by_gallery_dl(untag: Untag) -> None:
    untag.enroll()
    drink = paint(ME, serial=1, alcohol=0.9)
    untag.photos.mkdir(parents=True)
    with zipfile.ZipFile(untag.photos / "facebook-ana.zip", "w") as archive:
        for name, data in MINIATURES["facebook"].items():
            archive.writestr(name, drink if name.endswith(".jpg") else data)
    untag.add("bea/1.jpg", drink)
    sidecar = {
        "category": "instagram",
        "subcategory": "tagged",
        "post_url": "https://www.instagram.com/p/AAA/",
        "post_shortcode": "AAA",
        "username": "bea",
        "tagged_users": [{"username": "ana.doe", "full_name": "Ana Doe"}],
    }
    untag.add("bea/1.jpg.json", json.dumps(sidecar).encode())
    assert untag.run("enroll", "--called", "Ana Doe", "--called", "@ana.doe").status == 0
    assert untag.scan()["told"] == 1
    told, *both = sorted(listed(untag), key=lambda item: item["verdict"] != "maybe")
    assert (told["sha256"], told["reasons"]) == (None, [NO_COPY])
    assert told["permalink"] == "https://www.facebook.com/photo.php?fbid=7"
    assert [item["action"] for item in both] == ["untag", "untag"]
    for item in both:
        said = json.dumps(item["reasons"])
        assert "you are tagged in it" in said
        assert '"posted by you", "posted by bea"' in said
    links = {place["permalink"] for item in both for place in item["places"]}
    assert "https://www.instagram.com/p/AAA/" in links
    assert len(links) == 2


def test_the_name_of_from_tags_is_one_that_archives_use(archives: Untag) -> None:
    archives.add("1.png", tag(paint(ME, serial=1), regions(("Ana Roe", FIRST))))
    assert archives.run("enroll", "--from-tags", "Ana Roe", archives.photos).status == 0
    assert "also called Ana Roe" in archives.run("people").out
    archives.add("friend/2.png", paint(serial=2))
    tell(archives, "friend", {"2.png": {"people": ["ana roe"]}})
    archives.scan()
    assert archives.found() == {"1.png": "me", "2.png": "maybe"}
