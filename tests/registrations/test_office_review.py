"""Deciding in the office: one, many, beyond the limit; adding, correcting, merging, erasing."""

import html
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from accounts import journal
from accounts.models import JournalEntry
from events.models import Organization, OrganizationVariant
from notifications import outbox
from notifications.models import Cause, Suppression
from registrations import calling_off, closing
from registrations.models import Registration, Source, Status
from tests.factories import make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db
EN = {"accept-language": "en"}


@pytest.fixture
def owner(client):
    user = make_user()
    client.force_login(user)
    return user


def coming_meeting(owner, **overrides):
    start = timezone.now() + timedelta(days=21)
    times = {"starts_at": start, "ends_at": start + timedelta(hours=3)}
    return make_meeting(owner=owner, **times | overrides)


def step(client, registration, code, **fields):
    address = reverse(
        "manage-participant-step", args=[registration.meeting.slug, registration.number]
    )
    answer = client.post(address, {"step": code, **fields}, headers=EN)
    registration.refresh_from_db()
    return answer


def said(answer) -> str:
    return " | ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_one_is_approved_and_told(client, owner):
    person = make_registration(meeting=coming_meeting(owner), status=Status.PENDING)

    answer = step(client, person, "approve")

    assert answer.status_code == 303
    assert person.status == Status.CONFIRMED
    assert outbox.about(f"registration:{person.pk}").of_kinds(["confirmed"]).count() == 1


def test_no_mail_is_promised_that_nobody_gets(client, owner):
    meeting = coming_meeting(owner, seat_limit=5)
    reached, unreachable, stopped = (
        make_registration(meeting=meeting, status=Status.PENDING, email=email)
        for email in ("anna@example.org", "", "gone@example.org")
    )
    Suppression.objects.create(
        scope=f"meeting:{meeting.pk}", address=stopped.email, cause=Cause.BOUNCED
    )

    for person in (reached, unreachable, stopped):
        answer = step(client, person, "approve")

    promised, alone, confirmed, why = said(answer).split(" | ")
    assert promised == "Confirmed. The mail is on its way."
    assert alone == confirmed == "Confirmed."
    assert why.startswith("gone@example.org: Not sent: mail to this address was stopped")


def test_the_reason_is_kept_and_shown_only_if_ticked(client, owner):
    person = make_registration(meeting=coming_meeting(owner), status=Status.PENDING)

    step(client, person, "decline", reason="Нет мест для гостей")

    assert (person.status, person.shows_reason) == (Status.DECLINED, False)
    assert person.decision_reason == "Нет мест для гостей"


def test_a_full_meeting_offers_the_line_or_one_more_chair(client, owner):
    meeting = coming_meeting(owner, seat_limit=1)
    make_registration(meeting=meeting)
    waits = make_registration(meeting=meeting, status=Status.WAITLISTED)
    page = client.get(reverse("manage-participant", args=[meeting.slug, waits.number]), headers=EN)

    refused = step(client, waits, "promote")
    status_then = waits.status
    step(client, waits, "promote_over")

    assert [s.code for s in page.context["steps"]] == ["promote_over", "decline", "cancel"]
    assert "All seats are taken." in said(refused)
    assert status_then == Status.WAITLISTED
    assert (waits.status, waits.seat) == (Status.CONFIRMED, "over")
    assert JournalEntry.objects.filter(changes__over_capacity=True).count() == 1


def test_a_full_meeting_without_a_line_offers_none(client, owner):
    meeting = coming_meeting(owner, seat_limit=0, has_waiting_list=False)
    for status in (Status.PENDING, Status.DECLINED):
        asks = make_registration(meeting=meeting, status=status)
        page = client.get(reverse("manage-participant", args=[meeting.slug, asks.number]))

        offered = [s.code for s in page.context["steps"]]
        assert (offered[0], "approve" in offered) == ("approve_over", False)
        assert said(step(client, asks, "approve")) != ""


def test_whoever_needs_no_seat_is_approved_in_a_full_meeting(client, owner):
    meeting = coming_meeting(owner, seat_limit=0)
    press = make_registration(meeting=meeting, status=Status.PENDING, category_code="press")
    page = client.get(reverse("manage-participant", args=[meeting.slug, press.number]), headers=EN)

    step(client, press, "approve")

    assert [(s.code, s.words) for s in page.context["steps"]] == [
        ("approve", "Approve"),
        ("decline", "Decline"),
        ("cancel", "Cancel the registration"),
    ]
    assert (press.status, press.seat) == (Status.CONFIRMED, "none")


