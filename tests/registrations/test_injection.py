"""
What organizers and participants write stays what they wrote: no program, no markup, no link, no
header comes of it, in no mail, calendar, badge or file name.
"""

import email
import email.policy
import re
import unicodedata
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from html.parser import HTMLParser

import icalendar
import pytest
from django.template.backends.django import Template
from django.utils import translation
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from badges import rendering as drawing
from badges import wording
from events.models import Host
from notifications import composing, rendering
from notifications.models import Message
from registrations import (
    announcement_files,
    announcement_letters,
    announcing,
    calendar,
    letters,
    mail_facts,
    mail_preview,
    names,
    own_texts,
    placeholders,
)
from registrations.delegations import letters as to_heads
from registrations.invitations import letters as to_invited
from registrations.models import Announcement
from registrations.own_texts import Words
from registrations.placeholders import TextNotAccepted
from tests.badges.people import PLAIN
from tests.factories import (
    NOON,
    ORGANIZER,
    make_delegation,
    make_invitation,
    make_meeting,
    make_registration,
    make_session,
)

pytestmark = pytest.mark.django_db
CANARY = "CANARY"
# --- templates ----------------------------------------------------------------------------
PIECES = [
    "{", "}", "{{", "}}", "{%", "%}", "{#", "#}", "${", "#{", "<%=", "%>", "$", "%s", "%n",
    "{name}", "{link}", "{ticket_code}", "{manage_url}", "{settings.SECRET_KEY}",
    "{{ settings.SECRET_KEY }}", "{{ ticket_code }}", "{{ 7919*7919 }}", "${7919*7919}",
    "{{ mail.unsubscribe_url }}", "{% debug %}", "{% include 'notifications/mail.html' %}",
    "{% now 'Y' %}", "{event.__class__}", ".__init__.__globals__", "a.b[c]", "{0}", "{}",
    "{x!r:>9999999}", "%(SECRET_KEY)s", "f'{SECRET_KEY}'", "{self.__dict__}", "__import__('os')",
    "name", "[0]", "!r", ":>9", "\r\n", "\x00", "\u2028", "**", "http://e.org/", " ", "я", "<b>",
]  # fmt: skip
typed_words = st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join)
SEVENS = str(7919 * 7919)


