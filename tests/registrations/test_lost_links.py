"""A lost link is mailed to the address on file; nobody else learns whether there is one."""

from datetime import timedelta

import pytest
from django.test import Client

from notifications import rendering
from notifications.models import Message
from registrations import links, lost_links
from registrations.models import Status
from tests.factories import NOON, make_meeting, make_registration

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/m/parks/find/"


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"accept-language": "en"})


def ask(visitor, email):
    return visitor.post(PAGE, {"email": email})


def test_all_links_of_an_address_come_in_one_letter(visitor):
    meeting = make_meeting(slug="parks", seat_limit=5)
    own = make_registration(meeting=meeting, family_name="Секретарёва", email="Office@example.org")
    boss = make_registration(
        meeting=meeting, family_name="О’Коннор", submitted_by_name="С.",
        submitted_by_email="office@example.org",
    )  # fmt: skip
    make_registration(meeting=meeting, email="office@example.org", status=Status.CANCELLED)
    make_registration(meeting=make_meeting(), email="office@example.org")

    answer = ask(visitor, " office@EXAMPLE.org ")

    assert answer["Location"] == f"{PAGE}?sent"
    message = Message.objects.get()
    assert (message.kind, message.recipient) == ("links", "office@EXAMPLE.org")
    letter = rendering.render(message)
    assert [url in letter.text for url in map(links.manage_url, (own, boss))] == [True, True]
    assert "О’Коннор" in letter.html
    assert letter.subject == "The link to your registration: Meeting of parks"


def test_a_person_and_whoever_registered_him_may_ask_in_the_same_minute():
    meeting = make_meeting()
    make_registration(
        meeting=meeting, email="ada@example.org", submitted_by_email="office@example.org"
    )

    for email in ("ada@example.org", "office@example.org", "Ada@example.org"):
        lost_links.send(meeting=meeting, email=email, visitor="10.0.0.1", language="ru", at=NOON)

    recipients = Message.objects.order_by("pk").values_list("recipient", flat=True)
    assert list(recipients) == ["ada@example.org", "office@example.org"]


def test_the_page_says_the_same_whether_an_address_is_known_or_not(visitor):
    make_registration(meeting=make_meeting(slug="parks"), email="ada@example.org")

    known, unknown = (ask(visitor, f"{name}@example.org") for name in ("ada", "eve"))

    def seen(answer):
        return answer.status_code, answer["Location"], answer.content

    assert seen(known) == seen(unknown)
    assert Message.objects.count() == 1
    page = visitor.get(f"{PAGE}?sent").content.decode()
    assert "If this address is on the list" in page
    assert "ada@example.org" not in page


def test_an_address_is_not_flooded_and_a_visitor_does_not_try_out_many(visitor):
    meeting = make_meeting(slug="parks")
    make_registration(meeting=meeting, email="ada@example.org")

    for minute in range(6):
        lost_links.send(
            meeting=meeting, email="ada@example.org", visitor=f"10.0.0.{minute}", language="ru",
            at=NOON + timedelta(minutes=minute),
        )  # fmt: skip
    asked = [ask(visitor, f"a{n}@example.org") for n in range(11)]

    assert Message.objects.count() == 3
    assert [answer.status_code for answer in asked] == [303] * 10 + [429]
    # How long to wait is said once.
    assert asked[-1].content.decode().count(" minute") == 1


def test_a_slip_is_named_and_a_look_sends_nothing(visitor):
    make_meeting(slug="parks")

    assert ask(visitor, "nobody").status_code == 422
    assert visitor.get(PAGE).status_code == 200
    assert visitor.get("/m/nowhere/find/").status_code == 404
    assert not Message.objects.exists()
