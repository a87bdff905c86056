"""What is told: written by the database in the transaction of the event, and nowhere else."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from attendance import checkin
from notifications.models import Delivery, DeliveryAttempt, Kind, Webhook
from notifications.webhooks import keeping, telling
from registrations import amending, booking, erasure
from tests.attendance import door
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_application,
    make_meeting,
    make_registration,
)

pytestmark = pytest.mark.django_db(transaction=True)


def hook_of(meeting, *, kinds=Kind.values, url="https://crm.example.org/yavka", **fields):
    hook = keeping.register(
        subject=f"meeting:{meeting.pk}", url=url, kinds=kinds, at=NOON, by=ORGANIZER
    )
    Webhook.objects.filter(pk=hook.pk).update(**fields)
    hook.refresh_from_db()
    return hook


def told(hook):
    return list(hook.deliveries.order_by("id").values_list("kind", flat=True))


def register(meeting, **person):
    return booking.register(
        meeting=meeting, application=make_application(meeting, **person), consents=[],
        at=NOON, by=LINK,
    ).registration  # fmt: skip


def test_a_way_through_a_meeting_is_told_step_by_step():
    meeting = make_meeting(seat_limit=1)
    hook = hook_of(meeting)

    first, second = register(meeting), register(meeting)
    booking.cancel(registration=first, at=NOON + timedelta(hours=1), by=LINK)
    erasure.erase(registration=first, at=NOON + timedelta(hours=2), by=LINK)

    assert told(hook) == [
        "registration.confirmed",
        "registration.waitlisted",
        "registration.cancelled",
        "registration.confirmed",
        "registration.erased",
    ]
    event = hook.deliveries.earliest("id")
    assert event.data == {
        "meeting": meeting.slug,
        "registration": {"number": first.number, "status": "confirmed", "version": 1},
    }
    assert (event.happened_at, event.about) == (NOON, f"registration:{first.pk}")
    promoted = hook.deliveries.filter(about=f"registration:{second.pk}").latest("id")
    assert promoted.happened_at == NOON + timedelta(hours=1)


def test_a_change_names_the_fields_and_never_what_is_in_them():
    meeting = make_meeting()
    person = make_registration(meeting=meeting)
    hook = hook_of(meeting)

    amending.amend(
        registration=person, changes={"position": "Министр", "family_name": "Канарейкин"},
        at=NOON, by=ORGANIZER, version=None,
    )  # fmt: skip

    [event] = hook.deliveries.all()
    assert event.kind == "registration.changed"
    assert event.data["changed"] == ["family_name", "latin_name", "position"]
    assert event.data["registration"]["version"] == 2
    assert "Канарейкин" not in str(event.data)


def test_what_is_rolled_back_was_never_told():
    meeting = make_meeting()
    hook = hook_of(meeting)

    with transaction.atomic():
        make_registration(meeting=meeting)
        assert told(hook) == ["registration.confirmed"]
        transaction.set_rollback(True)

    assert told(hook) == []


def test_only_what_was_asked_for_and_only_of_the_own_meeting():
    meeting, other = make_meeting(), make_meeting()
    wants = hook_of(meeting, kinds=[Kind.CANCELLED])
    elsewhere = hook_of(other)
    paused = hook_of(meeting)
    keeping.pause(hook=paused, at=NOON, by=ORGANIZER)
    removed = hook_of(meeting)
    keeping.remove(hook=removed, at=NOON, by=ORGANIZER)

    booking.cancel(registration=make_registration(meeting=meeting), at=NOON, by=LINK)

    assert told(wants) == ["registration.cancelled"]
    assert told(elsewhere) == []
    assert told(paused) == ["registration.confirmed", "registration.cancelled"]
    assert told(removed) == []


def test_a_registration_costs_no_statement_more_with_webhooks():
    plain, hooked = make_meeting(), make_meeting()
    hook_of(hooked)
    hook_of(hooked)
    counts = []
    for meeting in (plain, hooked):
        application = make_application(meeting)
        with CaptureQueriesContext(connection) as queries:
            booking.register(
                meeting=meeting, application=application, consents=[], at=NOON, by=LINK
            )
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert Delivery.objects.count() == 2


def test_columns_of_a_registration_can_still_be_altered():
    # A trigger that names columns in its head forbids ALTER COLUMN … TYPE.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE registrations_registration ALTER position TYPE varchar(400),"
            " ALTER status TYPE varchar(12)"
        )
        transaction.set_rollback(True)


def test_who_comes_in_is_told_and_the_undoing_of_it():
    meeting = door.make_meeting()
    person, other = door.make_person(meeting), door.make_person(meeting)
    desk = door.open_desk(meeting)
    hook = hook_of(meeting, kinds=[Kind.CHECKED_IN, Kind.UNDONE])
    first, again = door.scan(person), door.scan(person, minutes=1)
    batch = [first, again, door.scan(other, minutes=-2), door.scan("nobody")]

    checkin.record(desk=desk, scans=batch, at=door.NOON)
    checkin.record(desk=desk, scans=batch, at=door.NOON)
    checkin.void(desk=desk, entry=first.id, void_id=uuid.uuid4(), at=door.NOON)
    checkin.void(desk=desk, entry=again.id, void_id=uuid.uuid4(), at=door.NOON)

    events = list(hook.deliveries.order_by("id"))
    assert [(e.kind, e.about, e.data["checkin"]["is_present"]) for e in events] == [
        ("checkin.made", f"registration:{other.pk}", True),
        ("checkin.made", f"registration:{person.pk}", True),
        # He was seen a second time, which still counts.
        ("checkin.undone", f"registration:{person.pk}", True),
        ("checkin.undone", f"registration:{person.pk}", False),
    ]
    assert events[1].data["checkin"] == {
        "id": str(first.id), "desk": desk.label, "is_present": True,
    }  # fmt: skip
    assert events[0].happened_at == door.NOON - timedelta(minutes=2)
    assert events[1].data["registration"]["number"] == person.number


def test_erasing_a_person_erases_what_receivers_answered_about_him():
    meeting = make_meeting()
    hook = hook_of(meeting)
    person, other = make_registration(meeting=meeting), make_registration(meeting=meeting)
    for delivery in hook.deliveries.all():
        delivery.tries.create(number=1, started_at=NOON, milliseconds=5, reply="Hello Ivanov")

    erasure.erase(registration=person, at=NOON, by=LINK)

    replies = dict(DeliveryAttempt.objects.values_list("delivery__about", "reply"))
    assert replies == {
        f"registration:{person.pk}": "", f"registration:{other.pk}": "Hello Ivanov",
    }  # fmt: skip


def test_old_events_and_removed_webhooks_are_forgotten():
    meeting = make_meeting()
    kept, removed = hook_of(meeting), hook_of(meeting)
    make_registration(meeting=meeting)
    keeping.remove(hook=removed, at=NOON, by=ORGANIZER)
    Delivery.objects.filter(webhook=kept).update(created_at=NOON - timedelta(days=400))

    telling.sweep()

    assert list(Webhook.objects.all()) == [kept]
    assert not Delivery.objects.exists()