def test_every_step_that_is_offered_can_be_taken(client, owner):
    meeting = coming_meeting(owner, seat_limit=9)
    for status in (Status.PENDING, Status.CONFIRMED, Status.DECLINED, Status.CANCELLED):
        person = make_registration(meeting=meeting, status=status)
        page = client.get(reverse("manage-participant", args=[meeting.slug, person.number]))
        for offered in page.context["steps"]:
            taken = make_registration(meeting=meeting, status=status)
            step(client, taken, offered.code)
            assert taken.status != status, (status, offered.code)


def test_a_step_promises_no_mail_and_no_seat_that_there_is_not(client, owner):
    meeting = coming_meeting(owner, seat_limit=1)
    seated = make_registration(meeting=meeting, email="")
    waits = make_registration(meeting=meeting, status=Status.WAITLISTED)

    def told(person):
        page = client.get(
            reverse("manage-participant", args=[meeting.slug, person.number]), headers=EN
        )
        return {step.code: step.mail for step in page.context["steps"]}

    assert told(waits)["cancel"] == "Mail: participation cancelled."
    assert told(seated) == {
        "cancel": "No mail: there is no e-mail address. The seat goes to whoever waits.",
        "decline": "No mail: there is no e-mail address.",
    }


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("ada@example.org", "Mail: participation cancelled. The lists are closed: you decide who"
         " gets the seat."),
        ("", "No mail: there is no e-mail address. The lists are closed: you decide who gets the"
         " seat."),
    ],
)  # fmt: skip
def test_once_the_lists_are_closed_no_step_promises_the_seat_to_whoever_waits(
    client, owner, email, words
):
    meeting = coming_meeting(owner, seat_limit=1)
    seated = make_registration(meeting=meeting, email=email)
    closing.close(meeting=meeting, at=timezone.now(), by=journal.organizer(owner))

    page = client.get(reverse("manage-participant", args=[meeting.slug, seated.number]), headers=EN)

    assert {step.code: step.mail for step in page.context["steps"]}["cancel"] == words


@pytest.mark.parametrize("gone", ["over", "cancelled"])
def test_nothing_is_decided_of_a_meeting_that_is_over_or_called_off(client, owner, gone):
    meeting = coming_meeting(owner)
    person = make_registration(meeting=meeting, status=Status.PENDING)
    if gone == "over":
        meeting.starts_at -= timedelta(days=30)
        meeting.ends_at -= timedelta(days=30)
        meeting.save(update_fields=["starts_at", "ends_at"])
    else:
        by = journal.organizer(owner)
        calling_off.call_off(meeting=meeting, reason="Карантин", at=timezone.now(), by=by)

    page = client.get(reverse("manage-participant", args=[meeting.slug, person.number]))
    listed = client.get(reverse("manage-participants", args=[meeting.slug]))
    overview = client.get(reverse("manage-overview", args=[meeting.slug]))
    meetings = client.get(reverse("manage"), headers=EN)

    assert page.context["steps"] == []
    assert not listed.context["may_decide"]
    assert overview.context["needs"] == []
    assert (meetings.context["coming"], meetings.context["past"]) == ([], [meeting])
    assert "to decide" not in meetings.text
    if gone == "cancelled":
        assert "Карантин" in overview.text
        assert "Что дальше" not in overview.text
        assert reverse("register", args=[meeting.slug]) not in overview.text


def test_an_invented_step_is_no_step(client, owner):
    person = make_registration(meeting=coming_meeting(owner))

    assert step(client, person, "invite").status_code == 400


def test_many_are_approved_and_what_cannot_be_done_is_said(client, owner):
    meeting = coming_meeting(owner, seat_limit=3, has_waiting_list=False)
    people = [make_registration(meeting=meeting, status=Status.PENDING) for _n in range(4)]

    answer = client.post(
        reverse("manage-decide", args=[meeting.slug]),
        {"step": "approve", "number": [p.number for p in people], "query": "status=pending"},
        headers=EN,
    )

    late = max(people, key=lambda person: (person.registered_at, person.pk))
    assert said(answer) == f"3 confirmed | 1 × All seats are taken. {late.full_name}"
    assert answer["Location"].endswith("?status=pending")
    assert Registration.objects.confirmed().count() == 3


def test_many_of_another_meeting_are_not_touched(client, owner):
    meeting = coming_meeting(owner)
    stranger = make_registration(status=Status.PENDING)

    client.post(
        reverse("manage-decide", args=[meeting.slug]),
        {"step": "approve", "number": [stranger.number]},
    )

    stranger.refresh_from_db()
    assert stranger.status == Status.PENDING


