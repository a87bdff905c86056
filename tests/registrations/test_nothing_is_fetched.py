"""Addresses that organizers write are shown, never visited: somebody who listens hears nothing."""

import socket
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from badges import rendering, wording
from notifications import composing
from notifications.models import Message
from notifications.webhooks import reach
from registrations import announcing, form_stamp, links, mail_preview, own_texts, rewording
from registrations.own_texts import Words
from tests.factories import NOON, ORGANIZER, make_meeting, make_registration, make_user
from tests.notifications.receiver import Receiver


@pytest.fixture(scope="module")
def listener():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def connections(monkeypatch):
    """Every connection of this program, but the database's, which is none of Python's sockets."""
    made = []
    connect = socket.socket.connect
    monkeypatch.setattr(
        socket.socket, "connect", lambda self, place: made.append(place) or connect(self, place)
    )
    return made


@pytest.mark.django_db
def test_no_address_of_a_meeting_or_a_mail_is_visited(listener, connections, monkeypatch):
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))
    inside = listener.url("/secret")
    at = timezone.now()
    words = (
        f"![x]({inside}.png) <img src='{inside}.png'> <link rel=stylesheet href={inside}> {inside}"
    )
    meeting = make_meeting(
        owner=make_user(), map_url=inside, online_url=inside, summary=words, arrival_note=words,
        venue=words[:150], starts_at=at + timedelta(days=20), title=words,
        ends_at=at + timedelta(days=20, hours=3), format="hybrid",
    )  # fmt: skip
    person = make_registration(meeting=meeting, attendance_mode="online", organization=words[:150])
    rewording.reword(
        meeting=meeting, kind="confirmed", versions=None, at=NOON, by=ORGANIZER,
        words={"ru": Words(subject=words[:90], paragraphs=words)},
    )  # fmt: skip
    meeting.refresh_from_db()
    announcing.draft(
        meeting=meeting, wish=announcing.Wish(words={"ru": Words(subject="x", paragraphs=words)}),
        at=NOON, by=ORGANIZER,
    )  # fmt: skip
    for kind in own_texts.KINDS:
        letter = mail_preview.letter(meeting=meeting, kind=kind, language="ru", at=NOON)
        message = Message(
            kind=kind, recipient="a@example.org", language="ru", template=letter["template"],
            snapshot=dict(letter["snapshot"]), enclosures=list(letter.get("enclosures", ())),
            sender_name=letter["sender_name"], reply_to=letter["reply_to"],
        )  # fmt: skip
        composing.compose(message, NOON)
    office, visitor = Client(), Client()
    office.force_login(meeting.owners.get())
    own = f"/r/{links.token(person)}/"
    for path in (f"/m/{meeting.slug}/", f"/m/{meeting.slug}.ics", own, f"{own}calendar.ics"):
        assert visitor.get(path).status_code == 200
    office_pages = ("", "edit/", "participants/", "messages/texts/confirmed/preview/")
    for page in office_pages:
        assert office.get(f"/manage/{meeting.slug}/{page}", follow=True).status_code == 200
    for badge in wording.badges(meeting, [person], wording.Options()):
        rendering.draw(badge)

    assert listener.connections == 0
    assert connections == []


SPELLINGS = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "localhost",
    "LOCALHOST", "0.0.0.0", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1",
    "2002:7f00:1::", "127.000.000.001", "①②⑦.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_this_machine_is_sent_to(listener, connections, scheme, host):
    written = f"[{host}]" if ":" in host else host
    with pytest.raises((reach.AddressRefused, reach.Forbidden, reach.Unknown)):
        reach.resolve(reach.place_of(f"{scheme}://{written}:{listener.port}/"))
    # As if it had been saved before anybody looked at it.
    with pytest.raises((reach.Forbidden, reach.Unknown)):
        reach.resolve(reach.Place(scheme, host, listener.port, "/"))

    assert listener.connections == 0
