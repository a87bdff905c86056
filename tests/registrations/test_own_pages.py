"""The pages behind a participant's link: GET looks, POST acts, nobody else sees them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.models import (
    Approval,
    Meeting,
    MeetingStatus,
    Organization,
    OrganizationVariant,
    RegionGroup,
)
from registrations import amending, limits, links, names
from registrations.models import (
    AttendanceMode,
    Consent,
    ConsentKind,
    GivenBy,
    Registration,
    Scope,
    Seat,
    SeatLimit,
    Status,
)
from registrations.participant_forms import ParticipantForm
from registrations.serializers import RegistrationChangesSerializer
from tests.factories import ORGANIZER, make_consent, make_meeting, make_registration

pytestmark = pytest.mark.django_db

PAGES = (
    "",
    "sessions/",
    "change/",
    "cancel/",
    "address/",
    "another/",
    "data/",
    "erase/",
    "unsubscribe/",
)
FILES = ("calendar.ics", "qr.png")


def soon(**overrides: Any) -> Meeting:
    starts = timezone.now() + timedelta(days=20)
    fields = {"starts_at": starts, "ends_at": starts + timedelta(hours=3), "seat_limit": 5}
    return make_meeting(**fields | overrides)


def own(registration: Registration, page: str = "") -> str:
    return f"/r/{links.token(registration)}/{page}"


@pytest.mark.parametrize("page", [*PAGES, *FILES])
def test_looking_changes_nothing(client: Client, page: str) -> None:
    registration = make_registration(meeting=soon())
    before = Registration.objects.values().get()

    answer = client.get(own(registration, page))

    assert answer.status_code == 200
    assert Registration.objects.values().get() == before
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]


@pytest.mark.parametrize("page", [*PAGES, *FILES])
def test_a_stranger_with_a_made_up_link_sees_nothing(client: Client, page: str) -> None:
    make_registration(meeting=soon())

    assert client.get(f"/r/{'a' * 32}/{page}").status_code == 404


@pytest.mark.parametrize("page", [*PAGES, *FILES])
def test_after_erasure_the_link_opens_nothing(client: Client, page: str) -> None:
    registration = make_registration(meeting=soon(), family_name="Сидоров")
    address = own(registration, page)
    client.post(own(registration, "erase/"))

    answer = client.get(address)

    assert answer.status_code == 410
    assert "Сидоров" not in answer.content.decode()


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.PENDING, "Заявка получена"),
        (Status.CONFIRMED, "Участие подтверждено"),
        (Status.DECLINED, "Заявка отклонена"),
        (Status.CANCELLED, "Участие отменено"),
    ],
)
def test_the_page_says_the_status_in_a_word(client: Client, status: str, word: str) -> None:
    registration = make_registration(meeting=soon(), status=status)

    page = client.get(own(registration)).content.decode()

    assert word in page
    assert ("<svg" in page) is (status == Status.CONFIRMED)


def test_the_place_in_line_is_told_as_it_is(client: Client) -> None:
    meeting = soon(seat_limit=1)
    make_registration(meeting=meeting)
    now = timezone.now()
    first, second = (
        make_registration(meeting=meeting, status=Status.WAITLISTED, waiting_since=now)
        for _ in range(2)
    )

    assert "Вы в очереди под номером 1" in client.get(own(first)).content.decode()
    assert "под номером 2" in client.get(own(second)).content.decode()


@pytest.mark.parametrize("is_shown", [True, False])
def test_the_reason_is_told_only_when_the_organizer_says_so(client: Client, is_shown: bool) -> None:
    registration = make_registration(
        meeting=soon(), status=Status.DECLINED, decision_reason="Квота исчерпана",
        shows_reason=is_shown,
    )  # fmt: skip

    assert ("Квота исчерпана" in client.get(own(registration)).content.decode()) is is_shown


def test_the_link_of_an_online_meeting_is_for_the_confirmed(client: Client) -> None:
    meeting = soon(format="online", online_url="https://meet.example.org/secret")
    inside = make_registration(meeting=meeting, attendance_mode=AttendanceMode.ONLINE)
    outside = make_registration(
        meeting=meeting, status=Status.PENDING, attendance_mode=AttendanceMode.ONLINE
    )

    assert "example.org/secret" in client.get(own(inside)).content.decode()
    assert "example.org/secret" not in client.get(own(outside)).content.decode()
    assert "example.org/secret" not in client.get(f"/m/{meeting.slug}/").content.decode()
    assert b"example.org/secret" not in client.get(f"/m/{meeting.slug}.ics").content


def test_a_cancellation_is_confirmed_done_and_taken_back(client: Client) -> None:
    registration = make_registration(meeting=soon())

    asked = client.get(own(registration, "cancel/"))
    assert "место освободится" in asked.content.decode().lower()
    assert Registration.objects.get().status == Status.CONFIRMED
    client.post(own(registration, "cancel/"))
    assert Registration.objects.get().status == Status.CANCELLED
    client.post(own(registration, "restore/"))

    assert Registration.objects.get().status == Status.CONFIRMED


def test_restoring_by_a_look_is_refused(client: Client) -> None:
    registration = make_registration(meeting=soon(), status=Status.CANCELLED)

    assert client.get(own(registration, "restore/")).status_code == 405


def changed(client: Client, registration: Registration, **overrides: Any) -> Any:
    data = {
        "family_name": registration.family_name,
        "given_name": "Анна",
        "patronymic": "",
        "latin_name": "Anna Petrova",
        "organization": "ООО «Юг»",
        "position": "Юрист",
        "region": "none",
        "version": str(registration.version),
    }
    return client.post(own(registration, "change/"), data | overrides)


def test_details_are_changed_until_the_lists_close(client: Client) -> None:
    registration = make_registration(meeting=soon())

    answer = changed(client, registration)

    assert answer.status_code == 303
    found = Registration.objects.get()
    assert (found.given_name, found.organization, found.latin_name) == (
        "Анна", "ООО «Юг»", "Anna Petrova",
    )  # fmt: skip


def test_a_region_without_a_seat_left_is_refused_in_words(client: Client) -> None:
    meeting = soon()
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    SeatLimit.objects.create(meeting=meeting, scope=Scope.REGION, region=kaluga, seat_limit=0)
    registration = make_registration(meeting=meeting)

    answer = changed(client, registration, region="RU-KLU")

    assert answer.status_code == 422
    assert "Калужская область" in answer.content.decode()
    assert Registration.objects.get().region is None


def test_the_latin_line_of_the_badge_takes_latin_letters_only(client: Client) -> None:
    registration = make_registration(meeting=soon())

    answer = changed(client, registration, latin_name="Анна Petrova")

    assert answer.status_code == 422
    assert "Здесь возможны только латинские буквы" in answer.content.decode()
    assert Registration.objects.get().latin_name != "Анна Petrova"


@pytest.mark.parametrize("latin_name", ["Анна Petrova", "Anna Petrova"])
def test_the_organizer_and_the_api_take_the_same_latin_letters(latin_name: str) -> None:
    meeting = soon()
    form = ParticipantForm({"latin_name": latin_name}, meeting=meeting)
    sent = RegistrationChangesSerializer(
        data={"latin_name": latin_name}, partial=True, context={"meeting": meeting}
    )

    form.is_valid(), sent.is_valid()

    refused = latin_name == "Анна Petrova"
    assert ("latin_name" in form.errors, "latin_name" in sent.errors) == (refused, refused)


def test_after_the_lists_closed_the_page_only_reads(client: Client) -> None:
    meeting = soon(edits_close_at=timezone.now() - timedelta(hours=1))
    registration = make_registration(meeting=meeting)

    page = client.get(own(registration)).content.decode()

    assert changed(client, registration)["Location"] == own(registration)
    assert Registration.objects.get().given_name != "Анна"
    assert f"mailto:org@example.org?subject={registration.number}" in page
    assert own(registration, "change/") not in page


@pytest.mark.parametrize(
    ("scope", "field"),
    [("region", "region"), ("group", "region"), ("organization", "organization")],
)
def test_a_full_limit_is_said_beside_what_it_is_about(
    client: Client, scope: str, field: str
) -> None:
    meeting = soon()
    region = meeting.region_set.regions.get(code="RU-PRI")
    region.group = RegionGroup.objects.create(
        region_set=meeting.region_set, code="FE", name="Дальний Восток"
    )
    region.save(update_fields=["group"])
    park = Organization.objects.create(meeting=meeting, name="ООО «Юг»")
    key = names.organization_key("ООО «Юг»")
    OrganizationVariant.objects.create(meeting=meeting, organization=park, key=key)
    target = {"region": region, "group": region.group, "organization": park}[scope]
    registration = make_registration(meeting=meeting)
    limits.change(
        meeting=meeting, target=target, wish=limits.Wish(seat_limit=0), at=timezone.now(),
        by=ORGANIZER,
    )  # fmt: skip

    answer = changed(client, registration, region="RU-PRI")

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "заняты" in answer.context["form"].errors[field][0]
    assert Registration.objects.get().region is None


def test_a_full_meeting_is_said_beside_how_one_comes(client: Client) -> None:
    meeting = soon(seat_limit=0, format="hybrid")
    registration = make_registration(
        meeting=meeting, attendance_mode=AttendanceMode.ONLINE, seat=Seat.NONE
    )

    answer = changed(client, registration, attendance_mode=AttendanceMode.IN_PERSON)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["attendance_mode"]


def test_what_no_field_is_about_is_said_above_the_form(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: Any) -> None:
        raise amending.MeetingFull("Все места заняты.", scope="meeting")

    registration = make_registration(meeting=soon())
    monkeypatch.setattr(amending, "amend", full)

    answer = changed(client, registration)

    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors() == ["Все места заняты."]


def test_a_change_made_elsewhere_in_between_is_told_and_can_be_repeated(client: Client) -> None:
    registration = make_registration(meeting=soon())
    Registration.objects.update(version=7)

    refused = changed(client, registration)
    assert refused.status_code == 422
    assert 'name="version" value="7"' in refused.content.decode()
    assert "ООО «Юг»" in refused.content.decode()

    registration.version = 7
    assert changed(client, registration).status_code == 303


def test_a_mistake_in_the_change_keeps_what_was_typed(client: Client) -> None:
    registration = make_registration(meeting=soon())

    answer = changed(client, registration, family_name="П3тров", organization="Новая")

    assert answer.status_code == 422
    assert "П3тров" in answer.content.decode()
    assert "Новая" in answer.content.decode()


def test_a_corrected_address_makes_a_new_link(client: Client) -> None:
    registration = make_registration(meeting=soon())
    old = own(registration)

    answer = client.post(own(registration, "address/"), {"email": "right@example.org"})

    found = Registration.objects.get()
    assert found.email == "right@example.org"
    assert answer["Location"] == own(found) != old
    assert client.get(old).status_code == 404
    assert "right@example.org" in client.get(own(found)).content.decode()


def test_addresses_cannot_be_tried_out_one_after_another(client: Client) -> None:
    registration = make_registration(meeting=soon())

    codes = []
    for number in range(6):
        answer = client.post(own(registration, "address/"), {"email": f"n{number}@example.org"})
        registration = Registration.objects.get()
        codes.append(answer.status_code)

    assert codes == [303] * 5 + [429]
    assert int(answer["Retry-After"]) > 0


def test_the_next_participant_of_the_same_organization_is_asked_nothing_known(
    client: Client,
) -> None:
    meeting = soon()
    region = meeting.region_set.regions.get(code="RU-KLU")
    registration = make_registration(meeting=meeting, organization="Завод", region=region)

    page = client.get(own(registration, "another/")).content.decode()

    assert ">\nЗавод</textarea>" in page
    assert '<option value="RU-KLU" data-also' in page
    assert page.partition('value="RU-KLU"')[2].partition(">")[0].endswith("selected")
    assert f'value="{registration.email}"' in page
    assert f'action="/m/{meeting.slug}/register/"' in page


def consented(registration: Registration, **document: Any) -> Consent:
    return Consent.objects.create(
        registration=registration,
        document=make_consent(registration.meeting, **document),
        given_at=timezone.now(),
        given_by=GivenBy.SELF,
        language="ru",
    )


def test_an_optional_consent_is_taken_back_at_once(client: Client) -> None:
    registration = make_registration(meeting=soon())
    consent = consented(registration, kind=ConsentKind.PHOTO, title="фото", is_required=False)

    page = client.get(own(registration, "data/")).content.decode()
    assert "Согласие на фото: дано " in page
    assert "редакция 1<" in page
    client.post(own(registration, f"consents/{consent.pk}/withdraw/"))

    consent.refresh_from_db()
    assert consent.withdrawn_at
    assert "отозвано" in client.get(own(registration, "data/")).content.decode()


def test_a_needed_consent_leads_to_erasure_and_not_past_the_question(client: Client) -> None:
    registration = make_registration(meeting=soon())
    consent = consented(registration)

    answer = client.post(own(registration, f"consents/{consent.pk}/withdraw/"))

    assert answer["Location"] == own(registration, "erase/?consent=1")
    assert "Без этого согласия хранить ваши данные нельзя" in (
        client.get(answer["Location"]).content.decode()
    )
    consent.refresh_from_db()
    assert consent.withdrawn_at is None


def test_somebody_elses_consent_cannot_be_taken_back(client: Client) -> None:
    meeting = soon()
    one, other = make_registration(meeting=meeting), make_registration(meeting=meeting)
    consent = consented(one, is_required=False)

    answer = client.post(own(other, f"consents/{consent.pk}/withdraw/"))

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"has_waiting_list": True}, "вы встанете в конец листа ожидания"),
        ({"has_waiting_list": False}, "если свободное место ещё останется"),
        ({"approval": Approval.MANUAL}, "решение снова примет организатор"),
    ],
)
def test_what_taking_the_cancellation_back_leads_to_is_said_before(
    client: Client, rules: dict[str, Any], words: str
) -> None:
    registration = make_registration(meeting=soon(**rules))

    assert words in client.get(own(registration, "cancel/")).content.decode()


def test_once_the_lists_are_closed_the_seat_is_not_promised_to_whoever_waits(
    client: Client,
) -> None:
    closed = timezone.now() - timedelta(hours=1)
    registration = make_registration(meeting=soon(edits_close_at=closed))

    asked = client.get(own(registration, "cancel/")).content.decode()

    assert "решит организатор" in asked
    assert "перейдёт к нему" not in asked


def test_erasing_frees_the_seat_and_says_so(client: Client) -> None:
    registration = make_registration(meeting=soon(), family_name="Сидоров")

    answer = client.post(own(registration, "erase/"))

    assert "стёрты" in answer.content.decode()
    found = Registration.objects.get()
    assert (found.family_name, found.seat) == ("", Seat.NONE)


def test_a_mail_program_unsubscribes_with_one_post(client: Client) -> None:
    registration = make_registration(meeting=soon())
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post(own(registration, "unsubscribe/"), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert Registration.objects.get().unsubscribed_at
    assert Registration.objects.get().status == Status.CONFIRMED


def test_the_page_of_data_says_whether_reminders_are_off_and_turns_them_on(
    client: Client,
) -> None:
    registration = make_registration(meeting=soon(), unsubscribed_at=timezone.now())
    page = client.get(own(registration, "data/")).content.decode()
    assert "Напоминания выключены" in page

    answer = client.post(own(registration, "subscribe/"), follow=True)

    assert "Напоминания включены" in answer.content.decode()
    assert Registration.objects.get().unsubscribed_at is None
    assert client.get(own(registration, "subscribe/")).status_code == 405


@pytest.mark.parametrize(
    "page", ["change/", "cancel/", "restore/", "address/", "erase/", "subscribe/"]
)
def test_all_else_is_protected_from_other_sites(page: str) -> None:
    registration = make_registration(meeting=soon())

    answer = Client(enforce_csrf_checks=True).post(own(registration, page), {})

    assert answer.status_code == 403
    assert "Форма не отправлена" in answer.content.decode()


def test_a_cancelled_meeting_is_what_the_page_says_first(client: Client) -> None:
    meeting = soon()
    registration = make_registration(meeting=meeting)
    Meeting.objects.update(
        status=MeetingStatus.CANCELLED, cancelled_at=timezone.now(), cancellation_reason="Погода"
    )

    page = client.get(own(registration)).content.decode()

    assert "Мероприятие отменено" in page
    assert "Погода" in page
    assert "<svg" not in page
    assert client.get(own(registration, "qr.png")).status_code == 404


def test_a_manual_approval_is_asked_for_again_after_coming_back(client: Client) -> None:
    registration = make_registration(
        meeting=soon(approval=Approval.MANUAL), status=Status.CANCELLED
    )

    client.post(own(registration, "restore/"))

    assert Registration.objects.get().status == Status.PENDING


def test_the_page_costs_few_queries(client: Client, django_assert_num_queries: Any) -> None:
    registration = make_registration(meeting=soon())
    address = own(registration)
    client.get(address)

    with django_assert_num_queries(3):  # person, hosts, sessions
        client.get(address)
