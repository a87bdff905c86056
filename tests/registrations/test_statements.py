"""What a registration costs: the statements of whole requests, with every kind of limit on."""

import uuid
from datetime import timedelta
from functools import partial
from itertools import product

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.models import RegionGroup
from registrations import form_stamp, intake, limits, names, organizations, seats
from registrations.models import Seat, SeatLimit, Source, Status
from tests.factories import (
    NOON,
    ORGANIZER,
    category,
    make_application,
    make_consent,
    make_meeting,
)

pytestmark = pytest.mark.django_db(transaction=True)
WORKS = "АО «Северный берег»"


def limited():
    """A meeting with a limit of each kind that is about somebody from Kaluga."""
    starts = timezone.now() + timedelta(days=20)
    meeting = make_meeting(starts_at=starts, ends_at=starts + timedelta(hours=3), seat_limit=9)
    make_consent(meeting)
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    kaluga.group = RegionGroup.objects.create(region_set=meeting.region_set, code="C", name="Ц")
    kaluga.save()
    works = organizations.merge(
        meeting=meeting, keys=[names.organization_key(WORKS)], name=WORKS, short_name="", at=NOON,
        by=ORGANIZER,
    )  # fmt: skip
    for target in (works, category(meeting), kaluga, kaluga.group):
        limits.change(
            meeting=meeting, target=target, wish=limits.Wish(seat_limit=5), at=NOON, by=ORGANIZER
        )
    return meeting


def said(captured):
    """What each statement does and to which table, without what it is made of."""
    words = [query["sql"].replace('"', "").replace("(", " ").split() for query in captured]
    return [" ".join(w[: 3 if w[0] == "INSERT" else 2]) for w in words]


BOOKED = [
    "BEGIN",
    # The key of the request, and a letter to the mailbox: both, or neither.
    "WITH first",
    "INSERT INTO registrations_registration",
    "INSERT INTO registrations_consent",
    "INSERT INTO accounts_journalentry",
    "INSERT INTO notifications_message",
    "SELECT registrations_take_seats",
    "COMMIT",
]


def test_a_registration_by_api_costs_ten_statements_and_touches_the_counters_last(client):
    meeting = limited()

    def register(name):
        return client.post(
            f"/api/v1/meetings/{meeting.slug}/registrations/",
            {
                "family_name": name,
                "given_name": "Пётр",
                "email": "p@example.org",
                "organization": WORKS,
                "region": "RU-KLU",
                "category": "member",
                "consents": ["processing"],
            },
            content_type="application/json",
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )

    register("Первый")  # whoever comes first reads what is kept for all others
    with CaptureQueriesContext(connection) as captured:
        answer = register("Второй")

    assert answer.status_code == 201
    assert said(captured) == ["SELECT m.id,", "INSERT INTO registrations_throttle", *BOOKED]
    assert len(captured) == 10
    assert list(SeatLimit.objects.in_order().values_list("taken", flat=True)) == [2] * 5
    assert seats.audit(meeting.pk) == {}


def test_a_registration_in_the_browser_costs_two_statements_and_twelve(client, monkeypatch):
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))
    meeting = limited()
    path = f"/m/{meeting.slug}/register/"
    filled_in = {
        "who": "self",
        "key": uuid.uuid4().hex,
        "family_name": "Ёлкина",
        "email": "m@example.org",
        "organization": WORKS,
        "position": "Директор",
        "region": "RU-KLU",
        "category": str(category(meeting).pk),
        f"consent_{meeting.consent_documents.get().pk}": "on",
    }
    client.get(path)

    with CaptureQueriesContext(connection) as opened:
        client.get(path)
    with CaptureQueriesContext(connection) as sent:
        answer = client.post(path, filled_in)

    assert answer.status_code == 303
    assert said(opened) == ["SELECT m.id,", "SELECT 1"]
    assert said(sent) == [
        "SELECT m.id,",
        "SELECT 1",
        "INSERT INTO registrations_throttle",
        "SELECT s.id,",
        *BOOKED,
    ]
    assert (len(opened), len(sent)) == (2, 12)


def test_a_seat_is_taken_in_the_very_limits_that_are_looked_at():
    """Two statements know which limits apply: one looks at them, the other one takes."""
    meeting = limited()
    chosen = product(
        (None, *meeting.region_set.regions.all()), (WORKS, "ООО «Иное»", ""), ("member", "guest")
    )
    found = set()
    for region, organization, code in chosen:
        with transaction.atomic():
            person = intake.add(
                meeting=meeting, source=Source.PUBLIC, at=NOON, status=Status.CONFIRMED,
                seat=Seat.WITHIN, application=make_application(
                    meeting, region=region, organization=organization, category_code=code
                ),
            )  # fmt: skip
            assert seats.take(person)
            transaction.on_commit(partial(SeatLimit.objects.update, taken=0))

        looked_at = seats.applying(
            meeting_id=meeting.pk, category_id=person.category_id, region=region,
            organization_key=person.organization_key,
        )  # fmt: skip
        taken = [hold.limit for hold in person.holds.order_by("pk").select_related("limit")]
        assert taken == looked_at
        found.add(tuple(limit.kind for limit in taken))

    assert len(found) == 2 * 2 * 2
