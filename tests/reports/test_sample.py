"""The golden numbers come out of the live path, from rows that the use cases have made."""

import json
from collections import Counter
from datetime import datetime, timedelta
from io import StringIO
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Sum
from django.http import QueryDict
from django.urls import reverse

from accounts.models import JournalEntry
from attendance import checkin, desks
from attendance.models import Device, Presence, Scan
from events.models import Meeting
from notifications.models import Message, State
from registrations import booking, pass_lists, seats
from registrations.erasure import forget_due
from registrations.invitations import replies
from registrations.models import (
    AccessCode,
    Invitation,
    PassList,
    Registration,
    Scope,
    SeatLimit,
)
from reports import boards, freezing, headline, roster, wording
from reports.models import Basis, FrozenFigure, Style
from reports.sample import names, past, schedule
from tests.factories import LINK, make_meeting
from tests.reports.conftest import NOW

pytestmark = pytest.mark.django_db

CAME = {
    "ru": "В совещании приняли участие 123 человека, в том числе 12 представителей министерств. "
    "Представлены 37 регионов и 74 организации.",
    "en": "123 people took part, including 12 representatives of ministries. "
    "37 regions and 74 organizations were represented.",
}


@pytest.fixture
def meeting(sample):
    return Meeting.objects.select_related("region_set").get(slug=sample.past_meeting)


def counted(meeting, basis=Basis.CHECKED_IN):
    return headline.count(lists=headline.lists(meeting), basis=basis, at=NOW)


def sentences(meeting, basis=Basis.CHECKED_IN, style=Style.EXACT):
    return wording.sentences(counted(meeting, basis), meeting=meeting, style=style)


def test_the_golden_sentence(meeting):
    assert sentences(meeting) == CAME


def test_the_basis_confirmed(meeting):
    assert sentences(meeting, Basis.CONFIRMED) == {
        "ru": "Участие в совещании подтвердили 134 человека, в том числе 12 представителей "
        "министерств. Представлены 41 регион и 78 организаций.",
        "en": "134 people are confirmed, including 12 representatives of ministries. "
        "41 regions and 78 organizations are represented.",
    }


def test_the_basis_registered(meeting):
    assert counted(meeting, Basis.REGISTERED).numbers() == {
        "people": 140, "ministries": 12, "regions": 41, "countries": 0, "organizations": 78,
        "without_region": 25,
    }  # fmt: skip


def test_more_than_120(meeting):
    assert sentences(meeting, style=Style.ROUNDED)["ru"].startswith(
        "В совещании приняли участие более 120 человек, в том числе 12 представителей"
    )


def test_members_of_the_association_are_noted_with_their_regions(meeting):
    members = meeting.organizations.filter(is_member=True)

    assert set(members.values_list("region__code", flat=True)) == {"RU-MOW", "RU-MOS", "RU-TA"}
    # Of the organizations of each region one is the authority, which is no member.
    assert members.count() == sum(past.LARGE[region][1] - 1 for region in past.MEMBERS_NOTED)
    counted_in = roster.RosterFilter(QueryDict("more=members"), meeting=meeting).people
    assert counted_in.count() > members.count()
    assert set(counted_in.values_list("category__code", flat=True)) == {"member"}


def test_the_figure_is_dated_no_later_than_the_end(meeting):
    assert counted(meeting).as_of == schedule.ENDS_AT


def test_one_scan_taken_back_changes_the_sentence(meeting):
    # The only one from Kamchatka: a person, a region and an organization fewer.
    entry = Scan.objects.get(
        registration__region__code="RU-KAM", kind="entry", checkpoint__meeting=meeting
    )
    desk = desks.of(Device.objects.select_related("access_link").get(pk=entry.device_id))

    checkin.void(desk=desk, entry=entry.pk, void_id=uuid4(), at=schedule.STARTS_AT)

    assert sentences(meeting) == {
        "ru": "В совещании приняли участие 122 человека, в том числе 12 представителей "
        "министерств. Представлены 36 регионов и 73 организации.",
        "en": "122 people took part, including 12 representatives of ministries. "
        "36 regions and 73 organizations were represented.",
    }


def test_a_cancellation_changes_the_basis_confirmed(meeting):
    absent = Registration.objects.get(meeting=meeting, region__code="RU-MAG")

    booking.cancel(registration=absent, at=schedule.STARTS_AT - timedelta(days=1), by=LINK)

    # Four sit beyond the limit: one of them moves to the freed seat, so nobody is promoted.
    confirmed = counted(meeting, Basis.CONFIRMED)
    assert (confirmed.people, confirmed.regions) == (133, 40)


def test_tables_sum_up_to_the_headline(meeting):
    lists = headline.lists(meeting)
    for basis in Basis:
        live = headline.count(lists=lists, basis=basis, at=NOW)
        districts = boards.by_district(live, lists=lists)
        categories = boards.by_category(live, lists=lists)

        assert sum(line.people for line in districts) == live.people
        assert sum(line.regions or 0 for line in districts) == live.regions
        assert all(line.people == sum(c.people for c in line.here) for line in districts[:-1])
        assert sum(line.people for line in categories if line.counts) == live.people