def fields_of(client, meeting, person):
    address = reverse("manage-participant-edit", args=[meeting.slug, person.number])
    form = client.get(address).context["form"]
    return address, {field.name: field.value() or "" for field in form}


def test_the_organizer_adds_somebody_without_consent_or_address(client, owner):
    meeting = coming_meeting(owner)
    address = reverse("manage-participant-add", args=[meeting.slug])
    person = {
        "family_name": "Ёлкин",
        "given_name": "Пётр",
        "category": "member",
        "region": "none",
        "attendance_mode": "in_person",
        "language": "ru",
    }

    empty = client.post(address, person | {"family_name": "", "given_name": ""}, headers=EN)
    # One letter that is two once it is composed.
    long = client.post(address, person | {"organization": "\u0958" * 300})
    unsaid = client.post(address, person | {"region": ""})
    answer = client.post(address, person)

    added = Registration.objects.get()
    assert "Write the name" in empty.text
    assert list(long.context["form"].errors) == ["organization"]
    assert list(unsaid.context["form"].errors) == ["region"]
    assert added.region is None
    assert answer.status_code == 303
    assert (added.source, added.status, added.email) == (Source.ORGANIZER, Status.CONFIRMED, "")


def test_a_correction_is_saved_and_a_stale_one_keeps_what_was_typed(client, owner):
    meeting = coming_meeting(owner)
    person = make_registration(meeting=meeting, family_name="Елкин")
    address, fields = fields_of(client, meeting, person)

    first = client.post(address, fields | {"family_name": "Ёлкин"})
    second = client.post(address, fields | {"family_name": "Йолкин"}, headers=EN)
    third = client.post(
        address,
        fields | {"family_name": "Йолкин", "version": second.context["form"]["version"].value()},
    )

    person.refresh_from_db()
    assert first.status_code == 303
    assert second.status_code == 409
    assert 'value="Йолкин"' in second.text
    assert "Ёлкин" in [line["value"] for line in second.context["theirs"]]
    assert third.status_code == 303
    assert person.family_name == "Йолкин"


def test_a_corrected_address_gets_the_answer_again(client, owner):
    person = make_registration(meeting=coming_meeting(owner))
    address = reverse("manage-participant-address", args=[person.meeting.slug, person.number])

    client.post(address, {"email": "right@example.org"})

    person.refresh_from_db()
    mails = outbox.about(f"registration:{person.pk}")
    assert person.email == "right@example.org"
    assert [mail.recipient for mail in mails] == ["right@example.org"]


def test_erasing_asks_first(client, owner):
    person = make_registration(meeting=coming_meeting(owner))
    address = reverse("manage-participant-erase", args=[person.meeting.slug, person.number])

    client.get(address)
    person.refresh_from_db()
    name_before = person.family_name
    client.post(address)

    person.refresh_from_db()
    page = client.get(reverse("manage-participant", args=[person.meeting.slug, person.number]))
    assert name_before
    assert (person.family_name, person.email) == ("", "")
    assert page.status_code == 200


def test_merged_spellings_count_as_one_organization(client, owner):
    meeting = coming_meeting(owner, seat_limit=None)
    for organization in ("ОЭЗ «Северный берег»", "Северный Берег, ОЭЗ", "Парк"):
        make_registration(meeting=meeting, organization=organization)
    address = reverse("manage-organizations", args=[meeting.slug])
    spellings = client.get(address).context["single"]
    keys = [one.key for one in spellings if "берег" in one.key]

    nothing = client.post(address, {"name": "ОЭЗ"}, headers=EN)
    client.post(address, {"name": "ОЭЗ «Северный берег»", "short_name": "ОЭЗ СБ", "key": keys})
    merged = client.get(address).context
    client.post(reverse("manage-organization-separate", args=[meeting.slug]), {"key": keys[0]})

    assert len(keys) == 2
    assert "Choose at least one spelling" in nothing.text
    assert [(one.organization.short_name, one.people) for one in merged["merged"]] == [
        ("ОЭЗ СБ", 2)
    ]
    assert merged["total"] == 2
    assert OrganizationVariant.objects.filter(meeting=meeting).count() == 1
    assert client.get(address).context["total"] == 3


