from datetime import timedelta

import pytest

from events.models import AgendaItem, Approval, Meeting, MeetingStatus
from notifications import rendering
from notifications.models import Message, State
from registrations import booking, calling_off, convening, seats
from registrations.models import Delegation, Invitation, Registration, Status
from registrations.transitions import StaleVersion
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_delegation,
    make_invitation,
    make_meeting,
    make_registration,
    make_user,
)

pytestmark = pytest.mark.django_db(transaction=True)
START = NOON + timedelta(days=21)


def draft(**overrides) -> Meeting:
    fields = {
        "owner": make_user(),
        "title": "Совещание индустриальных парков и особых экономических зон",
        "starts_at": START,
        "ends_at": START + timedelta(hours=3),
        "time_zone": "Europe/Moscow",
        "venue": "Башня «Образец»",
        "seat_limit": 50,
        "approval": Approval.AUTOMATIC,
    }
    return convening.draft(at=NOON, by=ORGANIZER, **fields | overrides)


def test_a_draft_has_a_working_default_for_all_that_was_not_said():
    meeting = draft()

    assert meeting.status == MeetingStatus.DRAFT
    assert meeting.slug == "soveshchanie-industrialnykh-parkov-i-osobykh"
    assert meeting.short_title == "Совещание индустриальных парков и…"
    assert meeting.seats.seat_limit == 50
    assert meeting.categories.count() == 7
    assert meeting.reminder_rules.count() == 3
    assert [host.name for host in meeting.hosts.all()] == ["Ассоциация парков (демо)"]
    consent = meeting.consent_documents.get()
    assert "Ассоциация парков (демо)" in consent.text
    assert convening.missing(meeting, at=NOON) == {}


def test_two_meetings_of_one_title_have_two_addresses():
    assert [draft(title="Форум").slug, draft(title="Форум").slug] == ["forum", "forum-2"]


def test_publish_says_in_words_what_is_missing():
    meeting = draft(venue="", owner=make_user(host_name=""))

    with pytest.raises(convening.MeetingIncomplete) as refusal:
        convening.publish(meeting=meeting, at=NOON, by=ORGANIZER)

    assert refusal.value.facts == {"missing": ["place", "host"]}


def test_publish_opens_the_page_and_twice_is_harmless():
    meeting = draft()

    for _ in range(2):
        meeting = convening.publish(meeting=meeting, at=NOON, by=ORGANIZER)

    assert (meeting.status, meeting.published_at) == (MeetingStatus.PUBLISHED, NOON)
    assert meeting.takes_registrations(NOON)


def test_a_change_of_time_is_told_once_with_old_and_new_and_calendars_follow():
    meeting = make_meeting(seat_limit=1)
    ada = make_registration(meeting=meeting, email="ada@example.org")
    make_registration(meeting=meeting, status=Status.WAITLISTED, email="bob@example.org")
    make_registration(meeting=meeting, status=Status.CANCELLED)
    later = {"starts_at": START + timedelta(hours=1), "ends_at": START + timedelta(hours=4)}

    for _ in range(2):
        convening.change(meeting=meeting, changes=later, version=None, at=NOON, by=ORGANIZER)

    messages = Message.objects.order_by("id")
    assert [(m.kind, m.recipient) for m in messages] == [
        ("meeting_changed", "ada@example.org"),
        ("meeting_changed", "bob@example.org"),
    ]
    snapshot = messages[0].snapshot
    assert snapshot["was"] == "26 мая 2026, вторник, 15:00–18:00 мск"
    assert snapshot["now"] == "26 мая 2026, вторник, 16:00–19:00 мск"
    assert snapshot["calendar"]["sequence"] == 2  # the meeting's and the registration's
    assert [m.enclosures for m in messages] == [["calendar"], []]
    ada.refresh_from_db()
    assert ada.calendar_sequence == 1


def test_a_change_of_words_is_told_to_nobody():
    meeting = make_meeting()
    make_registration(meeting=meeting)

    convening.change(
        meeting=meeting, changes={"summary": "Новое"}, version=1, at=NOON, by=ORGANIZER
    )

    assert Message.objects.count() == 0


