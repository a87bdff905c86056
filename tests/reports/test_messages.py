"""The office's page of messages: finding them, their fate, and what is done about it."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import JournalEntry
from notifications import outbox, relay
from notifications.models import Attempt, Message, Phase, Relay, State, Suppression
from registrations.models import Registration
from tests.factories import make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db
EN = {"accept-language": "en"}


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def meeting(owner):
    return make_meeting(owner=owner, seat_limit=9)


@pytest.fixture
def office(client, owner):
    client.force_login(owner)
    return client


def write(meeting, name, *, kind="confirmed", state=State.QUEUED, reason="", **more):
    """A mail of the meeting to name@example.org, in that state."""
    with transaction.atomic():
        outbox.enqueue(
            key=f"{meeting.pk}:{name}",
            kind=kind,
            to=more.pop("to", f"{name}@example.org"),
            to_name=more.pop("to_name", ""),
            language="en",
            template="notifications/trial",
            snapshot={"site": "example.org"},
            subjects=[f"meeting:{meeting.pk}", *more.pop("about", [])],
        )
    sent_at = timezone.now() if state == State.SENT else None
    rows = Message.objects.filter(dedupe_key=f"{meeting.pk}:{name}")
    rows.update(state=state, reason=reason, sent_at=sent_at, **more)
    return rows.get()


def tried(message, code, reply, outcome=State.FAILED):
    Attempt.objects.create(
        message=message, number=1, worker="w", started_at=timezone.now(), phase=Phase.CONNECT,
        outcome=outcome, code=code, reply=reply,
    )  # fmt: skip


def shown(office, meeting, **query):
    answer = office.get(reverse("manage-messages", args=[meeting.slug]), query, headers=EN)
    assert answer.status_code == 200
    return [row.dedupe_key.partition(":")[2] for row in answer.context["rows"]]


def test_the_newest_come_first_and_only_the_meetings_own(office, meeting, owner):
    write(meeting, "first")
    write(make_meeting(owner=owner), "elsewhere")
    write(meeting, "second")

    assert shown(office, meeting) == ["second", "first"]


def test_messages_are_found_by_what_became_of_them(office, meeting):
    gone = write(meeting, "gone", state=State.FAILED, reason="mailbox_unknown")
    tried(gone, 550, "5.1.1 no such user")
    write(meeting, "lost", state=State.AMBIGUOUS, reason="connection_broke")
    write(meeting, "came", state=State.SENT, kind="reminder", to="Came@Other.example")
    write(meeting, "waits", to_name="Соловьёв Пётр")

    assert shown(office, meeting, state="troubled") == ["lost", "gone"]
    assert shown(office, meeting, state="waiting") == ["waits"]
    assert shown(office, meeting, state="sent") == ["came"]
    assert shown(office, meeting, kind="reminder") == ["came"]
    assert shown(office, meeting, domain="other.example") == ["came"]
    assert shown(office, meeting, reason="mailbox_unknown") == ["gone"]
    assert shown(office, meeting, code="550") == ["gone"]
    assert shown(office, meeting, q="соловьёв") == ["waits"]
    assert shown(office, meeting, q="gone@exam") == ["gone"]
    assert shown(office, meeting, state="nonsense", code="x") == ["waits", "came", "lost", "gone"]


def test_a_number_finds_what_was_written_about_the_person(office, meeting):
    person = make_registration(meeting=meeting)
    write(meeting, "his", about=[f"registration:{person.pk}"])
    write(meeting, "other")

    assert shown(office, meeting, q=person.spoken_number) == ["his"]


def test_a_page_ends_and_the_next_one_goes_on_from_there(office, meeting, monkeypatch):
    monkeypatch.setattr("reports.views.messages.ON_A_PAGE", 2)
    for name in ("a", "b", "c"):
        write(meeting, name)

    first = office.get(reverse("manage-messages", args=[meeting.slug]), headers=EN)
    [following] = re.findall(r'rel="next" href="([^"]+)"', first.content.decode())

    assert [row.dedupe_key[-1] for row in first.context["rows"]] == ["c", "b"]
    assert shown(office, meeting, before=following.partition("before=")[2]) == ["a"]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_costs_the_same(office, meeting, rows, django_assert_num_queries):
    for number in range(rows):
        person = make_registration(meeting=meeting)
        write(meeting, f"m{number}", about=[f"registration:{person.pk}"])

    # signed in: 2; meeting; number, page; people, repetitions; late, states, relay; the epoch is
    # looked for, made, and read; addresses that are not written to; the delay.
    with django_assert_num_queries(15):
        shown(office, meeting, state="waiting")


def test_one_message_shows_its_fate_and_what_the_server_said(office, meeting):
    mail = write(meeting, "gone", state=State.FAILED, reason="mailbox_unknown")
    tried(mail, 451, "4.7.1 <b>later</b>", outcome=State.DEFERRED)
    tried(mail, 550, "5.1.1 no such user")

    page = office.get(reverse("manage-message", args=[meeting.slug, mail.pk]), headers=EN)
    words = page.content.decode()

    assert "There is no such mailbox." in words
    assert words.index("451 4.7.1 &lt;b&gt;later") < words.index("550 5.1.1 no such user")
    assert all(f'value="{act}"' in words for act in ("resend", "settle"))
    assert 'value="withdraw"' not in words


def test_a_message_is_sent_to_the_right_address(office, meeting):
    mail = write(meeting, "gone", state=State.FAILED, reason="mailbox_unknown")
    address = reverse("manage-message-step", args=[meeting.slug, mail.pk])

    office.post(address, {"act": "resend", "to": "no address"})
    assert Message.objects.count() == 1
    answer = office.post(address, {"act": "resend", "to": "right@example.org"})

    repeated = Message.objects.get(recipient="right@example.org")
    assert answer.url == reverse("manage-message", args=[meeting.slug, repeated.pk])
    page = office.get(reverse("manage-message", args=[meeting.slug, mail.pk]))
    assert answer.url in page.content.decode()


def test_a_message_is_settled_or_withdrawn_by_hand(office, meeting):
    lost = write(meeting, "lost", state=State.AMBIGUOUS, reason="connection_broke")
    waits = write(meeting, "waits")

    for mail, act in ((lost, "settle"), (waits, "withdraw")):
        office.post(reverse("manage-message-step", args=[meeting.slug, mail.pk]), {"act": act})
    again = reverse("manage-message-step", args=[meeting.slug, waits.pk])

    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {lost.pk: State.SENT, waits.pk: State.WITHDRAWN}
    assert office.post(again, {"act": "withdraw"}).status_code == 303
    assert office.post(again, {"act": "burn"}).status_code == 303
    actions = list(JournalEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-2:] == ["message.settled", "message.withdrawn"]


def test_a_message_of_another_meeting_is_not_found(office, meeting, owner):
    for other in (make_meeting(), make_meeting(owner=owner)):
        mail = write(other, "theirs", state=State.FAILED)
        for name in ("manage-message", "manage-message-step"):
            address = reverse(name, args=[meeting.slug, mail.pk])
            assert office.post(address, {"act": "resend"}).status_code in (404, 405)
            assert office.get(address).status_code in (404, 405)
    assert Message.objects.count() == 2


def test_many_are_counted_before_and_told_one_by_one_after(office, meeting):
    for name in ("a", "b"):
        write(meeting, name, state=State.FAILED, reason="mailbox_full")
    write(meeting, "came", state=State.SENT)
    write(meeting, "erased", state=State.FAILED, recipient="")
    address = reverse("manage-messages-many", args=[meeting.slug])

    before = office.get(address, {"act": "resend", "state": "failed"}, headers=EN)
    assert "2 messages would be sent again." in before.content.decode()
    assert Message.objects.count() == 4
    done = office.post(f"{address}?state=failed", {"act": "resend"}, headers=EN)
    after = office.get(address, {"act": "resend", "state": "failed"}, headers=EN)

    assert [row.outcome for row in done.context["mended"].rows] == ["done", "done"]
    assert Message.objects.count() == 6
    assert after.context["number"] == 0
    assert office.get(address, {"act": "burn"}).status_code == 302


def test_many_are_withdrawn_and_what_is_left_waits_for_the_next_press(office, meeting, monkeypatch):
    monkeypatch.setattr("notifications.mending.AT_ONCE", 2)
    for name in ("a", "b", "c"):
        write(meeting, name)
    address = reverse("manage-messages-many", args=[meeting.slug]) + "?state=waiting"

    first = office.post(address, {"act": "withdraw"}, headers=EN)
    assert (first.context["mended"].done, first.context["mended"].left) == (2, 1)
    office.post(address, {"act": "withdraw"}, headers=EN)

    assert {m.state for m in Message.objects.all()} == {State.WITHDRAWN}


def test_addresses_get_no_more_mail_each_once_and_of_this_meeting_alone(office, meeting, owner):
    for name in ("a", "b"):
        write(meeting, name, state=State.FAILED, recipient="Moved@example.org")
    write(meeting, "c", state=State.FAILED, recipient="gone@example.org")
    write(meeting, "later", recipient="moved@example.org")
    write(meeting, "erased", state=State.FAILED, recipient="")
    write(make_meeting(owner=owner), "theirs", recipient="moved@example.org")
    address = reverse("manage-messages-many", args=[meeting.slug])

    before = office.get(address, {"act": "suppress", "state": "failed"}, headers=EN)
    assert "2 addresses would get no more mail." in before.content.decode()
    done = office.post(f"{address}?state=failed", {"act": "suppress"}, headers=EN)
    after = office.get(address, {"act": "suppress"}, headers=EN)

    assert [row.outcome for row in done.context["mended"].rows] == ["done", "done"]
    assert "2 addresses get no more mail" in done.content.decode()
    assert after.context["number"] == 0
    stopped = Suppression.objects.of(f"meeting:{meeting.pk}").values_list("address", flat=True)
    assert sorted(stopped) == ["gone@example.org", "moved@example.org"]
    [left] = Message.objects.filter(state=State.QUEUED)
    assert left.dedupe_key.endswith("theirs")


def test_the_health_line_says_what_stands_still(office, meeting):
    page = reverse("manage-messages", args=[meeting.slug])
    assert "nothing that is due is waiting" in office.get(page, headers=EN).content.decode()

    lost = write(meeting, "lost", state=State.AMBIGUOUS)
    write(meeting, "late", not_before=timezone.now() - timedelta(minutes=7))
    Relay.objects.create(
        name=relay.name(), failures=3, troubled_since=timezone.now(), probe_at=timezone.now()
    )
    words = office.get(page, headers=EN).content.decode()

    assert lost.pk
    assert "the oldest that is due has waited for 7\xa0minutes" in words
    assert "Mail is delayed: 1 letter waiting since" in words
    assert "1 message is uncertain" in words

    # While none leaves, it is not said that mail is leaving.
    Message.objects.filter(dedupe_key__contains="late").update(not_before=timezone.now())
    assert "mail is leaving" not in office.get(page, headers=EN).content.decode()

    Message.objects.filter(dedupe_key__contains="late").update(state=State.WITHDRAWN)
    assert "The mail server takes no mail since" in office.get(page, headers=EN).content.decode()


def test_an_erased_person_leaves_a_line_without_a_name(office, meeting):
    person = make_registration(meeting=meeting)
    mail = write(meeting, "his", about=[f"registration:{person.pk}"], state=State.SENT)
    with transaction.atomic():
        outbox.forget(subject=f"registration:{person.pk}")

    page = office.get(reverse("manage-message", args=[meeting.slug, mail.pk]), headers=EN)

    assert page.status_code == 200
    assert "his@example.org" not in page.content.decode()
    assert Registration.objects.count() == 1
