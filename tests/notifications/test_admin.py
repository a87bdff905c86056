import pytest
from django.urls import reverse

from accounts.journal import SYSTEM
from accounts.models import JournalEntry, User
from notifications import suppressing
from notifications.models import Cause, Delivery, Kind, Message, State
from notifications.webhooks import keeping
from tests.notifications.test_outbox import NOON, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(client):
    client.force_login(User.objects.create_superuser("root@example.org", "secret words"))
    return client


def act(client, action, *messages):
    return client.post(
        reverse("admin:notifications_message_changelist"),
        {"action": action, "_selected_action": [message.pk for message in messages]},
        follow=True,
    )


def test_messages_are_for_looking_at(office):
    message = write()
    message.tries.create(
        number=1, worker="w", started_at=message.created_at, phase="done", outcome="failed",
        code=550, reply="5.1.1 no such user",
    )  # fmt: skip

    page = office.get(reverse("admin:notifications_message_change", args=[message.pk]))
    added = office.get(reverse("admin:notifications_message_add"))

    assert "5.1.1 no such user" in page.content.decode()
    assert 'name="_save"' not in page.content.decode()
    assert added.status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(office, rows, django_assert_num_queries):
    for number in range(rows):
        write(key=str(number))

    # session, user, count, page, and the kinds that there are.
    with django_assert_num_queries(5):
        office.get(reverse("admin:notifications_message_changelist"))


def test_uncertain_messages_can_be_settled_and_sent_again(office):
    settled, repeated, sent = write(key="a"), write(key="b"), write(key="c")
    Message.objects.exclude(pk=sent.pk).update(state=State.AMBIGUOUS)
    Message.objects.filter(pk=sent.pk).update(state=State.SENT, sent_at=sent.created_at)

    act(office, "mark_delivered", settled, sent)
    act(office, "send_again", repeated)

    states = dict(Message.objects.values_list("dedupe_key", "state"))
    assert states == {
        "a": "sent",
        "b": "ambiguous",
        "c": "sent",
        f"again:{repeated.pk}": "queued",
    }
    actions = list(JournalEntry.objects.order_by("pk").values_list("action", "who"))
    assert actions == [
        ("message.settled", "root@example.org"),
        ("message.resent", "root@example.org"),
    ]


def test_waiting_messages_can_be_withdrawn(office):
    waiting = write()

    act(office, "withdraw", waiting)

    waiting.refresh_from_db()
    assert waiting.state == State.WITHDRAWN


def test_an_address_that_mail_came_back_from_is_left_as_it_is(office):
    bounced = write()
    suppressing.learn(message=bounced, cause=Cause.BOUNCED, reply="550 5.1.1 no such user")

    page = act(office, "send_again", bounced).content.decode()

    assert Message.objects.count() == 1
    assert "оставлено" in page or "was left as it is" in page


@pytest.mark.parametrize("rows", [1, 3])
def test_webhooks_and_addresses_are_for_looking_at(office, rows, django_assert_num_queries):
    for number in range(rows):
        hook = keeping.register(
            subject=f"meeting:{number}", url="https://crm.example.org/", kinds=Kind.values,
            at=NOON, by=SYSTEM,
        )  # fmt: skip
        row = Delivery.objects.create(
            webhook=hook, kind=Kind.CONFIRMED, happened_at=NOON, expires_at=NOON
        )
        row.tries.create(number=1, started_at=NOON, milliseconds=3, reply="thank you")
        message = write(key=str(number), to=f"{number}@example.org")
        suppressing.learn(message=message, cause=Cause.BOUNCED, reply="550 5.1.1 no such user")

    for name, queries in [("webhook", 5), ("delivery", 6), ("suppression", 5)]:
        with django_assert_num_queries(queries):
            office.get(reverse(f"admin:notifications_{name}_changelist"))
    page = office.get(reverse("admin:notifications_delivery_change", args=[row.pk]))
    assert "thank you" in page.content.decode()
    assert 'name="_save"' not in page.content.decode()


def test_strangers_see_nothing(client):
    write()

    page = client.get(reverse("admin:notifications_message_changelist"))

    assert page.status_code == 302