def test_a_stale_change_is_refused_with_the_version_that_is_current():
    meeting = make_meeting()
    convening.change(meeting=meeting, changes={"summary": "A"}, version=1, at=NOON, by=ORGANIZER)

    with pytest.raises(StaleVersion) as refusal:
        convening.change(
            meeting=meeting, changes={"summary": "B"}, version=1, at=NOON, by=ORGANIZER
        )

    assert refusal.value.facts == {"version": 2}


def test_more_seats_go_to_those_who_wait_and_fewer_than_taken_are_refused():
    meeting = make_meeting(seat_limit=1)
    make_registration(meeting=meeting)
    first, second, third = (
        make_registration(meeting=meeting, status=Status.WAITLISTED) for _ in range(3)
    )

    promoted = convening.set_seat_limit(meeting=meeting, seat_limit=3, at=NOON, by=ORGANIZER)
    with pytest.raises(seats.LimitBelowTaken):
        convening.set_seat_limit(meeting=meeting, seat_limit=2, at=NOON, by=ORGANIZER)

    assert promoted == [first, second]
    assert list(Registration.objects.waitlisted()) == [third]
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize(
    ("was", "changes"),
    [
        ({"edits_close_at": NOON}, {"edits_close_at": NOON + timedelta(days=1)}),
        ({"starts_at": NOON}, {"starts_at": NOON + timedelta(hours=1)}),
    ],
)
def test_lists_that_are_open_again_give_what_is_free_to_those_who_wait(was, changes):
    meeting = make_meeting(seat_limit=1, **was)
    ada = make_registration(meeting=meeting)
    bob = make_registration(meeting=meeting, status=Status.WAITLISTED)
    booking.cancel(registration=ada, at=NOON, by=LINK)
    bob.refresh_from_db()
    assert bob.status == Status.WAITLISTED

    convening.change(meeting=meeting, changes=changes, version=None, at=NOON, by=ORGANIZER)

    bob.refresh_from_db()
    assert bob.status == Status.CONFIRMED
    assert seats.audit(meeting.pk) == {}


def test_who_has_no_address_is_not_counted_among_those_who_are_told():
    meeting = make_meeting(seat_limit=None)
    make_registration(meeting=meeting)
    make_registration(meeting=meeting, email="")
    make_registration(meeting=meeting, email="", submitted_by_email="assistant@example.org")

    told = convening.audience_size(meeting)
    calling_off.call_off(meeting=meeting, reason="Карантин", at=NOON, by=ORGANIZER)

    assert told == Message.objects.count() == 2


def test_calling_off_tells_everybody_once_and_leaves_the_registrations():
    meeting = make_meeting()
    ada = make_registration(meeting=meeting)

    for _ in range(2):
        calling_off.call_off(meeting=meeting, reason="Карантин", at=NOON, by=ORGANIZER)

    message = Message.objects.get()
    ada.refresh_from_db()
    assert (message.kind, message.state) == ("called_off", State.QUEUED)
    assert message.snapshot["calendar"]["method"] == "CANCEL"
    assert ada.calendar_sequence == 1
    assert message.snapshot["calendar"]["sequence"] == 2  # and the meeting's
    assert ada.status == Status.CONFIRMED


@pytest.mark.parametrize(
    ("changes", "subject", "heading"),
    [
        ({}, "Изменено время: Совещание парков", "Изменилось время"),
        (
            {"venue": "Дом № 2"},
            "Изменены время и место: Совещание парков",
            "Изменились время и место",
        ),
    ],
)
def test_the_mail_about_a_move_names_all_that_changed(changes, subject, heading):
    meeting = make_meeting()
    make_registration(meeting=meeting)

    moved(meeting, ends_at=START + timedelta(hours=4), **changes)

    words = rendering.render(Message.objects.get())
    assert words.subject == subject
    assert heading in words.html
    assert heading in words.text


def moved(meeting, **changes):
    return convening.change(meeting=meeting, changes=changes, version=None, at=NOON, by=ORGANIZER)


