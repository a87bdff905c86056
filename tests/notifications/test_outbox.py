from datetime import UTC, datetime

import pytest
from django.db import transaction

from accounts.journal import SYSTEM
from accounts.models import JournalEntry
from notifications import outbox, remedies
from notifications.models import Message, Phase, State

NOON = datetime(2027, 1, 20, 12, tzinfo=UTC)


def letter(**overrides):
    return {
        "key": "confirmed:1",
        "kind": "confirmed",
        "to": "anna@example.org",
        "language": "ru",
        "template": "notifications/example",
        "snapshot": {"name": "Анна", "at": NOON},
        "subjects": ["meeting:1", "registration:1"],
    } | overrides


def write(**overrides):
    with transaction.atomic():
        outbox.enqueue(**letter(**overrides))
    return Message.objects.get(dedupe_key=letter(**overrides)["key"])


@pytest.mark.django_db
def test_enqueue_says_an_occasion_once():
    with transaction.atomic():
        first = outbox.enqueue(**letter())
        second = outbox.enqueue(**letter(to="somebody.else@example.org"))

    assert (first, second) == (True, False)
    message = Message.objects.get()
    assert message.recipient == "anna@example.org"
    assert message.snapshot == {"name": "Анна", "at": "2027-01-20T12:00:00Z"}
    assert message.state == State.QUEUED
    assert message.created_at == message.not_before


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_said():
    with transaction.atomic():
        outbox.enqueue(**letter())
        transaction.set_rollback(True)

    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_letter_belongs_to_a_transaction():
    with pytest.raises(RuntimeError):
        outbox.enqueue(**letter())


@pytest.mark.django_db
def test_drop_is_on_record_and_uses_the_key_up():
    with transaction.atomic():
        outbox.drop(reason="too_late", **letter())
        said = outbox.enqueue(**letter())

    assert said is False
    message = Message.objects.get()
    assert (message.state, message.reason) == (State.DROPPED, "too_late")
    assert message.explanation != "too_late"


@pytest.mark.django_db
def test_withdraw_takes_back_what_is_not_on_the_wire():
    write()
    held = write(key="held")
    Message.objects.filter(pk=held.pk).update(
        state=State.LEASED, phase=Phase.CONNECT, lease_until=NOON
    )
    speaking = write(key="speaking")
    Message.objects.filter(pk=speaking.pk).update(
        state=State.LEASED, phase=Phase.DATA, lease_until=NOON
    )
    write(key="of somebody else", subjects=["registration:2"])
    write(key="another kind", kind="reminder")

    with transaction.atomic():
        taken = outbox.withdraw(
            subject="registration:1", kinds=["confirmed"], reason="withdrawn_by_hand"
        )

    assert taken == 2
    states = dict(Message.objects.values_list("dedupe_key", "state"))
    assert states == {
        "confirmed:1": "withdrawn",
        "held": "withdrawn",
        "speaking": "leased",
        "of somebody else": "queued",
        "another kind": "queued",
    }


@pytest.mark.django_db
def test_forget_leaves_no_personal_data():
    message = write(to_name="Анна Канарейкина")
    Message.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=NOON)
    message.tries.create(
        number=1, worker="w", started_at=NOON, phase="done", outcome="sent", reply="anna@ ok"
    )

    with transaction.atomic():
        outbox.forget(subject="registration:1")

    row = repr(list(Message.objects.values())) + repr(list(message.tries.values()))
    assert "Канарейкина" not in row
    assert "anna@" not in row


@pytest.mark.django_db(transaction=True)
def test_resend_to_a_corrected_address_replaces_what_waits():
    message = write()

    again = remedies.resend(message=message, at=NOON, by=SYSTEM, to="anna.right@example.org")
    twice = remedies.resend(message=message, at=NOON, by=SYSTEM, to="anna.right@example.org")

    message.refresh_from_db()
    assert message.state == State.WITHDRAWN
    assert again == twice
    assert again.recipient == "anna.right@example.org"
    assert again.message_id != message.message_id
    assert Message.objects.count() == 2
    assert JournalEntry.objects.get().action == "message.resent"


@pytest.mark.django_db(transaction=True)
def test_resend_is_refused_while_a_worker_holds_it_and_after_erasure():
    held = write()
    Message.objects.filter(pk=held.pk).update(state=State.LEASED, lease_until=NOON)
    erased = write(key="erased", subjects=["registration:2"])
    with transaction.atomic():
        outbox.forget(subject="registration:2")

    for message in (held, erased):
        with pytest.raises(remedies.NotRepeatable):
            remedies.resend(message=message, at=NOON, by=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_settle_believes_that_an_uncertain_message_arrived():
    message = write()
    Message.objects.filter(pk=message.pk).update(state=State.AMBIGUOUS)

    assert remedies.settle(message=message, at=NOON, by=SYSTEM) is True
    assert remedies.settle(message=message, at=NOON, by=SYSTEM) is False

    message.refresh_from_db()
    assert message.state == State.SENT
