"""What organizers and heads see of an address that mail came back from, and what they can do."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import JournalEntry
from notifications import suppressing
from notifications.bounces import fates
from notifications.models import Fate, Message, State, Suppression
from registrations import amending, letters
from registrations.delegations import keys, naming, opening
from registrations.delegations.answers import answers
from tests.api.conftest import Client, coming, signed_in
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_application,
    make_delegation,
    make_meeting,
    make_registration,
    make_user,
)

pytestmark = pytest.mark.django_db(transaction=True)
EN = {"Accept-Language": "en"}


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def meeting(owner):
    return coming(owner=owner, seat_limit=10)


def bounce(subject):
    """The newest mail about somebody comes back."""
    message = Message.objects.about(subject).newest_first().first()
    Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=timezone.now())
    fates.believe(
        message_id=message.message_id, fate=Fate.BOUNCED, reason="mailbox_unknown", is_hard=True,
        code=550, reply="550 5.1.1 no such user", source="test",
    )  # fmt: skip


def told_and_bounced(meeting):
    person = make_registration(meeting=meeting)
    with transaction.atomic():
        letters.write_confirmed(person)
    bounce(f"registration:{person.pk}")
    return person


def test_the_organizer_reads_why_and_allows_it_again(client, owner, meeting):
    client.force_login(owner)
    person = told_and_bounced(meeting)
    page = reverse("manage-participant", args=[meeting.slug, person.number])
    stopped = Suppression.objects.get()
    act = reverse("manage-address-allow", args=[meeting.slug, stopped.pk])

    before = client.get(page, headers=EN).content.decode()
    listed = client.get(reverse("manage-messages", args=[meeting.slug]), headers=EN)
    answer = client.post(act, {"number": person.number}, headers=EN)
    after = client.get(page, headers=EN).content.decode()

    assert "Mail to this address came back." in before
    assert "550 5.1.1 no such user" in before
    assert act in before
    assert "1 address is not written to any more" in listed.content.decode()
    assert act in listed.content.decode()
    assert (answer.status_code, answer["Location"]) == (303, page)
    assert act not in after
    entry = JournalEntry.objects.get(action="address.allowed")
    assert entry.subjects == [f"meeting:{meeting.pk}", f"registration:{person.pk}"]
    assert person.email not in str(entry.changes)


def test_the_organizer_stops_writing_to_an_address_and_allows_it_again(client, owner, meeting):
    client.force_login(owner)
    person = make_registration(meeting=meeting)
    with transaction.atomic():
        letters.write_confirmed(person)
    mail = Message.objects.about(f"registration:{person.pk}").get()
    page = reverse("manage-message", args=[meeting.slug, mail.pk])
    step = reverse("manage-message-step", args=[meeting.slug, mail.pk])

    offered = client.get(page, headers=EN).content.decode()
    for _ in range(2):  # twice is harmless
        assert client.post(step, {"act": "suppress"}, headers=EN)["Location"] == page
    stopped = Suppression.objects.get()
    allow = reverse("manage-address-allow", args=[meeting.slug, stopped.pk])
    shown = client.get(page, headers=EN).content.decode()
    mail.refresh_from_db()
    client.post(allow, headers=EN)

    assert "Do not write to this address any more" in offered
    assert (stopped.address, stopped.cause) == (person.email.lower(), "by_hand")
    assert "The organizer does not write to this address." in shown
    assert allow in shown
    assert mail.state == State.DROPPED
    assert not Suppression.objects.standing().exists()
    said = JournalEntry.objects.filter(action__startswith="address.").order_by("pk")
    assert [entry.action for entry in said] == ["address.stopped", "address.allowed"]
    assert person.email not in str([entry.changes for entry in said])


def test_a_program_stops_writing_to_an_address(owner, meeting):
    person = make_registration(meeting=meeting)
    with transaction.atomic():
        letters.write_confirmed(person)
    mail = Message.objects.about(f"registration:{person.pk}").get()
    url = f"meetings/{meeting.slug}/messages/{mail.pk}/suppress/"

    assert signed_in(owner).send("post", url).status_code == 204
    assert signed_in(owner).send("post", url).status_code == 204
    assert signed_in(make_user()).send("post", url).status_code == 404
    listed = signed_in(owner).send("get", f"meetings/{meeting.slug}/suppressions/").json()
    assert [line["cause"] for line in listed["results"]] == ["by_hand"]


def test_a_strangers_address_is_not_found(client, meeting):
    told_and_bounced(meeting)
    stopped = Suppression.objects.get()
    stranger = make_user()
    own = make_meeting(owner=stranger)
    client.force_login(stranger)

    for slug in (meeting.slug, own.slug):
        act = reverse("manage-address-allow", args=[slug, stopped.pk])
        assert client.post(act).status_code == 404
    api = signed_in(stranger)
    for slug in (meeting.slug, own.slug):
        assert api.send("delete", f"meetings/{slug}/suppressions/{stopped.pk}/").status_code == 404
    assert api.send("get", f"meetings/{meeting.slug}/suppressions/").status_code == 404
    assert api.send("get", f"meetings/{own.slug}/suppressions/").json()["results"] == []
    assert Suppression.objects.standing().exists()


def test_a_program_lists_and_allows(owner, meeting):
    person = told_and_bounced(meeting)
    api, url = signed_in(owner), f"meetings/{meeting.slug}/suppressions/"

    [line] = api.send("get", url).json()["results"]
    [mail] = api.send("get", f"meetings/{meeting.slug}/messages/").json()["results"]
    again = api.send("post", f"meetings/{meeting.slug}/messages/{mail['id']}/resend/")
    deleted = api.send("delete", f"{url}{line['id']}/")
    gone = api.send("delete", f"{url}{line['id']}/")

    assert (line["address"], line["cause"], line["reply"]) == (
        person.email, "bounced", "550 5.1.1 no such user",
    )  # fmt: skip
    assert (mail["state"], mail["fate"]) == ("failed", "bounced")
    assert (again.status_code, again.json()["code"]) == (409, "address_suppressed")
    assert (deleted.status_code, gone.status_code) == (204, 404)
    assert Client().send("get", url).status_code == 401


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same_for_one_and_three(client, owner, meeting, rows):
    for _ in range(rows):
        told_and_bounced(meeting)
    client.force_login(owner)
    api = signed_in(owner)
    with CaptureQueriesContext(connection) as of_page:
        client.get(reverse("manage-messages", args=[meeting.slug]))
    with CaptureQueriesContext(connection) as of_api:
        api.send("get", f"meetings/{meeting.slug}/suppressions/")

    assert (len(of_page), len(of_api)) == (22, 3)


def test_correcting_the_address_lifts_it(meeting):
    person = told_and_bounced(meeting)
    wrong = person.email

    amending.correct_address(registration=person, email="right@example.org", at=NOON, by=LINK)
    person.refresh_from_db()
    written = Message.objects.latest("id")
    # And back: whoever insists is believed.
    amending.correct_address(registration=person, email=wrong, at=NOON, by=LINK)

    assert (written.recipient, written.state) == ("right@example.org", "queued")
    assert Message.objects.latest("id").state == "queued"
    assert suppressing.find(scope=f"meeting:{meeting.pk}", address=wrong) is None


def test_the_head_of_the_delegation_reads_whose_mail_came_back(client, meeting):
    delegation = make_delegation(meeting)
    [person] = naming.name_people(
        delegation=delegation, consents=[], at=timezone.now(), by=keys.head(delegation),
        applications=[make_application(meeting, delegation=delegation, delegation_role="expert")],
    )  # fmt: skip
    bounce(f"registration:{person.pk}")
    left_out = Message.objects.about(f"registration:{person.pk}")
    with transaction.atomic():
        letters.write_link(person, at=timezone.now())

    shown = client.get(reverse("delegation", args=[keys.token(delegation)]))

    assert [mail.state for mail in left_out.order_by("id")] == ["failed", "dropped"]
    with_words = {"ru": "вернулось", "en": "came back"}[delegation.language]
    assert with_words in shown.content.decode()


def test_a_head_who_cannot_be_reached_is_shown_as_such(meeting):
    delegation = make_delegation(meeting)
    opening.ask(meeting=meeting, delegations=[delegation], at=timezone.now(), by=ORGANIZER)
    bounce(f"delegation:{delegation.pk}")

    [line] = answers(meeting, at=timezone.now()).lines

    assert line.state == "bounced"