def test_districts_are_those_of_the_plan(meeting):
    lists = headline.lists(meeting)
    districts = boards.by_district(counted(meeting), lists=lists)

    assert [(line.name, line.people, line.regions) for line in districts] == [
        ("Центральный", 31, 6),
        ("Приволжский", 23, 8),
        ("Северо-Западный", 14, 5),
        ("Дальневосточный", 8, 6),
        ("Сибирский", 7, 4),
        ("Южный", 6, 4),
        ("Уральский", 6, 2),
        ("Северо-Кавказский", 3, 2),
        ("Без региона", 25, None),
    ]
    assert [(chip.name, chip.people) for chip in districts[0].here][:3] == [
        ("Москва", 9), ("Московская обл.", 8), ("Калужская обл.", 6),
    ]  # fmt: skip
    assert "Белгородская обл." in districts[0].missing


def test_whoever_does_not_count_is_said_apart(meeting):
    lists = headline.lists(meeting)
    lines = boards.by_category(counted(meeting), lists=lists)

    assert [(line.name, line.people) for line in lines if not line.counts] == [
        ("Пресса", 5), ("Персонал", 6),
    ]  # fmt: skip


def test_no_seat_has_drifted(sample):
    assert [seats.audit(meeting.pk) for meeting in Meeting.objects.all()] == [{}, {}]

    out = StringIO()
    call_command("audit_seats", stdout=out)
    assert out.getvalue() == "No drift in 2 meetings.\n"


def test_the_audit_sees_a_drift(meeting):
    meeting.seats.taken -= 1
    meeting.seats.save(update_fields=["taken"])

    with pytest.raises(CommandError, match="Drift in 1 of 1 meetings"):
        call_command("audit_seats", meeting.slug, stdout=StringIO())


def test_rows_are_those_of_the_plan(meeting):
    rows = Registration.objects.filter(meeting=meeting)

    assert Counter(rows.values_list("status", flat=True)) == {
        "confirmed": 145, "cancelled": 7, "declined": 3, "waitlisted": 4, "pending": 2,
    }  # fmt: skip
    assert (meeting.seats.taken, meeting.seats.over, meeting.seats.waiting) == (130, 4, 4)
    assert Presence.objects.filter(checkpoint__meeting=meeting).count() == 134
    at = schedule.STARTS_AT
    offsets = {at.astimezone(r.zone).utcoffset() for r in rows.select_related("region") if r.zone}
    assert {offset.total_seconds() / 3600 for offset in offsets} == set(range(2, 13))


def test_delegations_are_those_of_the_plan(meeting):
    places = SeatLimit.objects.filter(meeting=meeting, scope=Scope.DELEGATION)
    replaced = Registration.objects.filter(meeting=meeting, replaces__isnull=False)

    assert places.aggregate(quotas=Sum("seat_limit"), used=Sum("taken"), n=Count("pk")) == {
        "quotas": 52, "used": 43, "n": 12,
    }  # fmt: skip
    assert [one.taken for one in places.filter(delegation__region__code="RU-BA")] == [0]
    assert places.filter(delegation__region__code="RU-TA", taken=F("seat_limit")).exists()
    assert sorted(replaced.values_list("region__code", "status")) == [
        ("RU-KLU", "confirmed"), ("RU-SVE", "confirmed"), ("RU-TA", "confirmed"),
    ]  # fmt: skip
    heads = Registration.objects.filter(meeting=meeting, delegation_role="head")
    assert heads.live().count() == 11


def test_the_lists_were_closed_and_amended_in_every_way(meeting):
    first, second = PassList.objects.of(meeting).order_by("number")
    found = pass_lists.difference(first, until=second)

    assert (first.made_at, first.people) == (schedule.LISTED_AT, 141)
    assert (found.added, found.gone, found.changed, found.replaced) == (2, 2, 1, 1)
    assert [change.fields for change in found.changes if change.kind == "changed"] == [["position"]]
    # Afterwards one more is replaced; on the day itself four come unannounced.
    since = pass_lists.difference(second)
    assert (since.added, since.gone, since.changed, since.replaced) == (5, 1, 0, 1)


def test_the_program_and_the_organizer_called_one_each_off_the_waiting_list(meeting):
    told = JournalEntry.objects.filter(
        action="registration.promoted", subjects__contains=[f"meeting:{meeting.pk}"]
    )

    assert sorted(told.values_list("at", "via")) == [
        (datetime(2020, 1, 21, 9, 30, tzinfo=past.ZONE), "system"),
        (schedule.CALLED_AT, "command"),
    ]