def seen(text):
    """What a reader can tell apart: words, without breaks and what cannot be seen."""
    kept = (c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return " ".join("".join(kept).split())


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.words, self.tags, self.places = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.words += [" "] * (tag == "br")
        self.places += [value for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data):
        self.words.append(data)


def read_html(html):
    """Its words, its elements, and all that it leads to."""
    reader = _Reader()
    reader.feed(html)
    return seen("".join(reader.words)), reader.tags, reader.places


@pytest.fixture
def secrets(settings):
    settings.SECRET_KEY = f"{CANARY}-SECRET"
    settings.LINK_KEY = f"{CANARY}-LINK"
    settings.EMAIL_HOST_PASSWORD = f"{CANARY}-PASSWORD"
    settings.DATABASES["default"]["TEST"][CANARY] = CANARY
    yield
    del settings.DATABASES["default"]["TEST"][CANARY]


@pytest.fixture
def facts(secrets):
    """What the letters to somebody know; his key and his code are not for the text."""
    meeting = make_meeting()
    person = make_registration(meeting=meeting)
    known = mail_facts.snapshot(person)
    return known | {"ticket_code": f"{CANARY}-TICKET", "cancel_url": f"http://x/{CANARY}"}


def rendered(snapshot, *, kind="confirmed", language="ru"):
    return rendering.render(
        Message(
            kind=kind, language=language, template=letters.TEMPLATES + kind, snapshot=snapshot,
            sender_name=snapshot["host"], unsubscribe_url="http://testserver/r/x/unsubscribe/",
        )
    )  # fmt: skip


def tried(times):
    """So many examples in a test whose fixtures are made once."""
    return how(
        max_examples=times, deadline=None, database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )  # fmt: skip


# Six places are looked at in each case.
TIMES = pytest.mark.parametrize("times", [80, pytest.param(5000, marks=pytest.mark.long)])


@TIMES
def test_organizers_words_are_refused_or_say_what_they_say(facts, times):
    values = own_texts.values("announcement", "ru", facts)
    said = {
        name: facts[name]
        for name in ("greeting", "host", "title", "short_title", "is_sample", "when", "contact",
                     "manage_url")
    }  # fmt: skip

    @tried(times)
    @given(typed_words)
    def check(typed):
        try:
            words = Words(subject=typed, paragraphs=typed).checked(own_texts.ANNOUNCEMENT)
        except TextNotAccepted as refusal:
            words, objection = None, str(refusal)
        if words is None:
            assert CANARY not in objection
            return
        own = own_texts.filled(words.subject, words.paragraphs, values)
        mail = rendered(said | {"own": own}, kind="announcement")
        expected = words.subject
        for name, value in values.items():
            expected = expected.replace(f"{{{name}}}", value)

        assert CANARY not in mail.subject + mail.text + mail.html
        assert SEVENS not in mail.subject + mail.text + mail.html
        if words.subject:
            assert mail.subject == " ".join(expected.split())
        bare = seen(expected.replace("**", ""))
        assert bare in seen(mail.text).replace("**", "")
        assert bare in read_html(mail.html)[0].replace("**", "")

    check()


@TIMES
def test_what_is_put_into_a_mail_is_never_a_template(facts, times):
    fields = ("person", "title", "short_title", "venue", "arrival_note", "submitted_by", "contact",
              "host", "greeting", "when")  # fmt: skip
    nothing = rendered(facts)
    known = facts | {"ticket_code": facts["number"], "cancel_url": "http://x/"}
    plain = {tag: read_html(nothing.html)[1].count(tag) for tag in ("a", "img", "script", "b")}

    @tried(times)
    @given(typed_words)
    def check(typed):
        typed = typed.replace("\x00", "")  # PostgreSQL keeps none
        mail = rendered(known | dict.fromkeys(fields, typed))
        words, tags, _places = read_html(mail.html)

        assert CANARY not in mail.subject + mail.text + mail.html
        assert SEVENS not in mail.subject + mail.text + mail.html
        assert seen(typed) in seen(mail.subject)
        assert seen(typed) in seen(mail.text)
        assert seen(typed) in words
        assert {tag: tags.count(tag) for tag in plain} == plain

    check()


@TIMES
def test_calendars_badges_and_file_names_say_what_was_typed(facts, times):
    @tried(times)
    @given(typed_words)
    def check(typed):
        entry = facts["calendar"] | dict.fromkeys(
            ("summary", "location", "description", "organizer_name", "attendee_name"), typed
        )
        [event] = icalendar.Calendar.from_ical(calendar.personal(entry, url="http://x/")).events
        name = announcement_files.clean_name(f"{typed}.pdf")
        badge = drawing.draw(
            replace(PLAIN, family=names.clean(typed)[:80], given="", position=names.clean(typed))
        )

        # A calendar has spaces for what it may not hold, and no quotes in a parameter.
        said = "".join(seen(typed).split())
        assert "".join(event["summary"].split()) == said
        called = "".join(event["attendee"].params["CN"].split())
        assert called.replace('"', "'") == said.replace('"', "'")
        assert len(event["attendee"].params) == 3
        assert CANARY not in str(event)
        assert re.search(r"[\x00-\x1f\x7f/\\<>]", name) is None
        assert SEVENS not in name + str(event)
        assert CANARY not in name + wording.short_organization(typed) + repr(badge)

    check()


@pytest.mark.parametrize("place", ["subject", "paragraphs"])
def test_a_preview_and_a_draft_know_no_more_placeholders_than_a_mail(secrets, place):
    meeting = make_meeting()
    for typed in ("{settings}", "{event.__class__}", "{{ 1 }}", "{% x %}", "{ticket_code}", "{"):
        with pytest.raises(TextNotAccepted):
            mail_preview.show(
                meeting=meeting, kind="confirmed", language="ru", at=NOON,
                words=Words(**{place: typed}),
            )  # fmt: skip
        with pytest.raises(TextNotAccepted):
            announcing.draft(
                meeting=meeting, wish=announcing.Wish(words={"ru": Words(**{place: typed})}),
                at=NOON, by=ORGANIZER,
            )  # fmt: skip


# --- values in every mail -----------------------------------------------------------------
KINDS = (*own_texts.KINDS, "announcement")


@contextmanager
def somebody_called(name, *, language="ru", organizer=""):
    """
    A meeting with a person of that name, before any door has looked at it; `organizer` stands
    in all that the organizer writes. Yields what makes the letter of a kind.
    """
    host = organizer[:150] or "Дом"
    meeting = make_meeting(
        offer_hours=24, title=host, title_alt=host, venue=host, venue_alt=host, address=host,
        arrival_note=host, arrival_note_alt=host, contact_name=host, short_title=host[:40],
        short_title_alt=host[:40],
    )  # fmt: skip
    Host.objects.filter(meeting=meeting).update(name=host[:200], name_alt=host[:200])
    person = make_registration(meeting=meeting, language=language)
    person.family_name, person.given_name, person.patronymic = name, name, ""
    person.organization = person.position = person.submitted_by_name = name
    person.meeting = meeting

    def letter(kind):
        if kind == "announcement":
            said = {language: {"subject": "{name}", "paragraphs": "**{name}**\n\n{name} {link}"}}
            draft = Announcement(meeting=meeting, created_at=NOON, words=said)
            return announcement_letters.specimen(draft, copy(person))
        with translation.override(language):
            if kind in to_invited.KINDS:
                invited = make_invitation(
                    meeting, name=name[:200], language=language,
                    email=f"{kind.replace('_', '-')}@example.org",
                )  # fmt: skip
                return to_invited.compose(kind, invited, at=NOON)
            if kind in to_heads.KINDS:
                asked = make_delegation(
                    meeting, name=f"{name[:150]}{kind}", head_name=name[:200], language=language
                )
                more = {"delegation_closing": {"named": 2}, "delegation_wishes": {"waiting": 2}}
                return to_heads.compose(kind, asked, at=NOON, **more.get(kind, {}))
        return mail_preview.letter(
            meeting=meeting, kind=kind, language=language, at=NOON, registration=person
        )

    yield letter


def as_message(letter):
    fields = (
        "kind",
        "template",
        "language",
        "reply_to",
        "sender_name",
        "unsubscribe_url",
        "thread",
    )
    return Message(
        recipient="maria@example.org", recipient_name=letter.get("to_name", ""),
        snapshot=dict(letter["snapshot"]), enclosures=list(letter.get("enclosures", ())),
        **{field: letter.get(field, "") for field in fields},
    )  # fmt: skip


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_name_that_looks_like_a_placeholder_is_a_name_in_every_mail(monkeypatch, language):
    drawn = []
    render = Template.render
    monkeypatch.setattr(
        Template, "render", lambda self, *a, **k: drawn.append(1) or render(self, *a, **k)
    )
    typed = "{number} {{ ticket_code }} {% now 'Y' %} {event_settings_secret}"
    with somebody_called(typed, language=language) as letter:
        for kind in KINDS:
            message = as_message(letter(kind))
            drawn.clear()
            mail = rendering.render(message)

            assert len(drawn) == 3, kind  # subject, text, HTML: each once
            said = [seen(mail.text), read_html(mail.html)[0]]
            personal = [text for text in said if "Дом" in text or typed in text]
            assert personal, kind
            for text in said:
                # Whoever is named is named so; nothing of it was filled in.
                assert ("{number}" in text) == (typed in text), kind
            assert [text for text in said if typed in text] in ([], said), kind


@pytest.mark.parametrize("language", ["ru", "en"])
def test_so_it_is_in_the_organizers_own_words(language):
    typed = "{number} {{ ticket_code }} {event_settings_secret}"
    values = {"name": typed, "number": "1", "link": "http://testserver/r/x/"}

    assert placeholders.fill_line("{name}|{number}", values) == f"{typed}|1"
    with somebody_called(typed, language=language) as letter:
        mail = rendering.render(as_message(letter("announcement")))
    assert mail.subject.startswith(typed)
    assert typed in mail.text
    assert typed in read_html(mail.html)[0]


NAMES = [
    "<a href='http://evil.test'>x</a>", '<a href="//evil.test">', "<A HREF=http://evil.test>x",
    "</td></table><a href=http://evil.test>", "<img src=x onerror=alert(1)>",
    "<img src=cid:ticket>", "<script>alert(1)</script>", "<style>*{display:none}</style>",
    "<link rel=stylesheet href=x>", "<meta http-equiv=refresh content='0;http://evil.test'>",
    "<base href=http://evil.test/>", "<iframe src=http://evil.test>",
    "<form action=http://evil.test><input>", "<svg onload=x>", "<body onload=x>", "<!--", "-->",
    "<![CDATA[", "]]>", "<!DOCTYPE html>", "<p", "<", ">", "&", '"', "'", "&lt;b&gt;",
    "&#60;a&#62;", "&amp;amp;", "&nbsp;", "javascript:alert(1)", "[x](http://evil.test)",
    "![x](http://evil.test/x.png)", "[x]: http://evil.test", "<http://evil.test>",
    "http://evil.test", "https://evil.test/?a=1&b=2", "HTTP://EVIL.TEST", "//evil.test",
    "www.evil.test", "evil.test", "mailto:a@evil.test", "a@evil.test", "ftp://evil.test",
    "tel:+79990000000", "http://evil.test http://evil.test", "**жирно**", "__x__", "# x", "`x`",
    "* x", "> x", "1. x", "{name}", "{link}", "\u202ehttp://tset.live", "\u2066Иван\u2069",
    "Ив\u200bан", "Ж" * 10_000, "a" * 5_000 + "<b>" + "a" * 5_000,
]  # fmt: skip


def test_there_are_sixty_names():
    assert len(NAMES) == len(set(NAMES)) == 60


def looked_at(language, *, every_kind):
    places = {}
    with somebody_called("Иванов", language=language) as letter:
        for kind in KINDS:
            places[kind] = read_html(rendering.render(as_message(letter(kind))).html)
    for number, name in enumerate(NAMES):
        mine = KINDS if every_kind else [KINDS[(number + k * 7) % len(KINDS)] for k in range(1)]
        with somebody_called(name, language=language, organizer=name) as letter:
            for kind in mine:
                yield name, kind, rendering.render(as_message(letter(kind))), places[kind]


def assert_only_words(name, kind, mail, plain):
    words, tags, places = read_html(mail.html)
    _plain_words, plain_tags, plain_places = plain
    said = f"{kind}: {name[:40]}"
    assert [t for t in tags if t != "br"] == [t for t in plain_tags if t != "br"], said
    assert len(places) == len(plain_places), said
    for place in places:
        assert place.startswith(("http://testserver/", "cid:", "mailto:org@", "data:image/png")), (
            said
        )
    shown = seen(name)[:40]
    assert shown in words, said
    assert shown in seen(mail.text), said
    assert len(mail.subject.splitlines()) == 1, said


def test_no_name_brings_a_link_a_picture_or_markup_into_a_mail():
    for looked in looked_at("ru", every_kind=False):
        assert_only_words(*looked)


@pytest.mark.long
@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_name_brings_any_into_any_mail(language):
    for looked in looked_at(language, every_kind=True):
        assert_only_words(*looked)


# --- headers ------------------------------------------------------------------------------
ALL_BREAKS = "\r\n|\n|\r|\x00|\u2028|\u2029|\x85|\x0b|\x0c|\r\n\r\n|%0d%0a"
BREAKS = [
    ALL_BREAKS, *(pytest.param(one, marks=pytest.mark.long) for one in ALL_BREAKS.split("|"))
]  # fmt: skip
EVIL = "Иван{0}Bcc: victim@example.org{0}{0}<p>тело"
HEADERS = {
    "from", "to", "subject", "date", "message-id", "content-language", "auto-submitted",
    "x-auto-response-suppress", "mime-version", "reply-to", "in-reply-to", "references",
    "list-unsubscribe", "list-unsubscribe-post", "content-type",
}  # fmt: skip
ENTRY = {
    "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION", "URL",
    "STATUS", "TRANSP", "ORGANIZER", "ATTENDEE",
}  # fmt: skip


def read_headers(raw):
    """The names of a letter's headers, as a mail program finds them."""
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    found = [name.lower() for name in message.keys()]  # noqa: SIM118
    assert len(found) == len(set(found))
    return found


def assert_sound(raw):
    """One of each header that is expected, no other, and parts that say what they are."""
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert set(read_headers(raw)) <= HEADERS
    assert message["To"].addresses[0].addr_spec == "maria@example.org"
    assert len(message["To"].addresses) == 1
    for part in message.walk():
        assert not part.defects
        assert set(map(str.lower, part.keys())) <= HEADERS | {
            "content-transfer-encoding", "content-disposition", "content-id",
        }  # fmt: skip
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            for entry in icalendar.Calendar.from_ical(content).events:
                assert set(entry) <= ENTRY
                assert not entry.errors
                assert str(entry["attendee"]).lower().startswith("mailto:person-")
    return message


@pytest.mark.parametrize("end", BREAKS, ids=ascii)
def test_no_line_break_in_any_value_becomes_a_header_or_a_poisoned_letter(end):
    evil = EVIL.format(end.replace("\x00", "\x01"))  # PostgreSQL keeps no NUL
    with somebody_called(evil, organizer=evil) as letter:
        for kind in KINDS:
            made = dict(letter(kind))
            if "calendar" in made["snapshot"]:
                made["enclosures"] = ["ticket", "calendar"]
            made["to_name"] = evil
            assert_sound(composing.compose(as_message(made), NOON))


@pytest.mark.parametrize("end", BREAKS, ids=ascii)
def test_a_files_name_is_a_name_in_its_header(end):
    meeting = make_meeting()
    make_registration(meeting=meeting)
    made = announcing.draft.__wrapped__(
        meeting=meeting, at=NOON, by=ORGANIZER,
        wish=announcing.Wish(words={"ru": Words(subject="Автобус", paragraphs="{name}")}),
    )  # fmt: skip
    file = announcement_files.add(
        made, name=f'план"{end}Content-Type: text/html{end}../x/{EVIL.format(end)}.PDF',
        content=b"%PDF-1.7",
    )  # fmt: skip
    person = made.meeting.registrations.get()
    letter = announcement_letters.letter(made, person, enclosed=announcement_files.enclosures(made))

    message = assert_sound(composing.compose(as_message(letter), NOON))

    [attached] = message.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_filename() == file.name
    assert re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029/\\\"<>:]", file.name) is None


def test_control_characters_stay_out_of_every_calendar():
    evil = "a\x0bb\x01c\x85d\u2028e\tf\r\nATTENDEE:mailto:x@example.org"
    meeting = make_meeting(
        title=evil, title_alt=evil, venue=evil, arrival_note=evil, contact_name=evil
    )
    person = make_registration(meeting=meeting)
    person.meeting, person.family_name = meeting, evil
    session = make_session(meeting)
    session.title = session.room = session.speakers = evil
    entry = calendar.facts(person) | {"sessions": calendar.programme(person, [session])}
    files = [
        calendar.personal(entry, url="http://x/"),
        calendar.public(meeting, url="http://x/", stamp=NOON),
    ]
    for file in files:
        assert re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", file) is None
        for event in icalendar.Calendar.from_ical(file).events:
            assert event["summary"] == "a b c d e f ATTENDEE:mailto:x@example.org"
            assert set(event) <= ENTRY
