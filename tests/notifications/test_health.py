"""What an administrator sees of the post office, on the command line and in the admin."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from django.urls import reverse

from accounts.models import User
from notifications import health
from notifications.models import Epoch, Message, State
from tests.notifications.posting import look, post

pytestmark = pytest.mark.django_db(transaction=True)


def status():
    out = StringIO()
    try:
        call_command("mail", "status", stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_nothing_needs_a_person_where_mail_leaves(server):
    post("anna")
    look()

    code, said = status()

    assert code == 0
    assert "waiting 0, due 0\n" in said
    assert health.look().needs == []


def test_what_waits_too_long_is_seen(server):
    post("anna", kind="confirmed")
    post("boris", kind="reminder")
    post("later")
    Message.objects.update(not_before=Now() - timedelta(minutes=10))
    Message.objects.filter(dedupe_key="later").update(not_before=Now() + timedelta(days=1))

    code, said = status()

    assert code == 1
    assert "waiting 3, due 2 (1 of priority 1, 1 of priority 7)" in said
    assert "oldest due 600 s" in said
    assert health.look().needs == ["late"]


@pytest.mark.parametrize(
    ("greeting", "mail_answer", "need"),
    [
        ("421 busy", "250 ok", "relay_down"),
        ("220 ok", "451 4.3.0 later", "relay_down"),
        ("220 ok", "553 5.7.1 sender refused", "relay_settings"),
        ("220 ok", "530 5.7.0 log in first", "relay_settings"),
    ],
)
def test_what_only_the_administrator_heals_is_told_apart(server, greeting, mail_answer, need):
    server.greeting, server.mail_answer = greeting, mail_answer
    post("anna")
    look()

    code, _ = status()

    assert code == 1
    assert health.look().needs == [need]


def test_uncertain_mails_need_a_person(server):
    post("drop-dot", care="b")
    look()

    now = health.look()

    assert now.needs == ["uncertain"]
    assert now.uncertain_of_10_000 == 10_000


@pytest.mark.parametrize(
    ("refused", "sent", "alarm"), [(5, 245, False), (5, 200, True), (4, 4, False)]
)
def test_more_than_one_in_fifty_refused_as_spam_is_an_alarm(server, refused, sent, alarm):
    for number in range(refused):
        post(f"rcpt-550-5.7.1-{number}")
    post("rcpt-550-5.1.1")
    for number in range(sent - 1):
        post(f"guest{number}")
    look()

    now = health.look()

    assert (now.refused_in_ten_minutes, now.tries_in_ten_minutes) == (refused, refused + sent)
    assert now.is_refused is alarm


def test_the_admin_shows_it_in_words(client, server):
    client.force_login(User.objects.create_superuser("root@example.org", "secret words"))
    post("drop-dot", care="b")
    look()
    Epoch.objects.update(paused_since=Now())

    page = client.get(reverse("admin:notifications_health"), headers={"accept-language": "en"})
    listed = client.get(reverse("admin:notifications_message_changelist"))

    words = page.content.decode()
    assert "manage.py mail resume --skip-older-than 6h" in words
    assert "asks the recipients" in words
    assert reverse("admin:notifications_health") in listed.content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_a_look_costs_the_same_for_one_and_three(rows, django_assert_num_queries):
    for number in range(rows):
        post(str(number))
        Message.objects.filter(dedupe_key=str(number)).update(state=State.AMBIGUOUS)
        post(f"waiting{number}")
    health.epoch.state()

    with django_assert_num_queries(6):
        health.look()


def test_strangers_do_not_see_it(client):
    assert client.get(reverse("admin:notifications_health")).status_code == 302
