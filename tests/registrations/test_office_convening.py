"""Calling a meeting in the office: seven fields, publishing, being second, moving, calling off."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import journal
from events.models import Meeting, MeetingStatus
from notifications import outbox
from registrations import convening
from registrations.models import Status
from registrations.reminder_forms import ReminderRuleForm
from tests.factories import make_consent, make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db
EN = {"accept-language": "en"}


def seven_fields(**overrides):
    return {
        "title": "Совещание индустриальных парков",
        "short_title": "",
        "day": "2030-01-24",
        "from_time": "10:00",
        "until_time": "13:00",
        "time_zone": "Asia/Vladivostok",
        "place": "Зал 2",
        "hosts": "Ассоциация парков | Association of Parks\nМинистерство",
        "seat_limit": "130",
        "approval": "manual",
    } | overrides


def coming_meeting(owner):
    """Like the factory's, but ahead of today's clock, which views read."""
    start = (timezone.now() + timedelta(days=21)).replace(minute=0, second=0, microsecond=0)
    return make_meeting(owner=owner, starts_at=start, ends_at=start + timedelta(hours=3))


def typed(client, meeting, section="basics"):
    """What the browser would send if nothing were changed."""
    form = client.get(reverse("manage-edit-section", args=[meeting.slug, section])).context["form"]
    fields = {}
    for field in form:
        value = field.value()
        shown = field.field.widget.format_value(value) if value is not None else ""
        shown = shown[0] if isinstance(shown, list) and shown else shown
        if value is not False and shown not in (None, []):
            fields[field.name] = shown
    return fields


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1999-12-31", "2201-01-01"])
def test_a_year_in_which_nobody_meets_is_a_mistake(client, day):
    owner = make_user()
    client.force_login(owner)
    meeting = coming_meeting(owner)
    programme = reverse("manage-edit-section", args=[meeting.slug, "agenda"])
    basics = reverse("manage-edit-section", args=[meeting.slug, "basics"])
    fields = typed(client, meeting) | {"starts_at": f"{day}T00:30", "ends_at": f"{day}T23:30+14:00"}

    new = client.post(reverse("manage-new"), seven_fields(day=day), headers=EN)
    changed = client.post(basics, fields, headers=EN)
    items = client.post(
        programme, {"text": f"{day}\n10:00 X", "version": meeting.version}, headers=EN
    )

    said = ["Check the year: it has to be between 2000 and 2200."]
    assert new.context["form"].errors == {"day": said}
    assert changed.context["form"].errors == {"starts_at": said, "ends_at": said}
    assert items.context["form"].errors == {"text": ["Line 1: there is no such date."]}
    assert client.get(reverse("manage")).status_code == 200


def test_seven_fields_make_a_draft(client):
    owner = make_user()
    client.force_login(owner)

    answer = client.post(reverse("manage-new"), seven_fields(), headers={"accept-language": "ru"})

    meeting = Meeting.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == reverse("manage-overview", args=[meeting.slug])
    assert meeting.status == MeetingStatus.DRAFT
    assert meeting.starts_at == datetime(2030, 1, 24, 10, tzinfo=ZoneInfo("Asia/Vladivostok"))
    assert meeting.seats.seat_limit == 130
    assert [host.name for host in meeting.hosts.order_by("position")] == [
        "Ассоциация парков",
        "Министерство",
    ]
    assert list(meeting.owners.all()) == [owner]


def test_the_language_of_the_meeting_is_that_of_its_title(client):
    client.force_login(make_user())

    client.post(reverse("manage-new"), seven_fields(), headers=EN)

    assert Meeting.objects.get().language == "ru"


@pytest.mark.parametrize("title", ["New", "Account"])
def test_a_meeting_does_not_take_the_address_of_a_page_of_the_office(client, title):
    owner = make_user()
    client.force_login(owner)

    answer = client.post(reverse("manage-new"), seven_fields(title=title), headers=EN, follow=True)

    assert answer.status_code == 200
    assert answer.context["meeting"].title == title


def test_a_link_in_the_place_is_an_online_meeting(client):
    client.force_login(make_user())

    client.post(reverse("manage-new"), seven_fields(place="https://meet.example.org/x"))

    meeting = Meeting.objects.get()
    assert (meeting.format, meeting.venue) == ("online", "")
    assert meeting.online_url == "https://meet.example.org/x"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "required"),
        ({"until_time": "09:00"}, "The end has to come after the beginning."),
        ({"seat_limit": "-1"}, "greater than or equal to 1"),
        (
            {"time_zone": "America/New_York", "day": "2030-03-10", "from_time": "02:30"},
            "The clocks are put forward then",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_is_kept(client, wrong, said):
    client.force_login(make_user())

    answer = client.post(reverse("manage-new"), seven_fields(**wrong), headers=EN)

    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="10:00"' in answer.text or "from_time" in wrong
    assert "Association of Parks" in answer.text
    assert not Meeting.objects.exists()


def test_publishing_says_in_words_what_is_missing(client):
    owner = make_user()
    meeting = make_meeting(owner=owner, status=MeetingStatus.DRAFT, published_at=None, venue="")
    client.force_login(owner)

    answer = client.post(reverse("manage-publish", args=[meeting.slug]), headers=EN, follow=True)

    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.DRAFT
    assert "the place, or the link for online participants" in answer.text
    assert "the consent text" in answer.text


def test_a_stale_save_says_who_changed_what_and_keeps_what_was_typed(client):
    owner, other = make_user(), make_user(email="quicker@example.org")
    meeting = coming_meeting(owner)
    client.force_login(owner)
    mine = typed(client, meeting) | {"title": "Моё название"}
    convening.change(
        meeting=meeting,
        changes={"title": "Их название", "arrival_note": "Паспорт"},
        version=None,
        at=timezone.now(),
        by=journal.organizer(other),
    )
    # What happens to a registration is about its meeting, too, and no change of it.
    journal.record(
        by=journal.Actor(who="visitor@example.org", via="public"),
        at=timezone.now(),
        action="registration.confirmed",
        subjects=[f"meeting:{meeting.pk}", "registration:1"],
    )

    address = reverse("manage-edit-section", args=[meeting.slug, "basics"])
    second = client.post(address, mine, headers=EN)
    again = client.post(address, mine | {"version": second.context["form"]["version"].value()})

    meeting.refresh_from_db()
    assert second.status_code == 409
    assert "quicker@example.org changed the meeting" in second.text
    assert "Их название" in second.text
    assert "Моё название" in second.text
    assert again.status_code == 303
    assert meeting.title == "Моё название"


def test_moving_asks_first_and_tells_everybody_once(client):
    owner = make_user()
    meeting = coming_meeting(owner)
    make_registration(meeting=meeting)
    make_registration(meeting=meeting)
    client.force_login(owner)
    address = reverse("manage-edit-section", args=[meeting.slug, "basics"])
    moved = typed(client, meeting) | {"venue": "Другой зал"}

    asked = client.post(address, moved, headers=EN)
    before = outbox.about(f"meeting:{meeting.pk}").count()
    meeting.refresh_from_db()
    place_before = meeting.venue
    back = client.post(address, moved | {"back": "yes"})
    saved = client.post(address, moved | {"confirmed": "yes"})

    meeting.refresh_from_db()
    mails = outbox.about(f"meeting:{meeting.pk}").of_kinds(["meeting_changed"])
    assert "2 people will be told" in asked.text
    assert (before, place_before) == (0, "Башня «Образец», зал 2")
    assert back.context["form"]["venue"].value() == "Другой зал"
    assert saved.status_code == 303
    assert meeting.venue == "Другой зал"
    assert mails.count() == 2


def test_an_earlier_start_takes_the_doors_and_the_closing_along(client):
    owner = make_user()
    meeting = coming_meeting(owner)
    start = meeting.starts_at
    meeting.doors_at, meeting.registration_closes_at = start - timedelta(hours=1), start
    meeting.save(update_fields=["doors_at", "registration_closes_at"])
    client.force_login(owner)
    address = reverse("manage-edit-section", args=[meeting.slug, "basics"])
    fields = typed(client, meeting)
    earlier = (start - timedelta(days=7)).astimezone(meeting.zone)
    shown = {
        name: f"{moment:%Y-%m-%dT%H:%M}"
        for name, moment in (("starts_at", earlier), ("ends_at", earlier + timedelta(hours=2)))
    }

    answer = client.post(address, fields | shown | {"confirmed": "yes"})

    assert answer.status_code == 303
    assert typed(client, meeting)["doors_at"] == f"{earlier - timedelta(hours=1):%Y-%m-%dT%H:%M}"
    closes = typed(client, meeting, "registration")["registration_closes_at"]
    assert closes == shown["starts_at"]


def test_a_change_that_moves_nothing_asks_nothing(client):
    owner = make_user()
    meeting = coming_meeting(owner)
    make_registration(meeting=meeting)
    client.force_login(owner)
    address = reverse("manage-edit-section", args=[meeting.slug, "basics"])

    answer = client.post(address, typed(client, meeting) | {"arrival_note": "Паспорт"})

    assert answer.status_code == 303
    assert not outbox.about(f"meeting:{meeting.pk}").exists()


def test_fewer_seats_than_are_taken_is_refused_beside_the_field(client):
    owner = make_user()
    meeting = make_meeting(owner=owner, seat_limit=3)
    make_registration(meeting=meeting)
    make_registration(meeting=meeting)
    client.force_login(owner)
    address = reverse("manage-edit-section", args=[meeting.slug, "registration"])
    fields = typed(client, meeting, "registration")

    answer = client.post(address, fields | {"seat_limit": "1"}, headers=EN)

    assert answer.status_code == 422
    assert "2 seats are taken already" in str(answer.context["form"].errors["seat_limit"])


def test_calling_off_names_the_number_and_tells_once(client):
    owner = make_user()
    meeting = coming_meeting(owner)
    make_registration(meeting=meeting)
    make_registration(meeting=meeting, status=Status.PENDING)
    client.force_login(owner)
    address = reverse("manage-cancel", args=[meeting.slug])

    asked = client.get(address, headers=EN)
    empty = client.post(address, {"reason": ""})
    client.post(address, {"reason": "Зал закрыт"})
    client.post(address, {"reason": "Ещё раз"})

    meeting.refresh_from_db()
    assert "2 people on the list get a mail" in asked.text
    assert empty.status_code == 422
    assert meeting.status == MeetingStatus.CANCELLED
    assert meeting.cancellation_reason == "Зал закрыт"
    assert outbox.about(f"meeting:{meeting.pk}").of_kinds(["called_off"]).count() == 2


def test_the_programme_is_written_as_text_and_comes_back_the_same(client):
    owner = make_user()
    meeting = make_meeting(owner=owner)
    client.force_login(owner)
    address = reverse("manage-edit-section", args=[meeting.slug, "agenda"])
    text = "10:30 Открытие | Opening\n  Иванов И. И. | I. Ivanov\n11:00 Дискуссия"

    wrong = client.post(address, {"text": "Открытие", "version": "1"}, headers=EN)
    client.post(address, {"text": text, "version": "1"})
    shown = client.get(address).context["form"]["text"].value()

    assert "Line 1 has no time" in wrong.text
    assert shown == text


def test_pasted_regions_are_used_until_somebody_has_one(client):
    owner = make_user()
    meeting = make_meeting(owner=owner)
    client.force_login(owner)
    address = reverse("manage-edit-section", args=[meeting.slug, "regions"])
    pasted = {"name": "Филиалы", "names": "Север\nЮг\n", "version": "1"}

    client.post(address, pasted)
    meeting.refresh_from_db()
    make_registration(meeting=meeting, region=meeting.region_set.regions.first())
    refused = client.post(address, pasted | {"name": "Другие", "version": "2"}, headers=EN)

    assert meeting.region_set.name == "Филиалы"
    assert meeting.region_set.regions.count() == 2
    assert "cannot be exchanged" in refused.text


def test_a_category_with_participants_stays(client):
    owner = make_user()
    meeting = make_meeting(owner=owner)
    make_consent(meeting)
    make_registration(meeting=meeting)
    client.force_login(owner)
    address = reverse("manage-edit-section", args=[meeting.slug, "categories"])
    formset = client.get(address).context["formset"]
    fields = {"version": "1"}
    for form in [formset.management_form, *formset.forms]:
        for field in form:
            if (value := field.value()) not in (None, False, ""):
                fields[field.html_name] = value
    first = formset.prefix + "-0-DELETE"

    answer = client.post(address, fields | {first: "on"}, headers=EN)

    assert answer.status_code == 409
    assert "cannot be removed: it has participants" in answer.text
    assert meeting.categories.filter(code="member").exists()


def test_a_second_organizer_is_added_by_address_and_the_last_one_stays(client):
    owner, other = make_user(), make_user()
    meeting = make_meeting(owner=owner)
    client.force_login(owner)
    address = reverse("manage-edit-section", args=[meeting.slug, "team"])

    unknown = client.post(address, {"email": "nobody@example.org"}, headers=EN)
    client.post(address, {"email": other.email.upper()})
    client.post(reverse("manage-owner-remove", args=[meeting.slug, owner.pk]))
    client.force_login(other)
    last = reverse("manage-owner-remove", args=[meeting.slug, other.pk])
    client.post(last)

    assert "Nobody signs in with this address" in unknown.text
    assert list(meeting.owners.all()) == [other]


def test_a_version_that_cannot_be_is_a_stale_one(client):
    owner = make_user()
    client.force_login(owner)
    meeting = coming_meeting(owner)
    address = reverse("manage-edit-section", args=[meeting.slug, "reminders"])
    nothing = {"rules-TOTAL_FORMS": "0", "rules-INITIAL_FORMS": "0"}

    assert client.post(address, nothing | {"version": "9" * 5000}).status_code == 409


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "days_before", "amount": "0", "at_time": "10:00"}, "amount"),
        ({"kind": "hours_before", "amount": "0"}, "amount"),
        ({"kind": "days_before", "amount": "2"}, "at_time"),
        ({"kind": "days_before", "amount": "2", "at_time": "10:00"}, None),
        ({"kind": "hours_before", "amount": "2"}, None),
    ],
)
def test_a_reminder_comes_before_the_start(fields, wrong):
    form = ReminderRuleForm(fields | {"audience": "all", "is_enabled": "on"})

    assert list(form.errors) == ([wrong] if wrong else [])


def test_no_choice_of_a_reminder_is_a_row_of_dashes(client):
    owner = make_user()
    client.force_login(owner)
    meeting = coming_meeting(owner)

    page = client.get(reverse("manage-edit-section", args=[meeting.slug, "reminders"])).text

    assert "---------" not in page
    assert "(необязательно)" not in page
    assert "За сколько" in page
