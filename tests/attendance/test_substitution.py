"""A deputy at the door instead of the boss: one request, one transaction, one entry."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import JournalEntry
from attendance import checkin, presence, substitution, walkin
from attendance.models import Outcome, Presence, Scan
from notifications.models import Message
from registrations import booking, pass_lists, seats, substituting
from registrations.models import Consent, Registration, Status
from tests.attendance.door import device_token, open_desk, scan
from tests.factories import (
    LINK,
    ORGANIZER,
    make_application,
    make_consent,
    make_delegation,
    make_meeting,
    make_registration,
)
from tests.registrations.test_closing import close, told
from tests.registrations.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/checkin/substitutions/"
HOUR = timedelta(hours=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def meeting(now):
    return make_meeting(seat_limit=1, starts_at=now - HOUR, ends_at=now + 2 * HOUR)


@pytest.fixture
def boss(meeting):
    return make_registration(
        meeting=meeting,
        family_name="Бобров",
        region=meeting.region_set.regions.get(code="RU-KLU"),
    )


@pytest.fixture
def desk(meeting, now):
    return open_desk(meeting, at=now)


def replace(desk, person, now, **said):
    newcomer = {"family_name": "Юдин", "given_name": "Ян"}
    fields = {"scan_id": uuid4(), "has_consented": True, "at": now}
    for name in [*said]:
        if name in substitution.Newcomer.__dataclass_fields__:
            newcomer[name] = said.pop(name)
    return substitution.replace(
        desk=desk,
        person=person.uid,
        newcomer=substitution.Newcomer(**newcomer),
        **fields | said,
    )


def record(desk, person, now):
    [result] = checkin.record(desk=desk, scans=[scan(person, scanned_at=now)], at=now)
    return result


def kinds(registration):
    return sorted(
        Message.objects.about(f"registration:{registration.pk}").values_list("kind", flat=True)
    )


def test_the_deputy_gets_the_seat_and_is_in(meeting, boss, desk, now):
    entry = replace(desk, boss, now, position="Заместитель")

    deputy = Registration.objects.get(uid=entry.person)
    boss.refresh_from_db()
    assert entry.outcome == Outcome.ACCEPTED
    assert (boss.status, deputy.status, deputy.seat) == ("cancelled", "confirmed", "within")
    assert (deputy.replaces, deputy.source) == (boss, "walk_in")
    assert (deputy.organization, deputy.position) == ("АО «Северный берег»", "Заместитель")
    assert (deputy.region, deputy.category) == (boss.region, boss.category)
    assert seats.audit(meeting.pk) == {}
    assert presence.counts(meeting_id=meeting.pk, checkpoint_id=desk.checkpoint_id) == (
        presence.Counts(present=1, expected=1)
    )


def test_both_are_told_and_the_journal_names_the_desk(boss, desk, now):
    entry = replace(desk, boss, now, email="udin@example.org")

    deputy = Registration.objects.get(uid=entry.person)
    assert kinds(boss) == ["cancelled"]
    assert kinds(deputy) == ["confirmed"]
    [letter] = Message.objects.about(f"registration:{deputy.pk}")
    assert letter.enclosures == ["ticket"]
    lines = JournalEntry.objects.order_by("pk").values_list("action", "who", "changes__replaces")
    assert list(lines)[-2:] == [
        ("registration.cancelled", "desk: Стойка 2", None),
        ("registration.confirmed", "desk: Стойка 2", boss.number),
    ]


def test_without_an_address_nobody_is_written_to_in_vain(boss, desk, now):
    entry = replace(desk, boss, now)

    assert kinds(Registration.objects.get(uid=entry.person)) == []


def test_the_bosss_code_says_who_came_instead(boss, desk, now):
    replace(desk, boss, now, family_name="Юдин", given_name="Ян")

    result = record(desk, boss, now)

    assert (result.outcome, result.replaced_by) == (Outcome.CANCELLED, "Юдин Ян")
    assert result.line == "Участие отменено, замена: Юдин Ян"
    assert not result.may_be_replaced


def test_so_it_does_when_the_office_has_replaced_somebody(boss, desk, now):
    substituting.substitute(
        registration=boss,
        application=make_application(boss.meeting, family_name="Юдин", given_name="Ян",
                                     patronymic=""),
        at=now,
        by=ORGANIZER,
    )  # fmt: skip

    assert record(desk, boss, now).replaced_by == "Юдин Ян"


def test_the_last_deputy_is_named(meeting, boss, desk, now):
    def by_office(person, family_name):
        return substituting.substitute(
            registration=person,
            application=make_application(meeting, family_name=family_name, given_name="Ян",
                                         patronymic=""),
            at=now,
            by=ORGANIZER,
        )  # fmt: skip

    # Put back and replaced again; then the deputy's own deputy; then nobody.
    first = by_office(boss, "Юдин")
    booking.cancel(registration=first, at=now, by=ORGANIZER)
    booking.restore(registration=boss, at=now, by=ORGANIZER)
    second = by_office(boss, "Адамов")
    assert record(desk, boss, now).replaced_by == "Адамов Ян"
    third = by_office(second, "Ершов")
    assert record(desk, boss, now).replaced_by == "Ершов Ян"
    booking.cancel(registration=third, at=now, by=ORGANIZER)

    assert record(desk, boss, now).replaced_by == ""
    with pytest.raises(substitution.NotReplaceable, match="отменена или отклонена"):
        replace(desk, boss, now)


def test_the_scan_of_the_bosss_code_is_taken_back(meeting, boss, desk, now):
    welcomed = record(desk, boss, now)
    assert welcomed.may_be_replaced

    entry = replace(desk, boss, now, mistaken=welcomed.id)

    assert [p.registration.uid for p in Presence.objects.select_related("registration")] == [
        entry.person
    ]
    assert JournalEntry.objects.filter(action="scan.voided").count() == 1
    assert Scan.objects.count() == 3


def test_whoever_came_already_is_not_replaced(boss, desk, now):
    welcomed = record(desk, boss, now)
    other = make_registration(meeting=boss.meeting, seat="over")

    with pytest.raises(substitution.NotReplaceable) as refusal:
        replace(desk, boss, now)
    with pytest.raises(substitution.ScanUnknown):
        replace(desk, other, now, mistaken=welcomed.id)

    assert "уже на месте" in str(refusal.value)
    assert Registration.objects.confirmed().count() == 2
    assert Scan.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.PENDING, "ещё не рассмотрена"),
        (Status.WAITLISTED, "в листе ожидания"),
        (Status.CANCELLED, "отменена или отклонена"),
        (Status.DECLINED, "отменена или отклонена"),
    ],
)
def test_only_a_confirmed_seat_is_handed_over_and_it_is_said_why(boss, desk, now, status, words):
    since = {"waiting_since": now} if status == Status.WAITLISTED else {}
    person = make_registration(meeting=boss.meeting, status=status, **since)

    with pytest.raises(substitution.NotReplaceable, match=words):
        replace(desk, person, now)

    assert not Scan.objects.exists()


def test_whoever_is_replaced_already_is_not_replaced_again(boss, desk, now):
    replace(desk, boss, now)

    with pytest.raises(substitution.NotReplaceable, match="уже заменили: Юдин Ян"):
        replace(desk, boss, now, family_name="Другов")


def test_sent_again_it_changes_nothing(boss, desk, now):
    scan_id = uuid4()

    first = replace(desk, boss, now, scan_id=scan_id)
    again = replace(desk, boss, now + timedelta(seconds=30), scan_id=scan_id)

    assert (first.state, again.state, again.person) == ("new", "replayed", first.person)
    assert Registration.objects.count() == 2
    assert Scan.objects.count() == 1


def test_an_id_stands_for_one_substitution(boss, desk, now):
    scan_id = uuid4()
    other = make_registration(meeting=boss.meeting, seat="over")
    replace(desk, boss, now, scan_id=scan_id)

    with pytest.raises(substitution.IdReused):
        replace(desk, other, now, scan_id=scan_id)


def test_sent_twice_at_once_one_deputy_comes(boss, desk, now):
    scan_id = uuid4()

    made = at_once(*[lambda: replace(desk, boss, now, scan_id=scan_id)] * 4)

    assert len({entry.person for entry in made}) == 1
    assert Registration.objects.confirmed().count() == 1


def test_two_desks_replace_one_boss_once(boss, desk, meeting, now):
    other = open_desk(meeting, 3, at=now)

    made = at_once(
        lambda: replace(desk, boss, now),
        lambda: replace(other, boss, now, family_name="Другов"),
    )

    assert sorted(getattr(one, "code", "in") for one in made) == ["in", "invalid_transition"]
    assert Registration.objects.confirmed().count() == 1
    assert seats.audit(meeting.pk) == {}


@pytest.mark.parametrize("act", ["replace", "admit"])
def test_a_desk_that_decides_and_a_desk_that_scans_do_not_wait_for_each_other(
    meeting, desk, now, act
):
    for _turn in range(40):
        person = make_registration(
            meeting=meeting, seat="over" if Registration.objects.exists() else "within"
        )
        acts = {
            "replace": lambda person=person: replace(desk, person, now, email=f"{uuid4()}@x.ru"),
            "admit": lambda person=person: walkin.admit(
                desk=desk, scan_id=uuid4(), person=person.uid, at=now
            ),
        }

        made = at_once(acts[act], lambda person=person: record(desk, person, now))

        if act == "admit":
            assert {one.outcome for one in made} <= {Outcome.ACCEPTED, Outcome.ALREADY_IN}
        else:
            # Whoever is first: either the boss is in, or the deputy and the code is worth nothing.
            first, scanned = made
            assert (getattr(first, "code", "in"), scanned.outcome) in {
                ("in", Outcome.CANCELLED),
                ("invalid_transition", Outcome.ACCEPTED),
            }


def test_consent_is_asked_where_the_meeting_asks_for_it(meeting, boss, desk, now):
    make_consent(meeting)

    with pytest.raises(substitution.ConsentRequired):
        replace(desk, boss, now, has_consented=False)
    entry = replace(desk, boss, now)

    consent = Consent.objects.get(registration__uid=entry.person)
    assert consent.given_by == "organizer"


def test_a_deputy_stays_in_the_delegation(meeting, now, desk):
    delegation = make_delegation(meeting, quota=1)
    boss = make_registration(meeting=meeting, delegation=delegation, delegation_role="head")
    delegation.places.taken = 1
    delegation.places.save(update_fields=["taken"])

    entry = replace(desk, boss, now)

    deputy = Registration.objects.get(uid=entry.person)
    assert (deputy.delegation, deputy.delegation_role) == (delegation, "head")
    assert seats.audit(meeting.pk) == {}


def test_the_pass_desk_reads_who_came_instead(boss, desk, now):
    first = close(boss.meeting, at=now)

    replace(desk, boss, now)

    assert told(pass_lists.difference(first)) == [
        f"− {boss.full_name} replaced by Юдин Ян",
        f"+ Юдин Ян instead of {boss.full_name} ".strip(),
    ]


def test_a_desk_that_may_not_admit_is_refused(meeting, boss, now):
    desk = open_desk(meeting, 5, at=now, may_admit=False)

    with pytest.raises(substitution.NotAdmitted):
        replace(desk, boss, now)
    assert not record(desk, boss, now).may_be_replaced


def test_strangers_are_not_replaced(desk, now):
    other = make_registration(
        meeting=make_meeting(starts_at=now - HOUR, ends_at=now + HOUR), family_name="Чужой"
    )

    with pytest.raises(substitution.PersonUnknown):
        replace(desk, other, now)


def test_after_the_end_nobody_is_replaced(meeting, boss, desk, now):
    with pytest.raises(substitution.ListClosed):
        replace(desk, boss, meeting.ends_at)


# --- through the API -----------------------------------------------------------------


@pytest.fixture
def client(meeting, now):
    token = device_token(meeting, 9, at=now)
    return Client(headers={"Authorization": f"Device {token}", "Accept-Language": "ru"})


def post(client, **body):
    newcomer = {"id": str(uuid4()), "family_name": "Юдин", "given_name": "Ян", "consent": True}
    return client.post(URL, newcomer | body, content_type="application/json")


def test_one_request_replaces_and_lets_in(client, boss):
    answer = post(client, person=str(boss.uid))

    result = answer.json()
    assert answer.status_code == 201
    assert (result["outcome"], result["person"]["name"], result["may_be_replaced"]) == (
        "accepted",
        "Юдин Ян",
        False,
    )
    assert result["person"]["region"] == "Калужская область"


def test_what_is_wrong_is_named(client, boss):
    nameless = post(client, person=str(boss.uid), family_name="", given_name="")
    nobody = post(client, person=str(uuid4()))
    booking.cancel(registration=boss, at=timezone.now(), by=LINK)
    gone = post(client, person=str(boss.uid))

    assert nameless.json()["errors"][0]["pointer"] == "/family_name"
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")
    assert (gone.status_code, gone.json()["code"]) == (409, "invalid_transition")
    assert post(Client(), person=str(boss.uid)).status_code == 401


def test_the_search_says_who_may_be_replaced(client, boss, desk, now):
    def found():
        results = client.get("/api/v1/checkin/search/", {"q": "Бобров"}).json()["results"]
        return [one["may_be_replaced"] for one in results]

    assert found() == [True]
    record(desk, boss, now)
    assert found() == [False]


# --- without script ------------------------------------------------------------------


@pytest.fixture
def steward(meeting, now):
    browser = Client(headers={"Accept-Language": "ru"})
    browser.cookies["desk_page"] = device_token(meeting, 7, at=now)
    return browser


def test_without_script_a_link_asks_and_a_form_lets_in(steward, boss):
    listed = steward.get("/scan/", {"q": "Бобров"}).content.decode()
    assert f"/scan/instead/?person={boss.uid}#instead" in listed

    asked = steward.get("/scan/instead/", {"person": boss.uid}).content.decode()
    assert "Замена: Бобров" in asked
    assert 'value="АО «Северный берег»"' in asked
    wrong = steward.post("/scan/instead/", {"id": uuid4(), "person": boss.uid})
    assert wrong.status_code == 422
    done = steward.post(
        "/scan/instead/", {"id": uuid4(), "person": boss.uid, "family_name": "Юдин"}
    )

    assert "Проходите" in done.content.decode()
    assert Registration.objects.confirmed().get().family_name == "Юдин"


def test_without_script_a_refusal_keeps_what_was_typed(steward, boss):
    make_consent(boss.meeting)

    answer = steward.post(
        "/scan/instead/", {"id": uuid4(), "person": boss.uid, "family_name": "Юдин"}
    )

    assert answer.status_code == 409
    assert 'value="Юдин"' in answer.content.decode()
    assert "Участник должен согласиться" in answer.content.decode()


@pytest.mark.parametrize("query", ["", "?person=x", "?person=9f1c2d3e-0000-4000-8000-000000000000"])
def test_without_a_person_there_is_nothing_to_ask(steward, query):
    assert steward.get(f"/scan/instead/{query}").headers["Location"] == "/scan/"