def test_what_may_be_one_organization_is_ticked_by_a_link(client, owner):
    meeting = coming_meeting(owner, seat_limit=None)
    for organization in ("АО «Северный берег»", "Северный берег", "Парк"):
        make_registration(meeting=meeting, organization=organization)
    address = reverse("manage-organizations", args=[meeting.slug])

    [(alike, ticking)] = client.get(address).context["alike"]
    shown = client.get(f"{address}?{ticking}", headers=EN)
    client.post(address, {"name": alike.name, "short_name": "СБ", "key": shown.context["ticked"]})
    make_registration(meeting=meeting, organization="ООО «Северный берег»")
    [(_more, joining)] = client.get(address).context["alike"]
    joined = client.get(f"{address}?{joining}", headers=EN)

    assert "Perhaps the same" in shown.text
    assert shown.text.count(" checked") == 2
    assert f'value="{html.escape(alike.name)}"' in shown.text
    # Whoever joins an organization does not take its short name away.
    assert 'value="СБ"' in joined.text.partition('id="merge"')[2].partition("</form>")[0]
    assert "selected" in joined.text.partition('id="into"')[2].partition("</select>")[0]


def test_an_organization_has_a_region_and_a_membership_that_joining_does_not_take(client, owner):
    meeting = coming_meeting(owner, seat_limit=None)
    for organization in ("Парк", "Парк «Заречный»", "Банк"):
        make_registration(meeting=meeting, organization=organization)
    address = reverse("manage-organizations", args=[meeting.slug])
    said = {"name": "Парк", "short_name": "П", "region": "калужская обл.", "is_member": "on"}

    unknown = client.post(address, said | {"key": "парк", "region": "Атлантида"}, headers=EN)
    client.post(address, said | {"key": "парк", "joins": "1"})
    park = Organization.objects.get()
    joining = {"name": "Парк", "key": "парк заречный", "into": park.pk, "joins": "1"}
    client.post(address, joining)
    shown = client.get(address, headers=EN).text
    park.refresh_from_db()

    assert "“Атлантида” is no region of the list." in unknown.text
    assert (park.short_name, park.region.code, park.is_member) == ("П", "RU-KLU", True)
    assert park.variants.count() == 2
    assert "Kaluga Oblast · member of the host’s association" in shown
    client.post(address, {"name": "Парк", "into": park.pk})
    park.refresh_from_db()
    assert (park.short_name, park.region, park.is_member) == ("", None, False)


@pytest.mark.parametrize("key", ["\x00", "я" * 400, ""])
def test_a_key_that_no_spelling_has_is_not_chosen(client, owner, key):
    meeting = coming_meeting(owner)
    address = reverse("manage-organizations", args=[meeting.slug])
    apart = reverse("manage-organization-separate", args=[meeting.slug])

    merged = client.post(address, {"name": "ОЭЗ", "key": key}, headers=EN)

    assert merged.status_code == 422
    assert "Choose at least one spelling" in merged.text
    assert client.post(apart, {"key": key}).status_code == 303


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 18, "\x00"])
def test_numbers_of_no_row_change_nothing(client, owner, number):
    meeting = coming_meeting(owner)
    organizations = reverse("manage-organizations", args=[meeting.slug])
    many = reverse("manage-decide", args=[meeting.slug])

    merged = client.post(organizations, {"name": "ОЭЗ", "into": number})
    decided = client.post(many, {"step": "approve", "number": number}, headers=EN)

    assert merged.status_code == (404 if number.isdecimal() else 422)
    assert decided.status_code == 303
    assert said(decided) == "Nobody was ticked."


def test_a_mail_is_sent_again_by_its_own_organizer_only(client, owner):
    meeting = coming_meeting(owner)
    person = make_registration(meeting=meeting, status=Status.PENDING)
    step(client, person, "approve")
    mail = outbox.about(f"registration:{person.pk}").get()
    address = reverse("manage-message-step", args=[meeting.slug, mail.pk])

    answer = client.post(address, {"act": "resend"})
    client.force_login(make_user())
    stranger = client.post(address, {"act": "resend"})

    assert answer.status_code == 303
    assert stranger.status_code == 404


def test_a_deputy_takes_two_taps_and_a_name(client, owner):
    meeting = coming_meeting(owner)
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    boss = make_registration(meeting=meeting, region=kaluga, position="Министр")
    page = reverse("manage-participant", args=[meeting.slug, boss.number])
    address = reverse("manage-participant-substitute", args=[meeting.slug, boss.number])

    assert f'href="{address}"' in client.get(page).content.decode()
    form = client.get(address).context["form"]
    assert form.fields["family_name"].widget.attrs["autofocus"]
    filled_in = {field.name: field.value() or "" for field in form}
    client.post(address, filled_in | {"family_name": "Юдин"})

    deputy = Registration.objects.confirmed().get()
    assert (deputy.family_name, deputy.replaces) == ("Юдин", boss)
    assert (deputy.organization, deputy.position) == (boss.organization, "Министр")
    assert (deputy.region, deputy.category) == (kaluga, boss.category)
