"""The act page: the checklist, what is answered, requests and their dates, the texts, and the summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import untag
from store_samples import ME, ORIGIN, analysis, assessment, record
from untag.actions.law import due_on
from untag.review.app import make_app
from untag.review.parts import make_parts
from untag.store import Store, record_batch, start_run
from untag.types import Action, Status

CONTENTS = [f"{number:064x}" for number in range(4)]
LINKS = [f"https://www.facebook.com/photo/?fbid={1000 + number}" for number in range(4)]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[untag.Untag]:
    """Four photos on Facebook, three of them by one poster; all are decided but one."""
    with Store.open(tmp_path / "home") as store:
        run = start_run(store, ["/a"])
        batch = []
        for number, (sha256, link) in enumerate(zip(CONTENTS, LINKS, strict=True)):
            origin = replace(ORIGIN, permalink=link, poster="Bob" if number < 3 else "Cleo <b>", people=("Ada",))
            found = replace(assessment(), origin=origin, action=Action.UNTAG)
            made = replace(analysis((ME,), keep=(True,), found=found), phash=None)
            batch.append(record(f"/a/{number}.jpg", sha256, made, origin=origin))
        record_batch(store, run, batch)
    with untag.open(tmp_path / "home", tend=False) as opened:
        opened.decide([CONTENTS[0], CONTENTS[1]], Status.UNTAG)
        opened.decide(CONTENTS[3], Status.REQUEST_REMOVAL)
        yield opened


@pytest.fixture
def client(home: untag.Untag) -> FlaskClient:
    bugs: list[Exception] = []

    def failed(error: Exception) -> None:
        bugs.append(error)
        raise error

    parts = make_parts(home.settings, lambda _: untag.open(home.home, tend=False), failed)
    return make_app(parts).test_client()


def steps(client: FlaskClient) -> list[dict[str, str]]:
    """What the page asks next: the photo, its place and the step."""
    found = re.findall(r'data-id="(\w{64})" data-place="([^"]*)"(?: data-step="([^"]*)")?', client.get("/act").text)
    return [{"id": sha256, "place": place.replace("&amp;", "&"), "step": step} for sha256, place, step in found]


def post(client: FlaskClient, path: str, code: int = 200, /, **said: object) -> dict[str, object]:
    answer = client.post(path, json=said, headers={"Accept": "application/json"})
    assert answer.status_code == code, answer.text
    return dict(answer.json or {})


def test_what_was_decided_is_on_the_checklist_and_nothing_else(client: FlaskClient) -> None:
    assert sorted({step["id"] for step in steps(client)}) == [CONTENTS[0], CONTENTS[1], CONTENTS[3]]
    text = client.get("/act").text
    assert "Cleo &lt;b&gt;" in text
    assert "Cleo <b>" not in text
    assert LINKS[0] in text


def test_an_answer_leads_to_the_next_step_and_is_taken_back(client: FlaskClient) -> None:
    first = steps(client)[0]
    assert post(client, "/act/answer", **first, answer="skip")["count"] == 1
    after = next(step for step in steps(client) if step["id"] == first["id"])
    assert after["step"] != first["step"]
    assert post(client, "/act/undo")["count"] == 1
    assert first in steps(client)
    assert post(client, "/act/undo")["count"] == 0


def test_who_is_asked_is_watched(client: FlaskClient, home: untag.Untag) -> None:
    asking = next(step for step in steps(client) if step["step"] == "ask-poster" and step["id"] in CONTENTS[:2])
    assert post(client, "/act/answer", **asking, answer="asked")["count"] == 2, "one message is about all their photos"
    (tracked,) = home.requests()
    assert (tracked.request.name, set(tracked.request.photos)) == ("Bob", set(CONTENTS[:2]))
    text = client.get("/act").text
    assert "Asked for" in text
    assert tracked.request.id in text
    number = tracked.request.id
    assert post(client, "/act/happened", request=number, event="reminded") == {"noted": "reminded"}
    assert post(client, "/act/happened", request=number, event="undo")["undone"] is not None
    assert post(client, "/act/happened", request=number, event="done") == {"noted": "done"}
    assert home.finding(CONTENTS[0]).status is Status.DONE


def test_a_formal_letter_to_a_poster_is_due_by_its_law(client: FlaskClient, home: untag.Untag) -> None:
    asking = next(step for step in steps(client) if step["step"] == "ask-poster" and step["id"] in CONTENTS[:2])
    text = client.get("/act").text
    assert '<option value="gdpr">' in text and '<option value="dsa">' not in text, "the DSA is for platforms"
    post(client, "/act/answer", **asking, answer="asked", law="gdpr")
    (tracked,) = home.requests()
    assert (tracked.law, tracked.request.channel) == (untag.Law.GDPR, "letter")
    assert tracked.due_on == due_on(untag.Law.GDPR, date.fromisoformat(tracked.request.requested_on))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/act/answer", {}),
        ("/act/answer", {"id": "0" * 64, "place": "../../etc", "step": "ask-poster", "answer": "done"}),
        ("/act/answer", {"step": "no-such"}),
        ("/act/answer", {"answer": "burn"}),
        ("/act/answer", {"answer": ["done"]}),
        ("/act/answer", {"law": "jungle"}),
        ("/act/answer", {"law": ["gdpr"]}),
        ("/act/happened", {}),
        ("/act/happened", {"request": "../..", "event": "done"}),
        ("/act/happened", {"request": 1, "event": "done"}),
        ("/texts/draft", {"law": "jungle"}),
        ("/texts/draft", {"law": ["gdpr"]}),
        ("/texts/draft", {"language": "../../etc/passwd"}),
        ("/texts/draft", {"language": 1}),
        ("/texts/draft", {"email": "no address"}),
        ("/texts/draft", {"name": {"a": 1}}),
        ("/texts/draft", {"born": "yesterday"}),
    ],
    ids=str,
)
def test_what_makes_no_sense_changes_nothing(
    client: FlaskClient, home: untag.Untag, path: str, said: dict[str, object]
) -> None:
    known = {**steps(client)[0], "answer": "done"} if path == "/act/answer" and said else {}
    assert "error" in post(client, path, 400, **{**known, **said})
    assert home.requests() == []
    assert post(client, "/act/undo")["count"] == 0


def test_texts_have_a_button_for_each_field(client: FlaskClient) -> None:
    text = client.get("/texts").text
    assert text.count('class="copy"') == text.count("<pre ") > 0
    assert LINKS[0].replace("&", "&amp;") in text
    html = str(post(client, "/texts/draft", name="Ada <i>", language="de", law="gdpr", country="DE")["html"])
    assert "Ada &lt;i&gt;" in html
    assert 'lang="de"' in html
    targets = re.findall(r'data-copy="([^"]+)"', html)
    assert [target for target in targets if f'id="{target}"' not in html] == []


def test_the_sender_is_kept_only_when_that_is_wanted(client: FlaskClient, home: untag.Untag) -> None:
    post(client, "/texts/draft", name="Ada Lane")
    assert home.sender().said == {}
    post(client, "/texts/draft", name="Ada Lane", remember=True)
    assert home.sender().said == {"name": "Ada Lane"}
    assert 'value="Ada Lane"' in client.get("/texts").text


def test_the_summary_counts_before_and_after(client: FlaskClient, home: untag.Untag) -> None:
    text = client.get("/summary").text
    found = home.stats()
    assert f"<td>{found.flagged}</td><td>{found.now}</td><td>{found.planned}</td><td>{found.keep}</td>" in text


def test_pages_have_nothing_inline_and_nothing_from_elsewhere(client: FlaskClient) -> None:
    for path in ("/act", "/texts", "/summary"):
        text = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text)
        assert not re.search(r"<(?:img|link|script)[^>]+(?:src|href)=\"(?:https?:)?//", text)