def test_whoever_came_by_invitation_had_one(meeting):
    invited = Invitation.objects.filter(meeting=meeting).select_related("registration")
    came = Registration.objects.filter(meeting=meeting, source="invitation")

    assert {one.registration for one in invited} == set(came)
    assert invited.count() == 17
    assert all(one.name == one.registration.full_name for one in invited)
    assert Message.objects.about(f"meeting:{meeting.pk}").filter(kind="invitation").count() == 17


def test_the_upcoming_meeting_waits_for_answers_and_has_a_code(sample):
    upcoming = Meeting.objects.get(slug=sample.meeting)

    found = replies.counts(upcoming)

    assert (found.invited, found.accepted, found.declined, found.unsent) == (3, 0, 1, 0)
    once = Invitation.objects.filter(meeting=upcoming, sent_at__isnull=False, reminded_at=None)
    assert once.unanswered().count() == 1
    assert AccessCode.objects.get(meeting=upcoming).is_usable(NOW)


def test_the_door_kept_its_log(meeting):
    scans = Scan.objects.filter(checkpoint__meeting=meeting)

    assert Counter(scans.values_list("outcome", flat=True)) == {
        "accepted": 135, "already_in": 2, "voided": 1,
    }  # fmt: skip
    late = [s for s in scans if s.received_at - s.scanned_at == timedelta(minutes=12)]
    assert len(late) == 5


def test_mail_of_the_past_is_sent_or_failed_and_waits_for_nobody(sample):
    states = Counter(Message.objects.values_list("state", flat=True))

    assert set(states) == {State.SENT, State.FAILED}
    assert states[State.FAILED] == 2
    assert Message.objects.filter(attempts=2).count() == 1
    assert not Message.objects.filter(subject_line="").exists()
    past = Message.objects.about(f"meeting:{Meeting.objects.get(slug='parks-2020').pk}")
    assert past.filter(sent_at__year__gt=2020).count() == 0
    assert past.filter(kind="meeting_changed").count() == 146
    assert past.filter(kind="reminder").count() > 250


def test_edge_names_are_stored_clean(meeting):
    family = Registration.objects.filter(meeting=meeting).values_list("family_name", flat=True)

    assert {"Зайцев", "Тихонова", "Ж" * 120, "ʻOkina", "Ёлкин", "ПЕТРОВА"} <= set(family)
    assert len(names.EDGE) == 31


def test_a_sample_is_not_forgotten(sample):
    before = Registration.objects.filter(erased_at=None).count()

    forget_due(at=NOW + timedelta(days=3650))

    assert Registration.objects.filter(erased_at=None).count() == before


def test_the_figure_was_frozen_at_twelve_forty(meeting):
    figure = FrozenFigure.objects.of(meeting).get()

    assert figure.sentences == CAME
    assert figure.as_of == schedule.FROZEN_AT
    assert figure.sha256 == freezing.digest(figure)
    assert freezing.differences(figure, live=counted(meeting)) == []


def test_the_upcoming_meeting_is_open_and_nearly_full(sample):
    coming = Meeting.objects.get(slug=sample.meeting)

    assert coming.takes_registrations(NOW)
    assert (coming.seats.taken, coming.seats.seat_limit) == (52, 60)
    assert coming.starts_at == datetime.fromisoformat("2026-05-19T10:00+03:00")


def test_loading_twice_changes_nothing(sample):
    before = (Registration.objects.count(), Message.objects.count(), Scan.objects.count())

    out = StringIO()
    call_command("load_sample", "--json", stdout=out)

    assert json.loads(out.getvalue()) == sample.as_json()
    assert before == (
        Registration.objects.count(), Message.objects.count(), Scan.objects.count(),
    )  # fmt: skip


def test_an_interrupted_load_is_made_good(sample, meeting):
    Meeting.objects.get(slug=sample.meeting).access_links.press().delete()

    call_command("load_sample", stdout=StringIO())

    assert Meeting.objects.filter(is_sample=True).count() == 2
    assert sentences(Meeting.objects.get(slug="parks-2020")) == CAME


def test_it_is_not_loaded_beside_real_meetings(sample):
    make_meeting()
    Meeting.objects.get(slug=sample.meeting).access_links.press().delete()

    with pytest.raises(CommandError, match="--force"):
        call_command("load_sample", stdout=StringIO())


def test_without_an_organizer_there_is_one_sentence(sample):
    Meeting.objects.get(slug=sample.meeting).access_links.press().delete()

    with pytest.raises(CommandError, match="There is no organizer nobody"):
        call_command("load_sample", "--owner", "nobody@example.org", stdout=StringIO())


def test_the_press_page_says_the_golden_sentence(client, sample):
    answer = client.get(urlsplit(sample.press_link).path)

    assert CAME["ru"] in answer.content.decode()
    assert CAME["en"] in answer.content.decode()
    assert "Yavka" not in answer.content.decode()


def test_the_page_of_the_past_meeting_says_so(client, sample):
    page = client.get(reverse("meeting", args=[sample.past_meeting])).content.decode()

    assert "Учебные данные" in page
