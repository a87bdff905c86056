"""Whoever registers himself from a region with a delegation is put before its head first."""

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from accounts import journal
from accounts.models import JournalEntry
from events.models import Approval
from notifications.models import Message
from registrations import amending, booking, links, review, seats
from registrations.delegations import keys, naming, opening, wishes
from registrations.models import Registration, Source, Stage, Status
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_application,
    make_delegation,
    make_meeting,
    make_registration,
    make_user,
)
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting():
    at = timezone.now()
    return make_meeting(
        owner=make_user(), slug="parks", seat_limit=5, approval=Approval.MANUAL,
        heads_decide_first=True, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip


@pytest.fixture
def delegation(meeting):
    return make_delegation(meeting, name="Калужская область", quota=1, language="en")


def kaluga(meeting):
    return meeting.region_set.regions.get(code="RU-KLU")


def register(meeting, *, source=Source.PUBLIC, **fields):
    return booking.register(
        meeting=meeting, application=make_application(meeting, **fields), consents=[], at=NOON,
        by=journal.PUBLIC, source=source,
    ).registration  # fmt: skip


def answer(act, delegation, person, **said):
    act(delegation=delegation, registration=person, at=NOON, by=keys.head(delegation), **said)
    person.refresh_from_db()
    return person


def test_a_request_from_the_region_goes_to_its_head_first(meeting, delegation):
    ada = register(meeting, region=kaluga(meeting))

    assert (ada.status, ada.stage, ada.awaits_head_of) == ("pending", Stage.HEAD, delegation)
    assert ada.delegation is None
    assert Message.objects.get().snapshot["head_of"] == "Калужская область"
    assert seats.audit(meeting.pk) == {}


def test_a_delegation_that_is_called_like_the_organization_is_asked_before_the_region(
    meeting, delegation
):
    own = make_delegation(meeting, name="Союз парков", region=None)

    ada = register(meeting, region=kaluga(meeting), organization="СОЮЗ  ПАРКОВ")

    assert ada.awaits_head_of == own


@pytest.mark.parametrize(
    "case",
    ["switched off", "other region", "two of the region", "no address", "refused", "closed",
     "entered by the organizer"],
)  # fmt: skip
def test_otherwise_the_organizer_decides_alone(meeting, delegation, case):
    region, source = kaluga(meeting), Source.PUBLIC
    match case:
        case "switched off":
            meeting.heads_decide_first = False
            meeting.save()
        case "other region":
            region = meeting.region_set.regions.get(code="RU-PRI")
        case "two of the region":
            make_delegation(meeting, name="Обнинск")
        case "no address":
            meeting.delegations.update(head_email="")
        case "refused":
            naming.refuse(delegation=delegation, at=NOON, by=LINK)
        case "closed":
            meeting.delegations.update(closes_at=NOON)
        case "entered by the organizer":
            source = Source.ORGANIZER

    assert register(meeting, region=region, source=source).stage == Stage.ORGANIZER


def test_yes_puts_him_on_the_list_and_before_the_organizer(meeting, delegation):
    ada = register(meeting, region=kaluga(meeting))

    ada = answer(wishes.approve, delegation, ada)

    assert (ada.stage, ada.delegation, ada.delegation_role) == ("organizer", delegation, "expert")
    assert seats.audit(meeting.pk) == {}
    line = JournalEntry.objects.get(action="registration.approved_by_head")
    assert (line.who, line.via) == (f"delegation:{delegation.pk}", "link")
    assert answer(wishes.approve, delegation, ada).delegation == delegation  # twice is harmless
    review.approve(registration=ada, at=NOON, by=ORGANIZER)
    assert seats.audit(meeting.pk) == {}


def test_yes_of_a_trusted_head_is_a_seat(meeting):
    delegation = make_delegation(meeting, skips_review=True)
    ada = register(meeting, region=kaluga(meeting))

    assert answer(wishes.approve, delegation, ada).status == Status.CONFIRMED
    assert seats.audit(meeting.pk) == {}


def test_yes_keeps_to_the_quota(meeting, delegation):
    make_in = make_application(meeting, delegation=delegation, delegation_role="head")
    naming.name_people(delegation=delegation, applications=[make_in], consents=[], at=NOON, by=LINK)
    ada = register(meeting, region=kaluga(meeting))

    with pytest.raises(wishes.DelegationFull):
        answer(wishes.approve, delegation, ada)

    ada.refresh_from_db()
    assert ada.stage == Stage.HEAD


@pytest.mark.parametrize(("shows", "reason"), [(True, "Уже двое"), (False, "")])
def test_no_is_told_and_the_reason_only_when_ticked(meeting, delegation, shows, reason):
    ada = register(meeting, region=kaluga(meeting))

    ada = answer(wishes.reject, delegation, ada, reason="Уже двое", shows_reason=shows)

    assert (ada.status, ada.awaits_head_of) == (Status.DECLINED, None)
    assert Message.objects.get(kind="declined").snapshot["reason"] == reason
    with pytest.raises(wishes.WishAnswered):
        answer(wishes.reject, delegation, ada)
    # The organizer overrules.
    assert review.approve(registration=ada, at=NOON, by=ORGANIZER).status == Status.CONFIRMED


def test_the_organizer_decides_without_the_head(meeting, delegation):
    ada = register(meeting, region=kaluga(meeting))

    ada = review.approve(registration=ada, at=NOON, by=ORGANIZER)

    assert (ada.status, ada.awaits_head_of, ada.delegation) == (Status.CONFIRMED, None, None)
    with pytest.raises(naming.NotInDelegation):
        answer(wishes.approve, delegation, ada)
    assert seats.audit(meeting.pk) == {}


def test_another_region_is_another_head(meeting, delegation):
    ada = register(meeting, region=kaluga(meeting))
    primorye = meeting.region_set.regions.get(code="RU-PRI")

    ada = amending.amend(
        registration=ada, changes={"region": primorye}, version=None, at=NOON, by=LINK
    )

    assert ada.stage == Stage.ORGANIZER


def test_back_on_the_list_he_is_before_the_head_again(meeting, delegation):
    ada = register(meeting, region=kaluga(meeting))
    ada = booking.cancel(registration=ada, at=NOON, by=LINK)
    assert ada.awaits_head_of is None

    ada = booking.restore(registration=ada, at=NOON, by=LINK)

    assert ada.awaits_head_of == delegation


def test_a_delegation_whose_answer_is_awaited_is_not_removed(meeting, delegation):
    register(meeting, region=kaluga(meeting))

    with pytest.raises(opening.DelegationInUse):
        opening.remove(delegation=delegation, at=NOON, by=ORGANIZER)


def test_the_head_is_told_once_a_day_at_most_and_not_at_night(meeting, delegation):
    night = NOON.replace(hour=1)
    for _ in "12":
        register(meeting, region=kaluga(meeting))

    assert wishes.tell_due(at=night) == 0
    assert [wishes.tell_due(at=NOON + timedelta(minutes=n)) for n in (1, 2, 3)] == [1, 0, 0]
    assert Message.objects.get(kind="delegation_wishes").snapshot["waiting"] == 2
    ada = register(meeting, region=kaluga(meeting))
    ada.registered_at = NOON + timedelta(hours=1)
    ada.save()
    assert wishes.tell_due(at=NOON + timedelta(hours=2)) == 0
    assert wishes.tell_due(at=NOON + timedelta(days=1, hours=2)) == 1
    assert wishes.tell_due(at=NOON + timedelta(days=2, hours=3)) == 0  # nobody new waits


def page(delegation, path=""):
    return f"/d/{keys.token(delegation)}/{path}"


def test_the_head_reads_who_wants_to_come_and_answers(client, meeting, delegation):
    ada = register(meeting, region=kaluga(meeting), family_name="Ада")

    shown = client.get(page(delegation)).content.decode()
    assert "Want to come with you" in shown
    assert "Ада" in shown
    said = client.post(page(delegation, f"{ada.number}/answer/"), {"answer": "approve"})

    assert said.status_code == 303
    ada.refresh_from_db()
    assert ada.delegation == delegation


def test_the_head_says_no_by_the_page(client, meeting, delegation):
    ada = register(meeting, region=kaluga(meeting))
    address = page(delegation, f"{ada.number}/answer/")

    nothing = client.post(address, {})
    client.post(
        address,
        {"answer": "reject", "reason": "Нет", "shows_reason": "on"},
    )

    ada.refresh_from_db()
    assert (ada.status, ada.shows_reason) == (Status.DECLINED, True)
    assert (nothing.status_code, client.post(address, {}).status_code) == (400, 404)


def test_a_head_learns_nothing_about_others(client, meeting, delegation):
    stranger = make_registration(meeting=meeting, status=Status.PENDING)

    for number in (stranger.number, "0000000"):
        told = client.post(page(delegation, f"{number}/answer/"), {"answer": "approve"})
        assert told.status_code == 404
    stranger.refresh_from_db()
    assert stranger.delegation is None


@pytest.mark.parametrize("people", [1, 3])
def test_the_heads_page_asks_the_same_number_of_questions(
    client, meeting, delegation, people, django_assert_num_queries
):
    for _ in range(people):
        register(meeting, region=kaluga(meeting))

    with django_assert_num_queries(6):
        client.get(page(delegation))


def test_the_organizer_sees_where_each_stands(meeting, delegation):
    ada = register(meeting, region=kaluga(meeting))
    own = register(meeting)
    office = Client(headers={"accept-language": "en"})
    office.force_login(meeting.owners.get())

    queue = office.get("/manage/parks/participants/?stage=head").content.decode()
    person = office.get(f"/manage/parks/participants/{ada.number}/").content.decode()
    overview = office.get("/manage/parks/").content.decode()

    assert "with the head of the delegation" in queue
    assert ada.number in queue
    assert own.number not in queue
    assert "Waits for the head of the delegation" in person
    assert "1 request waits for the head of a delegation" in overview


def test_the_person_reads_who_decides_first(client, meeting, delegation):
    ada = register(meeting, region=kaluga(meeting), language="en")

    said = client.get(f"/r/{links.token(ada)}/").content.decode()

    assert "First the head of the delegation “Калужская область” decides" in said


def test_the_api_of_the_head_and_of_the_organizer(client, meeting, delegation):
    ada, bob = (register(meeting, region=kaluga(meeting)) for _ in "12")
    head = {"HTTP_AUTHORIZATION": f"Delegation {keys.token(delegation)}"}
    office = Client()
    office.force_login(meeting.owners.get())
    registrations = "/api/v1/meetings/parks/registrations/"

    read = client.get("/api/v1/my-delegation/", **head).json()
    assert [one["number"] for one in read["wishes"]] == [ada.number, bob.number]
    lines = office.get(f"{registrations}?stage=head").json()["results"]
    assert {line["awaits_head_of"] for line in lines} == {str(delegation.uid)}

    def say(number, **said):
        url = f"/api/v1/my-delegation/wishes/{number}/"
        return client.post(url, said, content_type="application/json", **head)

    assert say(ada.number, answer="approve").status_code == 204
    full = say(bob.number, answer="approve")
    assert (full.status_code, full.json()["code"]) == (409, "delegation_full")
    assert say(bob.number, answer="reject", reason="Мест нет").status_code == 204
    assert say("0000000", answer="reject").status_code == 404
    standing = dict(Registration.objects.values_list("number", "status"))
    assert standing == {ada.number: "pending", bob.number: "declined"}


@pytest.mark.django_db(transaction=True)
def test_the_last_place_of_a_delegation_goes_to_one_of_two_who_are_agreed_to_at_once():
    for _ in range(5):
        meeting = make_meeting(
            seat_limit=5,
            approval=Approval.MANUAL,
            heads_decide_first=True,
        )
        asked = make_delegation(meeting, quota=1)
        people = [register(meeting, region=kaluga(meeting)) for _ in "12"]

        results = at_once(*(partial(answer, wishes.approve, asked, one) for one in people))

        assert [type(one) for one in results].count(wishes.DelegationFull) == 1, results
        assert asked.people.count() == 1
        assert seats.audit(meeting.pk) == {}


def test_the_organizers_page_of_a_delegation_shows_who_waits_for_its_head(meeting, delegation):
    ada = register(meeting, region=kaluga(meeting), family_name="Ада")
    office = Client(headers={"accept-language": "en"})
    office.force_login(meeting.owners.get())

    page = office.get(f"/manage/parks/delegations/{delegation.uid}/").content.decode()

    assert "Wait for the head’s answer" in page
    assert ada.number in page
    assert "Remove this delegation" not in page
