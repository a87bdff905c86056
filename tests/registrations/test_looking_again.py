"""Whoever changes name or organization after approval is looked at again, and loses nothing."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import JournalEntry
from attendance import checkin, walkin
from attendance.models import Outcome
from events.models import Approval, Format
from notifications.models import Message
from registrations import amending, booking, erasure, links, review, seats, substituting
from registrations.models import AttendanceMode, Registration, Seat, Stage, Status
from tests.attendance.door import open_desk, scan
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_access_code,
    make_application,
    make_delegation,
    make_meeting,
    make_registration,
    make_user,
)

pytestmark = pytest.mark.django_db


def reviewed(**overrides):
    fields = {"approval": Approval.MANUAL, "reviews_changes": True}
    return make_meeting(**fields | overrides)


def amend(person, *, as_organizer=False, **changes):
    return amending.amend(
        registration=person, changes=changes, version=None, at=NOON,
        by=ORGANIZER if as_organizer else LINK, as_organizer=as_organizer,
    )  # fmt: skip


def approve(person, **options):
    return review.approve(registration=person, at=NOON, by=ORGANIZER, **options)


def letters():
    return list(Message.objects.order_by("pk").values_list("kind", flat=True))


def test_a_changed_name_waits_for_the_organizer_on_the_seat_it_has():
    meeting = reviewed(seat_limit=1)
    ada = make_registration(meeting=meeting, family_name="Петрова")
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED)

    ada = amend(ada, family_name="Иванова")

    assert (ada.status, ada.seat, ada.stage) == (Status.PENDING, Seat.WITHIN, Stage.CHANGES)
    assert ada.approved_as == {"family_name": "Петрова"}
    waiting.refresh_from_db()
    assert waiting.status == Status.WAITLISTED
    assert seats.audit(meeting.pk) == {}
    [letter] = Message.objects.all()
    assert letter.kind == "changes_received"
    assert [(c["was"], c["now"]) for c in letter.snapshot["changes"]] == [("Петрова", "Иванова")]


def test_approved_again_he_sits_where_he_sat_and_is_told():
    meeting = reviewed(seat_limit=1)
    ada = amend(make_registration(meeting=meeting), organization="АО «Южный берег»")

    ada = approve(ada)

    assert (ada.status, ada.seat, ada.approved_as) == (Status.CONFIRMED, Seat.WITHIN, None)
    assert letters() == ["changes_received", "confirmed_again"]
    assert seats.audit(meeting.pk) == {}


def test_declined_he_gives_the_seat_to_whoever_waits_and_the_calendar_follows():
    meeting = reviewed(seat_limit=1)
    ada = make_registration(meeting=meeting)
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED)
    ada = amend(ada, family_name="Иванова")

    review.decline(registration=ada, at=NOON, by=ORGANIZER)

    waiting.refresh_from_db()
    assert waiting.status == Status.CONFIRMED
    assert Message.objects.get(kind="declined").enclosures == ["calendar"]
    assert seats.audit(meeting.pk) == {}


def test_cancelled_meanwhile_the_seat_is_passed_on():
    meeting = reviewed(seat_limit=1)
    ada = make_registration(meeting=meeting)
    waiting = make_registration(meeting=meeting, status=Status.WAITLISTED)
    ada = amend(ada, family_name="Иванова")

    booking.cancel(registration=ada, at=NOON, by=LINK)

    waiting.refresh_from_db()
    assert waiting.status == Status.CONFIRMED
    assert seats.audit(meeting.pk) == {}


def test_whoever_waits_keeps_his_turn():
    meeting = reviewed(seat_limit=1)
    seated = make_registration(meeting=meeting)
    first, second = (make_registration(meeting=meeting, status=Status.WAITLISTED) for _ in "12")
    line = first.line
    first = amend(first, family_name="Иванова")
    assert (first.status, first.line) == (Status.PENDING, line)
    assert seats.audit(meeting.pk) == {}

    first = approve(first)

    assert (first.status, first.line) == (Status.WAITLISTED, line)
    assert seats.audit(meeting.pk) == {}
    booking.cancel(registration=seated, at=NOON, by=LINK)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (Status.CONFIRMED, Status.WAITLISTED)


def test_while_one_who_waits_is_looked_at_a_free_seat_goes_to_the_next():
    meeting = reviewed(seat_limit=1)
    seated = make_registration(meeting=meeting)
    first, second = (make_registration(meeting=meeting, status=Status.WAITLISTED) for _ in "12")
    first = amend(first, family_name="Иванова")

    booking.cancel(registration=seated, at=NOON, by=LINK)

    second.refresh_from_db()
    assert second.status == Status.CONFIRMED
    assert approve(first).status == Status.WAITLISTED
    assert seats.audit(meeting.pk) == {}


def test_changed_back_everything_is_as_before():
    meeting = reviewed(seat_limit=1)
    ada = make_registration(meeting=meeting, family_name="Петрова", given_name="Ада")
    ada = amend(ada, family_name="Иванова")
    ada = amend(ada, given_name="Анна")
    assert ada.approved_as == {"family_name": "Петрова", "given_name": "Ада"}
    ada = amend(ada, family_name="Петрова")
    assert ada.approved_as == {"given_name": "Ада"}

    ada = amend(ada, given_name="Ада")

    assert (ada.status, ada.seat) == (Status.CONFIRMED, Seat.WITHIN)
    assert letters() == ["changes_received", "confirmed_again"]
    assert JournalEntry.objects.filter(action="registration.changed_back").count() == 1


@pytest.mark.parametrize(
    ("meeting", "as_organizer", "change"),
    [
        ({"reviews_changes": False}, False, {"family_name": "Иванова"}),
        ({"approval": Approval.AUTOMATIC}, False, {"family_name": "Иванова"}),
        ({}, True, {"family_name": "Иванова"}),
        ({}, False, {"position": "Ректор"}),
    ],
)
def test_what_is_not_looked_at_again(meeting, as_organizer, change):
    ada = make_registration(meeting=reviewed(**meeting))

    assert amend(ada, as_organizer=as_organizer, **change).status == Status.CONFIRMED


def test_nobody_looked_at_whom_a_code_or_a_delegation_let_in():
    meeting = reviewed(seat_limit=5)
    code = make_access_code(meeting, skips_review=True)
    delegation = make_delegation(meeting, skips_review=True)
    with_code = make_registration(meeting=meeting, access_code=code)
    member = make_registration(meeting=meeting, delegation=delegation, delegation_role="expert")

    assert amend(with_code, family_name="Иванова").status == Status.CONFIRMED
    assert amend(member, family_name="Иванова").status == Status.CONFIRMED


def test_a_seat_follows_the_change_of_a_person_who_is_looked_at():
    meeting = reviewed(seat_limit=1, format=Format.HYBRID)
    ada = amend(make_registration(meeting=meeting), family_name="Иванова")

    ada = amend(ada, attendance_mode=AttendanceMode.ONLINE)
    assert (ada.status, ada.seat) == (Status.PENDING, Seat.NONE)
    ada = amend(ada, attendance_mode=AttendanceMode.IN_PERSON)
    assert (ada.status, ada.seat) == (Status.PENDING, Seat.WITHIN)

    assert seats.audit(meeting.pk) == {}
    assert approve(ada).status == Status.CONFIRMED


def test_a_deputy_of_whom_is_looked_at_is_looked_at():
    meeting = reviewed(seat_limit=1)
    ada = amend(make_registration(meeting=meeting, family_name="Петрова"), family_name="Иванова")

    deputy = substituting.substitute(
        registration=ada, application=make_application(meeting), at=NOON, by=ORGANIZER
    )

    assert (deputy.status, deputy.seat, deputy.approved_as) == ("pending", Seat.WITHIN, {})
    assert seats.audit(meeting.pk) == {}
    assert approve(deputy).status == Status.CONFIRMED


def test_erasing_forgets_the_old_name_too():
    meeting = reviewed()
    ada = amend(make_registration(meeting=meeting, family_name="Петрова"), family_name="Иванова")

    erasure.erase(registration=ada, at=meeting.starts_at + timedelta(hours=1), by=ORGANIZER)

    ada.refresh_from_db()
    assert (ada.status, ada.approved_as) == (Status.PENDING, {})
    assert seats.audit(meeting.pk) == {}


def test_the_code_does_not_open_the_door_until_it_is_approved_again():
    meeting = reviewed()
    desk = open_desk(meeting, at=NOON)
    ada = amend(make_registration(meeting=meeting), family_name="Иванова")

    def at_the_door():
        [result] = checkin.record(desk=desk, scans=[scan(ada, scanned_at=NOON)], at=NOON)
        return result.outcome

    assert at_the_door() == Outcome.PENDING
    approve(ada)
    assert at_the_door() == Outcome.ACCEPTED


def test_let_in_at_the_door_he_sits_where_he_sat():
    meeting = reviewed(seat_limit=1)
    desk = open_desk(meeting, at=meeting.starts_at, may_admit=True)
    ada = amend(make_registration(meeting=meeting), family_name="Иванова")

    walkin.admit(desk=desk, scan_id=uuid4(), person=ada.uid, at=meeting.starts_at)

    ada.refresh_from_db()
    assert (ada.status, ada.seat, ada.approved_as) == (Status.CONFIRMED, Seat.WITHIN, None)
    assert seats.audit(meeting.pk) == {}


@pytest.fixture
def meeting():
    at = timezone.now()
    return reviewed(
        owner=make_user(), slug="parks", seat_limit=5, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip


@pytest.fixture
def office(meeting):
    client = Client(headers={"accept-language": "en"})
    client.force_login(meeting.owners.get())
    return client


def own(person, path=""):
    return f"/r/{links.token(person)}/{path}"


def changed_by_page(client, person, **changes):
    fields = {
        "family_name": person.family_name, "given_name": person.given_name,
        "patronymic": person.patronymic, "latin_name": person.latin_name,
        "organization": person.organization, "position": person.position, "region": "none",
        "version": person.version,
    }  # fmt: skip
    return client.post(own(person, "change/"), fields | changes, follow=True)


def test_the_form_warns_and_the_page_says_what_happens(client, meeting):
    ada = make_registration(meeting=meeting, language="en")

    form = client.get(own(ada, "change/")).content.decode()
    assert "the organizer looks at it once more" in form
    answer = changed_by_page(client, ada, family_name="Иванова").content.decode()

    assert "The organizer looks at them once more" in answer
    assert "Changes are being checked" in answer
    assert "Your seat stays yours" in answer
    assert "QR code for the entrance" not in answer
    assert "Cancel participation" in answer
    assert client.get(own(ada, "qr.png")).status_code == 404
    again = client.get(own(ada, "change/")).content.decode()
    assert "put back what was approved" in again


def test_the_form_does_not_warn_where_nothing_is_looked_at(client):
    at = timezone.now()
    ada = make_registration(
        meeting=make_meeting(starts_at=at + timedelta(days=9), ends_at=at + timedelta(days=10)),
        language="en",
    )

    assert "once more" not in client.get(own(ada, "change/")).content.decode()


def test_the_organizer_finds_old_and_new_and_approves(office, meeting):
    ada = make_registration(meeting=meeting, family_name="Петрова")
    bare = make_registration(meeting=meeting, status=Status.PENDING)
    amend_now(ada, family_name="Иванова")

    queue = office.get("/manage/parks/participants/?stage=changes").content.decode()
    overview = office.get("/manage/parks/").content.decode()
    page = office.get(f"/manage/parks/participants/{ada.number}/").content.decode()

    assert "changes to approve" in queue
    assert bare.number not in queue.replace(bare.spoken_number, bare.number)
    assert "1 person has changed name or organization after approval" in overview
    assert "1 request to decide" in overview
    for words in ("Changed after approval", "Петрова", "Иванова", "The seat is kept"):
        assert words in page
    office.post("/manage/parks/participants/decide/", {"step": "approve", "number": ada.number})
    assert Registration.objects.get(pk=ada.pk).status == Status.CONFIRMED


def amend_now(person, **changes):
    return amending.amend(
        registration=person, changes=changes, version=None, at=timezone.now(), by=LINK
    )


def test_the_api_says_it_before_and_after(client, meeting):
    ada = make_registration(meeting=meeting, family_name="Петрова")
    key = {"HTTP_AUTHORIZATION": f"Link {links.token(ada)}"}

    before = client.get("/api/v1/my-registration/", **key)
    after = client.patch(
        "/api/v1/my-registration/", {"family_name": "Иванова"},
        content_type="application/json", headers={"if-match": before["ETag"]}, **key,
    )  # fmt: skip

    assert (before.json()["is_looked_at_again"], before.json()["stage"]) == (True, "")
    assert after.status_code == 200, after.content
    assert (after.json()["status"], after.json()["stage"]) == ("pending", "changes")
    office = Client()
    office.force_login(meeting.owners.get())
    url = "/api/v1/meetings/parks/registrations/?stage=changes"
    [line] = office.get(url).json()["results"]
    assert line["approved_as"] == {"family_name": "Петрова"}
