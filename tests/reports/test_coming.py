"""The timeline of a meeting's post."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registrations import announcing
from registrations.announcing import Wish
from registrations.models import (
    Offer,
    Presence,
    Registration,
    ReminderRule,
    RuleKind,
    Status,
)
from registrations.own_texts import Words
from reports import coming
from tests.factories import (
    NOON,
    ORGANIZER,
    make_delegation,
    make_invitation,
    make_meeting,
    make_registration,
    make_user,
)

pytestmark = pytest.mark.django_db

# The meetings of the factory: 26 May 2026, 15:00–18:00 in Moscow.
START = NOON + timedelta(days=21)


def make_rule(meeting, **fields):
    said = {"kind": RuleKind.DAYS_BEFORE, "amount": 1, "at_time": time(18)}
    return ReminderRule.objects.create(meeting=meeting, **said | fields)


def said(meeting, at=NOON):
    return [(f"{line.at:%m-%d %H:%M}", line.code, line.people) for line in _lines(meeting, at)]


def _lines(meeting, at=NOON):
    return coming.lines(meeting, at=at)


def test_reminders_stand_in_order_of_time_with_the_sides_of_the_country():
    meeting = make_meeting(seat_limit=9)
    make_rule(meeting)
    make_rule(meeting, kind=RuleKind.DAYS_AFTER, at_time=time(10), presence=Presence.CAME)
    make_rule(meeting, amount=7, is_enabled=False)
    primorye = meeting.region_set.regions.get(code="RU-PRI")
    make_registration(meeting=meeting, region=primorye)
    make_registration(meeting=meeting)

    assert said(meeting) == [("05-25 11:00", "reminder", 2), ("05-27 07:00", "reminder", 0)]
    assert _lines(meeting)[0].sides == ("Владивосток 21:00",)
    assert said(meeting, START + timedelta(days=9)) == []


def test_lists_invitations_and_offers_have_their_moments():
    meeting = make_meeting(seat_limit=0)
    asked = make_delegation(meeting, quota=3, closes_at=START - timedelta(days=5))
    asked.asked_at = NOON
    asked.save()
    make_delegation(meeting, name="Никто", quota=3)
    for number in range(2):
        invitation = make_invitation(
            meeting, email=f"i{number}@example.org", expires_at=START - timedelta(days=3)
        )
        invitation.sent_at = NOON
        invitation.save()
    waits = make_registration(meeting=meeting, status=Status.WAITLISTED)
    Offer.objects.create(registration=waits, made_at=NOON, answer_by=NOON + timedelta(hours=30))

    assert said(meeting) == [
        ("05-06 18:00", "offers", 1),
        ("05-19 12:00", "delegations", 1),
        ("05-23 12:00", "invitations", 2),
    ]
    assert "2" in _lines(meeting)[2].note


def test_a_draft_and_a_meeting_called_off_send_nothing():
    draft = make_meeting(seat_limit=9)
    make_rule(draft)
    draft.status = "draft"

    assert said(draft) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_the_timeline_costs_the_same(rows, django_assert_num_queries):
    meeting = make_meeting(seat_limit=9)
    make_rule(meeting)
    for number in range(rows):
        make_registration(meeting=meeting)
        delegation = make_delegation(meeting, name=f"Д{number}", quota=3)
        delegation.asked_at = NOON
        delegation.save()

    # messages to many, rules, one plan, delegations, invitations, offers
    with django_assert_num_queries(6):
        _lines(meeting)


@pytest.mark.django_db(transaction=True)
def test_a_message_to_many_that_waits_for_the_morning_is_in_it():
    meeting = make_meeting(seat_limit=9)
    for _ in range(2):
        make_registration(meeting=meeting)
    night = NOON + timedelta(hours=9)  # 00:00 in Moscow
    words = {"ru": Words(subject="Автобус, {name}", paragraphs="В 8:00.")}
    for _ in range(2):
        one = announcing.draft(meeting=meeting, wish=Wish(words=words), at=night, by=ORGANIZER)
        people = Registration.objects.filter(meeting=meeting)
        announcing.send(announcement=one, people=people, version=None, at=night, by=ORGANIZER)
    while announcing.write_next(at=night):
        pass

    first, second = _lines(meeting, night)

    assert (first.code, first.people, second.people) == ("announcement", 2, 2)
    assert first.words == "рассылка: Автобус, {name}"
    assert f"{first.at:%H:%M}" == "06:00"
    assert str(one.uid) in second.page


def test_the_page_shows_what_comes_and_a_search_does_not(client):
    owner = make_user()
    client.force_login(owner)
    starts_at = timezone.now() + timedelta(days=20)
    meeting = make_meeting(
        owner=owner, seat_limit=9, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2)
    )
    make_rule(meeting)
    page = reverse("manage-messages", args=[meeting.slug])

    assert "за 1 день, в 18:00" in client.get(page, headers={"accept-language": "ru"}).text
    assert client.get(page, {"state": "sent"}).context["coming"] == []


def test_a_moment_is_never_before_now():
    meeting = make_meeting(seat_limit=9)
    asked = make_delegation(meeting, quota=3, closes_at=START)
    asked.asked_at = NOON
    asked.save()
    at = datetime(2026, 5, 24, 20, tzinfo=UTC)  # 23:00 in Moscow: not at night

    assert said(meeting, at) == [("05-25 05:00", "delegations", 1)]
