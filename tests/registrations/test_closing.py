"""The lists are closed: kept under a number, and every later change is an amendment to it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import JournalEntry
from events.models import Approval, Format, Meeting, MeetingStatus
from registrations import (
    amending,
    booking,
    closing,
    erasure,
    pass_lists,
    review,
    seats,
    substituting,
    tasks,
)
from registrations.delegations import naming
from registrations.models import PassList, PassListLine, Registration, Status
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    category,
    make_application,
    make_delegation,
    make_meeting,
    make_registration,
)
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(hours=2)


def close(meeting, at=NOON, **said):
    return closing.close(meeting=meeting, at=at, by=ORGANIZER, **said)[0]


def take(meeting, at=LATER, **said):
    return closing.take(meeting=meeting, at=at, by=ORGANIZER, **said)


def replace(registration, at=LATER, **newcomer):
    return substituting.substitute(
        registration=registration,
        application=make_application(registration.meeting, **newcomer),
        at=at,
        by=ORGANIZER,
    )


def amend(registration, **changes):
    return amending.amend(
        registration=registration,
        changes=changes,
        version=None,
        at=LATER,
        by=ORGANIZER,
        as_organizer=True,
    )


def told(difference):
    """A difference as somebody would read it out."""
    signs = {"added": "+", "gone": "−", "changed": "~"}
    return [
        " ".join(
            filter(
                None,
                [
                    signs[change.kind],
                    change.line.full_name,
                    change.instead_of and f"instead of {change.instead_of.full_name}",
                    change.replaced_by and f"replaced by {change.replaced_by.full_name}",
                    ", ".join(
                        f"{field}: {change.was.content[field]} → {change.now.content[field]}"
                        for field in change.fields
                    ),
                ],
            )
        )
        for change in difference.changes
    ]


def make_people(meeting, *families):
    return [
        make_registration(meeting=meeting, family_name=family, given_name="Ян", patronymic="")
        for family in families
    ]


def test_closing_keeps_the_confirmed_as_list_one():
    meeting = make_meeting(seat_limit=2, approval=Approval.MANUAL)
    make_people(meeting, "Яковлев", "Ёлкин")
    make_registration(meeting=meeting, status=Status.WAITLISTED, waiting_since=NOON)
    make_registration(meeting=meeting, status=Status.PENDING)
    make_registration(meeting=meeting, status=Status.CANCELLED)

    made = close(meeting, note="для охраны")

    meeting.refresh_from_db()
    assert (made.number, made.people, made.made_by, made.note) == (
        1,
        2,
        "organizer@example.org",
        "для охраны",
    )
    assert [line.full_name for line in pass_lists.lines(made)] == ["Ёлкин Ян", "Яковлев Ян"]
    assert meeting.edits_close_at == NOON
    assert not pass_lists.difference(made)
    entry = JournalEntry.objects.get(action="lists.closed")
    assert (entry.subjects, entry.changes) == ([f"meeting:{meeting.pk}"], {"list": 1, "people": 2})


def test_a_line_is_what_the_pass_desk_reads():
    meeting = make_meeting()
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    person = make_registration(
        meeting=meeting, family_name="Ли", given_name="Ян", patronymic="", region=kaluga
    )

    [line] = pass_lists.lines(close(meeting))

    assert line.number == person.number
    assert line.content == {
        "family_name": "Ли",
        "given_name": "Ян",
        "patronymic": "",
        "organization": "АО «Северный берег»",
        "position": "Директор",
        "region": "RU-KLU",
        "category": "member",
    }
    assert line.words["region"] == ["Калужская область", "Kaluga Oblast"]


def test_whoever_joins_online_needs_no_pass():
    meeting = make_meeting(format=Format.HYBRID)
    make_registration(meeting=meeting, attendance_mode="online")

    assert close(meeting).people == 0


def test_afterwards_participants_and_heads_change_nothing():
    meeting = make_meeting(seat_limit=9)
    delegation = make_delegation(meeting)
    person = make_registration(meeting=meeting)
    close(meeting)

    with pytest.raises(amending.EditsClosed):
        amending.amend(
            registration=person, changes={"position": "Министр"}, version=None, at=LATER, by=LINK
        )
    with pytest.raises(naming.ListClosed):
        naming.name_people(
            delegation=delegation,
            applications=[make_application(meeting, delegation=delegation)],
            consents=[],
            at=LATER,
            by=LINK,
        )


def test_afterwards_nobody_moves_up_until_the_lists_are_open_again():
    meeting = make_meeting(seat_limit=1)
    [seated] = make_people(meeting, "Ёлкин")
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED, waiting_since=NOON)
    close(meeting)

    booking.cancel(registration=seated, at=LATER, by=LINK)
    waiting.refresh_from_db()
    assert waiting.status == Status.WAITLISTED

    closing.reopen(meeting=meeting, at=LATER, by=ORGANIZER)
    waiting.refresh_from_db()
    assert waiting.status == Status.CONFIRMED
    assert seats.audit(meeting.pk) == {}


def test_registration_may_be_closed_along():
    meeting = make_meeting()

    close(meeting, closes_registration=True)

    meeting.refresh_from_db()
    assert not meeting.takes_registrations(NOON)
    with pytest.raises(booking.RegistrationClosed):
        booking.register(
            meeting=meeting, application=make_application(meeting), consents=[], at=LATER, by=LINK
        )


def test_registration_that_has_not_opened_yet_is_left_alone():
    meeting = make_meeting(registration_opens_at=LATER)

    close(meeting, closes_registration=True)

    meeting.refresh_from_db()
    assert meeting.registration_closes_at is None


def test_three_substitutions_a_cancellation_and_an_edit():
    meeting = make_meeting(seat_limit=9)
    boss, second, third, leaving, edited, _stays = make_people(
        meeting, "Бобров", "Волков", "Гусев", "Дроздов", "Ежов", "Зайцев"
    )
    first = close(meeting)

    replace(boss, family_name="Юдин", given_name="Ян", patronymic="")
    deputy = replace(second, family_name="Эмин", given_name="Ян", patronymic="")
    replace(deputy, family_name="Адамов", given_name="Ян", patronymic="")
    booking.cancel(registration=leaving, at=LATER, by=LINK)
    amend(edited, position="Министр", category=category(meeting, "guest"))
    amend(third, phone="+7 999 000-00-00")  # no list says it
    replace(third, family_name="Гусева", given_name="Ян", patronymic="")

    found = pass_lists.difference(first)
    assert (found.added, found.gone, found.changed, found.replaced) == (3, 4, 1, 3)
    assert told(found) == [
        "+ Адамов Ян instead of Волков Ян",
        "− Бобров Ян replaced by Юдин Ян",
        "− Волков Ян replaced by Адамов Ян",
        "− Гусев Ян replaced by Гусева Ян",
        "+ Гусева Ян instead of Гусев Ян",
        "− Дроздов Ян",
        "~ Ежов Ян position: Директор → Министр, category: member → guest",
        "+ Юдин Ян instead of Бобров Ян",
    ]


def test_the_amendment_becomes_the_next_list():
    meeting = make_meeting(seat_limit=9)
    one, two = make_people(meeting, "Бобров", "Волков")
    first = close(meeting)
    replace(one, family_name="Юдин")
    amend(two, organization="Парк «Заречный»")

    second = take(meeting)

    assert (second.number, second.people) == (2, 2)
    assert (second.added, second.gone, second.changed) == (1, 1, 1)
    assert not pass_lists.difference(second)
    assert pass_lists.difference(first) == pass_lists.difference(first, until=second)
    assert pass_lists.difference(first).changes[0].was.content["family_name"] == "Бобров"


def test_an_unchanged_list_is_not_taken_again():
    meeting = make_meeting()
    close(meeting)

    with pytest.raises(closing.NothingChanged) as refusal:
        take(meeting)

    assert refusal.value.facts == {"number": 1}


def test_open_lists_are_not_taken():
    with pytest.raises(closing.ListsOpen):
        take(make_meeting())


@pytest.mark.parametrize("status", [MeetingStatus.DRAFT, MeetingStatus.CANCELLED])
def test_only_a_published_meeting_has_lists(status):
    meeting = make_meeting()
    Meeting.objects.filter(pk=meeting.pk).update(
        status=status, cancelled_at=NOON if status == MeetingStatus.CANCELLED else None
    )

    with pytest.raises(closing.NothingToClose):
        close(meeting)
    with pytest.raises(closing.NothingToReopen):
        closing.reopen(meeting=meeting, at=NOON, by=ORGANIZER)
    with pytest.raises(closing.ListsOpen):
        take(meeting)


def test_closing_twice_makes_one_list():
    meeting = make_meeting()

    first, is_new = closing.close(meeting=meeting, at=NOON, by=ORGANIZER)
    again, is_new_again = closing.close(meeting=meeting, at=LATER, by=ORGANIZER)

    meeting.refresh_from_db()
    assert (first, is_new, is_new_again) == (again, True, False)
    assert meeting.edits_close_at == NOON


def test_closing_twice_at_once_makes_one_list():
    for _turn in range(20):
        meeting = make_meeting()
        make_people(meeting, "Бобров", "Волков")

        def press(meeting=meeting, at=NOON):
            return closing.close(meeting=meeting, at=at, by=ORGANIZER)

        # Also where the clock of whoever comes second is the earlier one.
        moments = [NOON, NOON - timedelta(seconds=1), NOON + timedelta(seconds=1), NOON]
        made = at_once(*(lambda at=at: press(at=at) for at in moments))

        assert [kept.number for kept, _is_new in made] == [1, 1, 1, 1]
        assert sum(is_new for _kept, is_new in made) == 1
        assert PassListLine.objects.filter(list__meeting=meeting).count() == 2


def test_taking_twice_at_once_makes_one_list():
    meeting = make_meeting()
    [person] = make_people(meeting, "Бобров")
    close(meeting)
    replace(person)

    made = at_once(*[lambda: take(meeting)] * 4)

    assert sorted(str(getattr(one, "code", one.__class__.__name__)) for one in made) == [
        "PassList",
        "nothing_changed",
        "nothing_changed",
        "nothing_changed",
    ]


def test_opened_again_and_closed_again_is_the_next_list():
    meeting = make_meeting()
    close(meeting)

    closing.reopen(meeting=meeting, at=LATER, by=ORGANIZER)
    meeting.refresh_from_db()
    assert meeting.edits_close_at is None
    assert meeting.takes_edits(LATER)
    made = close(meeting, at=LATER + timedelta(hours=1))

    assert (made.number, made.added, made.gone, made.changed) == (2, 0, 0, 0)
    entry = JournalEntry.objects.get(action="lists.reopened")
    assert entry.changes == {"until": "2026-05-26T12:00:00+00:00"}


def test_lists_open_again_until_a_moment_ahead():
    meeting = make_meeting()
    close(meeting)

    for until in (NOON, meeting.ends_at + timedelta(minutes=1)):
        with pytest.raises(closing.NothingToReopen):
            closing.reopen(meeting=meeting, at=LATER, by=ORGANIZER, until=until)
    with pytest.raises(closing.NothingToReopen):
        closing.reopen(meeting=meeting, at=meeting.starts_at, by=ORGANIZER)
    closing.reopen(meeting=meeting, at=LATER, by=ORGANIZER, until=meeting.ends_at)
    again = closing.reopen(meeting=meeting, at=LATER, by=ORGANIZER)

    assert again.edits_close_at == meeting.ends_at
    assert JournalEntry.objects.filter(action="lists.reopened").count() == 1


def test_lists_that_close_by_time_are_kept_by_the_sweep_once(monkeypatch):
    meeting = make_meeting(edits_close_at=NOON)
    make_people(meeting, "Бобров")
    make_meeting(edits_close_at=LATER)
    make_meeting(edits_close_at=NOON, status=MeetingStatus.DRAFT)

    assert closing.take_due(at=NOON - timedelta(seconds=1)) == 0
    assert closing.take_due(at=NOON) == 1
    assert closing.take_due(at=NOON) == 0
    assert closing.take_due(at=LATER) == 1

    made = PassList.objects.get(meeting=meeting)
    assert (made.number, made.people, made.made_by) == (1, 1, "Yavka")


def test_two_beats_make_one_list():
    meeting = make_meeting(edits_close_at=NOON)

    made = at_once(*[lambda: closing.take_due(at=NOON)] * 4)

    assert sum(made) == 1
    assert PassList.objects.filter(meeting=meeting).count() == 1


def test_the_beat_takes_lists(settings):
    make_meeting(edits_close_at=NOON - timedelta(days=1))
    [entry] = [
        one
        for one in settings.CELERY_BEAT_SCHEDULE.values()
        if one["task"] == tasks.take_lists.name
    ]

    tasks.take_lists.apply(throw=True)

    assert entry["schedule"] == 60


def test_whoever_comes_before_the_sweep_makes_list_one():
    meeting = make_meeting(edits_close_at=NOON)

    assert take(meeting).number == 1
    assert closing.take_due(at=LATER) == 0


def test_without_a_day_lists_close_when_the_meeting_begins():
    meeting = make_meeting()

    assert closing.take_due(at=meeting.starts_at - timedelta(seconds=1)) == 0
    assert closing.take_due(at=meeting.starts_at) == 1
    assert closing.take_due(at=meeting.ends_at) == 0


def test_a_meeting_that_is_over_gets_no_list():
    meeting = make_meeting(edits_close_at=NOON)

    assert closing.take_due(at=meeting.ends_at) == 0


def test_whoever_is_erased_leaves_no_name_on_a_list():
    meeting = make_meeting(seat_limit=9)
    one, _two = make_people(meeting, "Бобров", "Волков")
    first = close(meeting)

    erasure.erase(registration=one, at=LATER, by=ORGANIZER)

    assert told(pass_lists.difference(first)) == ["−"]
    assert [line.full_name for line in pass_lists.lines(first)] == ["", "Волков Ян"]
    assert "Бобров" not in str(list(PassListLine.objects.values()))


def test_purge_erases_the_names_and_leaves_the_counts():
    meeting = make_meeting(seat_limit=9)
    one, two = make_people(meeting, "Бобров", "Волков")
    close(meeting, note="передал Бобров")
    replace(one, family_name="Юдин")
    amend(two, position="Министр")
    take(meeting)

    erasure.forget_due(at=meeting.ends_at + timedelta(days=91))

    kept = PassList.objects.of(meeting).values_list(
        "number", "people", "added", "gone", "changed", "note"
    )
    assert list(kept) == [(2, 2, 1, 1, 1, ""), (1, 2, 0, 0, 0, "")]
    lines = PassListLine.objects.filter(list__meeting=meeting)
    assert set(lines.values_list("sort_key", flat=True)) == {""}
    assert list(lines.values_list("content", "words")) == [({}, {})] * 4


def test_a_forgotten_line_cannot_say_anything():
    meeting = make_meeting()
    make_people(meeting, "Бобров")
    close(meeting)

    with pytest.raises(IntegrityError, match="a_forgotten_line_says_nothing"), transaction.atomic():
        PassListLine.objects.update(content={})


def test_numbers_are_unique_within_a_meeting():
    meeting = make_meeting()
    close(meeting)

    with (
        pytest.raises(IntegrityError, match="a_meetings_lists_are_numbered"),
        transaction.atomic(),
    ):
        PassList.objects.create(meeting=meeting, number=1, made_at=NOON, made_by="")


def test_a_restored_boss_and_his_deputy_both_come():
    meeting = make_meeting(seat_limit=9)
    [boss] = make_people(meeting, "Бобров")
    first = close(meeting)
    replace(boss, family_name="Юдин", given_name="Ян", patronymic="")
    booking.restore(registration=boss, at=LATER, by=ORGANIZER)

    assert told(pass_lists.difference(first)) == ["+ Юдин Ян"]


def test_of_two_who_came_instead_the_last_one_has_the_place():
    meeting = make_meeting(seat_limit=9)
    [boss] = make_people(meeting, "Бобров")
    first = close(meeting)
    replace(boss, family_name="Юдин", given_name="Ян", patronymic="")
    booking.restore(registration=boss, at=LATER, by=ORGANIZER)
    replace(boss, family_name="Адамов", given_name="Ян", patronymic="")

    assert told(pass_lists.difference(first)) == [
        "+ Адамов Ян instead of Бобров Ян",
        "− Бобров Ян replaced by Адамов Ян",
        "+ Юдин Ян",
    ]


def test_ten_thousand_people_are_kept_and_compared_in_a_few_statements(
    django_assert_num_queries,
):
    meeting = make_meeting(seat_limit=None)
    [person] = make_people(meeting, "Бобров")
    _copy(person, 9_999)
    with django_assert_num_queries(15):
        first = close(meeting)
    everybody = Registration.objects.filter(meeting=meeting).order_by("pk")
    changed = list(everybody.values_list("pk", flat=True)[:200])
    Registration.objects.filter(pk__in=changed[:100]).update(position="Министр")
    Registration.objects.filter(pk__in=changed[100:]).update(status=Status.CANCELLED, seat="none")

    with django_assert_num_queries(2):
        found = pass_lists.difference(first)

    assert first.people == 10_000
    assert (found.added, found.gone, found.changed) == (0, 100, 100)


def _copy(person, count):
    """So many more of the same, as rows."""
    columns = [f.column for f in Registration._meta.concrete_fields if f.column != "id"]
    own = {
        "uid": "gen_random_uuid()",
        "number": f"to_char(({int(person.number)} + n) %% 10000000, 'FM0000000')",
        "email": "n || '@example.org'",
        "link_hash": "decode(md5(n::text), 'hex')",
        "ticket_code": "n::text",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO registrations_registration ({', '.join(columns)})"
            f" SELECT {', '.join(own.get(column, column) for column in columns)}"
            " FROM registrations_registration, generate_series(1, %s) AS n WHERE id = %s",
            [count, person.pk],
        )
        # Else each foreign key may be checked as it was planned when the table was empty.
        cursor.execute("ANALYZE registrations_registration")


def test_a_declined_person_is_gone():
    meeting = make_meeting()
    [person] = make_people(meeting, "Бобров")
    first = close(meeting)

    review.decline(registration=person, at=LATER, by=ORGANIZER)

    assert told(pass_lists.difference(first)) == ["− Бобров Ян"]
