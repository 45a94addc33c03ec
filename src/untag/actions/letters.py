"""Texts to send: a message for each poster, what a platform's form asks, reminders and complaints. Pure.

A friend is asked kindly. A law is cited to a poster only for what anybody can see, and to a platform not for what is
shown to friends alone. Intimate pictures are in no letter: they have a text of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from untag.actions.chosen import is_decided, is_held_back, left_out, may_ask_poster, may_report
from untag.actions.law import Law, has_authority, may_cite_to_platform, may_cite_to_poster
from untag.actions.plan import Plan, PlannedGroup, PlannedPhoto
from untag.actions.platforms import SEARCH, Form, FormField, FormFor, platform_called
from untag.actions.sender import Sender
from untag.actions.texts import Texts
from untag.actions.tracking import Outcome, TrackedRequest
from untag.actions.words import file_stem, name_of, web_link
from untag.findings.rules import Audience
from untag.store import Recipient, Request

_TO_POSTERS = frozenset({Law.GDPR, Law.UK, Law.LGPD})
"""The laws under which a private person may be addressed."""
_DATA_LAWS = frozenset({Law.GDPR, Law.UK, Law.CCPA, Law.LGPD})
_DELISTING = frozenset({Law.GDPR, Law.UK})


class Kind(StrEnum):
    """What a text is, in the order in which they are sent."""

    INTIMATE = "intimate"
    MESSAGE = "message"
    FORM = "form"
    EMAIL = "email"
    FORMAL = "formal"
    SEARCH = "search"
    REMINDER = "reminder"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True)
class Copied:
    """One field of a form, or part of a letter, to be copied as a whole; `key` names it in every language."""

    key: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One text. `file` is its name, `address` the page or the email address it is for, `notes` what to know before.

    `photos` are the SHA-256 of what it is about.
    """

    kind: Kind
    file: str
    title: str
    what: str
    fields: tuple[Copied, ...]
    address: str | None = None
    notes: tuple[str, ...] = ()
    platform: str | None = None
    poster: str | None = None
    law: Law = Law.NONE
    photos: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The part that holds the letter itself."""
        return self.fields[-1].text


@dataclass(frozen=True, slots=True)
class Letters:
    """All texts in the order in which they are sent, and the one that says what to do with each."""

    language: str
    letters: tuple[Letter, ...]
    readme: str


@dataclass(frozen=True, slots=True)
class LetterOptions:
    """How the texts are written. `unknown_is_public`: the user has looked, and anybody can see what is not known."""

    law: Law = Law.NONE
    language: str = "en"
    sender: Sender = field(default_factory=Sender)
    today: date = field(default_factory=date.today)
    unknown_is_public: bool = False


def write_letters(plan: Plan, tracked: Iterable[TrackedRequest], options: LetterOptions) -> Letters:
    """The texts for what was decided in a plan, and for requests whose time is over."""
    writer = _Writer(options)
    tracked = list(tracked)
    found = [*writer.for_posters(plan), *writer.for_platforms(plan), *writer.for_search(plan)]
    found += [*writer.for_intimate(plan), *writer.for_overdue(plan, tracked)]
    order = list(Kind)
    letters = tuple(sorted(found, key=lambda letter: order.index(letter.kind)))
    return Letters(options.language, letters, writer.readme(plan, letters, tracked))


class _Writer:
    def __init__(self, options: LetterOptions) -> None:
        self._options = options
        self._texts = Texts(options.language)
        said = options.sender.said
        self._own = {
            name: said.get(name, self._texts.words("blanks", name)) for name in ("name", "email", "address", "country")
        }

    def for_posters(self, plan: Plan) -> Iterator[Letter]:
        for group in plan.groups:
            photos = [photo for photo in group.photos if may_ask_poster(photo)]
            if photos and group.poster is not None:
                yield self._message(group, photos)
            # What has no address of its own, such as a picture in a chat, was not shown to everybody.
            linked = [photo for photo in photos if photo.link is not None]
            public = [photo for photo in linked if may_cite_to_poster(self._audience(photo))]
            if public and group.poster is not None and self._options.law in _TO_POSTERS:
                yield self._formal(group, public)

    def for_platforms(self, plan: Plan) -> Iterator[Letter]:
        by_platform: dict[str, list[PlannedPhoto]] = {}
        for group in plan.groups:
            by_platform.setdefault(group.platform_name, []).extend(filter(may_report, group.photos))
        for name, photos in by_platform.items():
            citing = [photo for photo in photos if may_cite_to_platform(self._audience(photo))]
            kindly = [photo for photo in photos if not may_cite_to_platform(self._audience(photo))]
            for chosen, law in ((citing, self._options.law), (kindly, Law.NONE)):
                if chosen:
                    yield from self._to_platform(name, chosen, law)

    def for_search(self, plan: Plan) -> Iterator[Letter]:
        photos = [photo for photo in plan.photos if may_report(photo) and may_cite_to_platform(self._audience(photo))]
        if not photos:
            return
        platform = platform_called(SEARCH)
        for form in platform.forms:
            if form.purpose is FormFor.PRIVACY or self._options.law in _DELISTING:
                letter = self._form(Kind.SEARCH, platform.name, form, photos, self._options.law)
                yield replace(letter, what=self._texts.words("what", "search"))

    def for_intimate(self, plan: Plan) -> Iterator[Letter]:
        photos = [photo for photo in plan.photos if photo.intimate and is_decided(photo)]
        if not photos:
            return
        text = self._texts.render(
            "intimate",
            **self._values(photos),
            adults=any(photo.under_18 is not True for photo in photos),
            minors=any(photo.under_18 is not False for photo in photos),
        )
        title = self._texts.words("kinds", "intimate")
        yield self._letter(Kind.INTIMATE, "intimate-pictures.txt", title, text, photos, law=Law.TAKE_IT_DOWN)

    def for_overdue(self, plan: Plan, tracked: Iterable[TrackedRequest]) -> Iterator[Letter]:
        for one in tracked:
            if is_held_back(plan, one):
                continue
            if one.is_overdue(self._options.today):
                yield self._about_request(Kind.REMINDER, one)
            unanswered = one.is_overdue(self._options.today) or one.outcome is Outcome.REFUSED
            if unanswered and has_authority(one.law) and one.request.recipient is not Recipient.AUTHORITY:
                yield self._about_request(Kind.COMPLAINT, one)

    def readme(self, plan: Plan, letters: Sequence[Letter], tracked: Sequence[TrackedRequest]) -> str:
        return self._texts.render(
            "readme",
            today=self._texts.day(self._options.today),
            documents=letters,
            law=self._options.law,
            blanks=any(blank in part.text for letter in letters for part in letter.fields for blank in self._blanks()),
            left_out=[
                (self._texts.words("left_out", why), count)
                for why, count in left_out(plan, tracked, self._options.today)
            ],
        )

    def _blanks(self) -> list[str]:
        return [*self._texts.labels["blanks"].values(), *self._texts.labels["nameless"].values()]

    def _audience(self, photo: PlannedPhoto) -> Audience:
        if photo.audience is Audience.UNKNOWN and self._options.unknown_is_public:
            return Audience.PUBLIC
        return photo.audience

    def _message(self, group: PlannedGroup, photos: Sequence[PlannedPhoto]) -> Letter:
        text = self._texts.render("message", **self._values(photos, group))
        title = f"{self._texts.words('kinds', 'message')}: {group.poster}{_on(group)}"
        file = f"message-{_stem(group)}.txt"
        subject = self._copied("subject", str(self._texts.labels["subject"]))
        return self._letter(Kind.MESSAGE, file, title, text, photos, before=(subject,), group=group)

    def _formal(self, group: PlannedGroup, photos: Sequence[PlannedPhoto]) -> Letter:
        text = self._texts.render("formal", **self._values(photos, group), law=self._options.law)
        title = f"{self._texts.words('kinds', 'formal')}: {group.poster}{_on(group)}"
        file = f"formal-{self._options.law}-{_stem(group)}.txt"
        subject = self._copied("subject", str(self._texts.labels["subject_formal"]))
        return self._letter(
            Kind.FORMAL, file, title, text, photos, before=(subject,), group=group, law=self._options.law
        )

    def _to_platform(self, name: str, photos: Sequence[PlannedPhoto], law: Law) -> Iterator[Letter]:
        platform = platform_called(photos[0].origin.platform)
        for form in platform.forms:
            if form.purpose is FormFor.DATA and law not in _DATA_LAWS:
                continue
            yield (self._email if form.email else self._form)(
                Kind.EMAIL if form.email else Kind.FORM, name, form, photos, law
            )

    def _form(self, kind: Kind, name: str, form: Form, photos: Sequence[PlannedPhoto], law: Law) -> Letter:
        asked = [*form.fields]
        if law is Law.DSA and kind is Kind.FORM:
            asked = [one for one in FormField if one in asked or one in (FormField.EMAIL, FormField.GOOD_FAITH)]
        template = "delisting" if kind is Kind.SEARCH else "reason"
        named = (None if kind is Kind.SEARCH else name, _unless_none(law), form.name)
        return Letter(
            kind=kind,
            file=f"{kind}-{file_stem(*named)}.txt",
            title=f"{name}: {form.name}",
            what=self._texts.words("what", "form"),
            fields=tuple(self._copied(one, self._asked(one, photos, law, template)) for one in asked),
            address=None if form.link == "{permalink}" else form.link,
            notes=self._notes(form),
            platform=photos[0].origin.platform,
            law=law,
            photos=_hashes(photos),
        )

    def _email(self, kind: Kind, name: str, form: Form, photos: Sequence[PlannedPhoto], law: Law) -> Letter:
        text = self._texts.render("email", **{**self._values(photos), "platform": name}, law=law)
        return Letter(
            kind=kind,
            file=f"{kind}-{file_stem(name, _unless_none(law))}.eml",
            title=f"{name}: {form.email}",
            what=self._texts.words("what", "email"),
            fields=(
                self._copied("subject", str(self._texts.labels["subject_platform"])),
                self._copied("text", text),
            ),
            address=form.email,
            notes=self._notes(form),
            platform=photos[0].origin.platform,
            law=law,
            photos=_hashes(photos),
        )

    def _asked(self, field: FormField, photos: Sequence[PlannedPhoto], law: Law, template: str) -> str:
        match field:
            case FormField.LINKS:
                return "\n".join(dict.fromkeys(photo.link for photo in photos if photo.link is not None))
            case FormField.REASON:
                return self._texts.render(template, **self._values(photos), law=law).rstrip("\n")
            case FormField.SHOWS | FormField.GOOD_FAITH:
                return str(self._texts.labels[field])
            case FormField.NAME | FormField.EMAIL | FormField.COUNTRY:
                return self._own[field]

    def _notes(self, form: Form) -> tuple[str, ...]:
        checked = form.checked
        sure = self._texts.words("notes", "verified" if checked.verified else "not_verified")
        written = self._texts.words("notes", "written").format(day=self._texts.day(checked.on), source=checked.source)
        warning = form.warning.get(self._options.language) or form.warning.get("en")
        return (f"{sure} {written}", *([warning] if warning else []))

    def _about_request(self, kind: Kind, one: TrackedRequest) -> Letter:
        request = one.request
        links = [link for link in map(web_link, request.links) if link is not None]
        poster, platform = self._whom(request, links)
        whom = (poster if request.recipient is Recipient.POSTER else None) or platform or ""
        text = self._texts.render(
            str(kind),
            **self._own,
            against=whom,
            recipient=str(request.recipient),
            poster=poster,
            platform=platform or "",
            law=one.law,
            complain=has_authority(one.law),
            # Copies are photos of their own in a request; what was named is the links.
            count=len(links) or len(request.photos),
            links=links,
            requested_on=self._texts.day(date.fromisoformat(request.requested_on)),
            due_on=self._texts.day(one.due_on),
        )
        subject = self._copied("subject", str(self._texts.labels[f"subject_{kind}"]))
        title = f"{self._texts.words('kinds', kind)}: {whom}"
        return Letter(
            kind=kind,
            file=f"{kind}-{file_stem(whom, request.id)}.txt",
            title=title,
            what=self._texts.words("what", kind),
            fields=(subject, self._copied("text", text)),
            platform=request.platform,
            poster=poster,
            law=one.law,
            photos=request.photos,
        )

    def _whom(self, request: Request, links: Sequence[str]) -> tuple[str | None, str | None]:
        """The poster and the site; who was asked and has no name is called by the site's address, else is a blank."""
        poster = name_of(request.name)
        called = name_of(request.platform)
        platform = None if called is None else name_of(platform_called(called).name)
        if request.recipient is Recipient.POSTER:
            return poster or self._texts.words("nameless", "poster"), platform
        hosts = [host for host in (urlsplit(link).hostname for link in links) if host]
        return poster, platform or (hosts[0] if hosts else self._texts.words("nameless", "platform"))

    def _letter(
        self,
        kind: Kind,
        file: str,
        title: str,
        text: str,
        photos: Sequence[PlannedPhoto],
        *,
        before: tuple[Copied, ...] = (),
        group: PlannedGroup | None = None,
        law: Law = Law.NONE,
    ) -> Letter:
        return Letter(
            kind=kind,
            file=file,
            title=title,
            what=self._texts.words("what", kind),
            fields=(*before, self._copied("text", text)),
            platform=None if group is None else group.platform,
            poster=None if group is None else group.poster,
            law=law,
            photos=_hashes(photos),
        )

    def _copied(self, key: str, text: str) -> Copied:
        return Copied(key, self._texts.words("fields", key), text)

    def _values(self, remove: Sequence[PlannedPhoto], group: PlannedGroup | None = None) -> dict[str, Any]:
        return {
            **self._own,
            "poster": None if group is None else group.poster,
            "platform": "" if group is None or group.platform is None else group.platform_name,
            "remove": [self._described(photo) for photo in remove],
            "no_link": self._texts.labels["no_link"],
            "kug": self._options.sender.has_image_right,
        }

    def _described(self, photo: PlannedPhoto) -> dict[str, str | None]:
        day = None if photo.day is None else self._texts.day(photo.day)
        return {"link": photo.link, "day": day, "caption": photo.caption}


def _hashes(photos: Iterable[PlannedPhoto]) -> tuple[str, ...]:
    return tuple(photo.finding.sha256 for photo in photos)


def _on(group: PlannedGroup) -> str:
    return "" if group.platform is None else f" ({group.platform_name})"


def _stem(group: PlannedGroup) -> str:
    return file_stem(group.platform, group.poster)


def _unless_none(law: Law) -> str | None:
    return None if law is Law.NONE else str(law)