def test_what_hung_on_the_start_moves_with_it():
    earlier, hour = START - timedelta(days=14), timedelta(hours=1)
    meeting = make_meeting(
        doors_at=START - hour, registration_closes_at=START, edits_close_at=START
    )

    moved(meeting, starts_at=earlier, ends_at=earlier + 3 * hour, doors_at=START - hour)

    meeting = Meeting.objects.get(pk=meeting.pk)
    assert meeting.doors_at == earlier - hour
    assert meeting.registration_closes_at == meeting.edits_close_at == earlier


def programme_of(meeting):
    return list(meeting.agenda.order_by("starts_at").values_list("title", "starts_at"))


def with_programme():
    meeting = make_meeting()
    for hours, title in ((0, "Открытие"), (2, "Закрытие")):
        starts_at = START + timedelta(hours=hours)
        AgendaItem.objects.create(meeting=meeting, starts_at=starts_at, title=title)
    return meeting


def test_the_programme_moves_with_the_meeting():
    meeting = with_programme()
    times = {"starts_at": START + timedelta(days=7), "ends_at": START + timedelta(days=7, hours=3)}

    convening.change(meeting=meeting, changes=times, version=None, at=NOON, by=ORGANIZER)

    assert programme_of(meeting) == [
        ("Открытие", START + timedelta(days=7)),
        ("Закрытие", START + timedelta(days=7, hours=2)),
    ]


def test_the_programme_stays_where_only_the_end_is_another():
    meeting = with_programme()
    longer = {"ends_at": START + timedelta(hours=5)}

    convening.change(meeting=meeting, changes=longer, version=None, at=NOON, by=ORGANIZER)

    assert [at for _title, at in programme_of(meeting)] == [START, START + timedelta(hours=2)]


def test_a_closing_stays_where_somebody_put_it_unless_the_meeting_is_over_by_then():
    hour, day = timedelta(hours=1), timedelta(days=1)
    meeting = make_meeting(registration_closes_at=START - day, edits_close_at=START - 2 * day)

    moved(meeting, starts_at=START + day, ends_at=START + day + hour)
    assert Meeting.objects.get(pk=meeting.pk).registration_closes_at == START - day

    earlier = START - 2 * day + hour
    meeting = moved(
        meeting, starts_at=earlier, ends_at=earlier + hour, edits_close_at=earlier - 2 * hour
    )
    assert meeting.registration_closes_at == earlier
    assert meeting.edits_close_at == earlier - 2 * hour


def test_registration_that_opens_after_the_new_start_is_open_until_the_end():
    hour = timedelta(hours=1)
    meeting = make_meeting(registration_opens_at=START - 2 * hour, registration_closes_at=START)

    meeting = moved(meeting, starts_at=START - 3 * hour, ends_at=START)

    assert meeting.registration_closes_at is None


def test_calling_off_also_tells_the_invited_and_the_heads_who_may_still_mean_to_come():
    meeting = make_meeting()
    asked, passive, refused = (
        make_delegation(meeting, name=name, head_email=f"{name}@example.org")
        for name in ("asked", "passive", "refused")
    )
    Delegation.objects.exclude(pk=passive.pk).update(asked_at=NOON)
    Delegation.objects.filter(pk=refused.pk).update(refused_at=NOON)
    guest, unsent, declined = (
        make_invitation(meeting, name=name, email=f"{name}@example.org")
        for name in ("guest", "unsent", "declined")
    )
    Invitation.objects.exclude(pk=unsent.pk).update(sent_at=NOON)
    Invitation.objects.filter(pk=declined.pk).update(declined_at=NOON)

    told = calling_off.unanswered(meeting)
    calling_off.call_off(meeting=meeting, reason="Карантин", at=NOON, by=ORGANIZER)

    mails = Message.objects.filter(kind="called_off")
    assert told == mails.count() == 2
    assert {(mail.recipient, *mail.subjects[1:]) for mail in mails} == {
        ("asked@example.org", f"delegation:{asked.pk}"),
        ("guest@example.org", f"invitation:{guest.pk}"),
    }
    for mail in mails:
        rendered = rendering.render(mail)
        assert rendered.subject == "Отменено: Совещание парков, 26 мая"
        assert "Карантин" in rendered.text
        assert "Карантин" in rendered.html
