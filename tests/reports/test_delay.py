"""An organizer is told that mail is delayed: at once when nobody takes it, else in two minutes."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from notifications import health
from notifications.models import Epoch, Message, Relay
from tests.factories import make_meeting, make_user
from tests.notifications.conftest import server  # noqa: F401 -- a fixture
from tests.notifications.posting import look, make_due, post

pytestmark = pytest.mark.django_db(transaction=True)
EN = {"accept-language": "en"}


@pytest.fixture
def meeting():
    start = timezone.now() + timedelta(days=9)
    return make_meeting(starts_at=start, ends_at=start + timedelta(hours=3))


def letter(meeting, name, *, waits=timedelta(0)):
    message = post(name, subjects=[f"meeting:{meeting.pk}"])
    Message.objects.filter(pk=message.pk).update(not_before=Now() - waits)
    return message


def delay(meeting):
    return health.delay(f"meeting:{meeting.pk}")


def pages(client, meeting):
    client.force_login(meeting.owners.get())
    for name in ("manage-overview", "manage-messages"):
        yield client.get(reverse(name, args=[meeting.slug]), headers=EN).content.decode()


def refuse(**facts):
    Relay.objects.create(
        name=health.relay.name(), failures=1, troubled_since=Now(),
        probe_at=Now() + timedelta(minutes=5), **facts,
    )  # fmt: skip


def test_nothing_is_said_while_mail_leaves(client, meeting):
    letter(meeting, "anna", waits=timedelta(seconds=110))
    letter(meeting, "later", waits=timedelta(days=-1))

    assert delay(meeting) is None
    assert all("Mail is delayed" not in page for page in pages(client, meeting))


def test_after_two_minutes_both_pages_say_how_many_and_since_when(client, meeting):
    oldest = letter(meeting, "anna", waits=timedelta(seconds=125))
    letter(meeting, "boris")
    oldest.refresh_from_db()
    since = oldest.not_before.astimezone(meeting.zone)
    said = f"Mail is delayed: 2 letters waiting since {since:%H:%M}."

    shown = list(pages(client, meeting))

    if since.date() == timezone.now().astimezone(meeting.zone).date():
        assert all(said in page for page in shown)
    assert all("they leave by themselves" in page for page in shown)


def test_yesterdays_delay_says_the_day(client, meeting):
    letter(meeting, "anna", waits=timedelta(days=2))

    [page, _] = pages(client, meeting)

    day = (timezone.now() - timedelta(days=2)).astimezone(meeting.zone)
    assert f"1 letter waiting since {day.day} {day:%B}" in page


def test_at_once_while_the_mail_server_takes_no_mail(client, meeting):
    letter(meeting, "anna")
    refuse()

    assert delay(meeting).waiting == 1
    assert delay(meeting).needs_admin is False


def test_that_the_settings_are_wrong_is_said(client, meeting):
    letter(meeting, "anna")
    refuse(needs_admin=True)

    assert all("tell the administrator" in page for page in pages(client, meeting))


def test_a_pause_after_a_restore_is_the_administrators_to_end(client, meeting):
    letter(meeting, "anna")
    Epoch.objects.update_or_create(id=1, defaults={"paused_since": Now()})

    assert delay(meeting).needs_admin is True
    overview, messages = pages(client, meeting)
    assert "tell the administrator" in overview
    # Where the page has room, it says why, and does not say it twice.
    assert "a backup was restored" in messages
    assert "Mail is delayed" not in messages


def test_the_messages_page_says_it_once(client, meeting):
    letter(meeting, "anna")
    refuse()

    [_, page] = pages(client, meeting)
    assert "Mail is delayed: 1 letter" in page
    assert "takes no mail since" not in page


def test_only_ones_own_letters_are_counted(client, meeting):
    other = make_meeting(slug="other")
    letter(other, "anna", waits=timedelta(hours=1))
    refuse()

    assert delay(meeting) is None
    assert delay(other).waiting == 1


def test_what_will_not_be_sent_any_more_is_not_waited_for(meeting):
    message = letter(meeting, "anna", waits=timedelta(hours=1))
    Message.objects.filter(pk=message.pk).update(expires_at=Now())
    for state in ("withdrawn", "failed", "dropped", "ambiguous"):
        row = letter(meeting, state, waits=timedelta(hours=1))
        Message.objects.filter(pk=row.pk).update(state=state)

    assert delay(meeting) is None


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_one_query(meeting, count, django_assert_num_queries):
    for number in range(count):
        letter(meeting, str(number), waits=timedelta(hours=1))

    with django_assert_num_queries(1):
        assert delay(meeting).waiting == count


def test_an_outage_of_the_mail_server_is_told_and_ends(client, meeting, server):  # noqa: F811
    server.greeting = "421 busy"
    message = letter(meeting, "anna")
    look()
    assert delay(meeting).waiting == 1

    server.greeting = "220 scripted"
    Relay.objects.update(probe_at=Now())
    make_due(message)
    look()

    assert delay(meeting) is None


def test_the_api_says_the_same(client, meeting):
    url = reverse("api-message-delay", args=[meeting.slug])
    assert client.get(url).status_code == 401
    client.force_login(make_user(email="stranger@example.org"))
    assert client.get(url).status_code == 404
    client.force_login(meeting.owners.get())

    assert client.get(url).json() == {"waiting": 0, "since": None, "needs_admin": False}
    letter(meeting, "anna", waits=timedelta(minutes=3))
    said = client.get(url).json()
    assert (said["waiting"], said["needs_admin"]) == (1, False)
    assert said["since"]
