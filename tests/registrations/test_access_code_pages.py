"""Registering with an access code, and the organizer's page of codes."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registrations import booking, form_stamp, links
from registrations.models import AccessCode, Registration, Status, Throttle
from tests.factories import (
    LINK,
    category,
    make_access_code,
    make_application,
    make_consent,
    make_meeting,
    make_user,
)

pytestmark = pytest.mark.django_db(transaction=True)
FORM = "/m/parks/register/"
OFFICE = "/manage/parks/access-codes/"


@pytest.fixture
def meeting():
    at = timezone.now()
    made = make_meeting(
        slug="parks", owner=make_user(), seat_limit=10, starts_at=at + timedelta(days=20),
        ends_at=at + timedelta(days=20, hours=3),
    )  # fmt: skip
    make_consent(made)
    return made


@pytest.fixture
def visitor():
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def office(meeting):
    client = Client(headers={"accept-language": "en"})
    client.force_login(meeting.owners.get())
    return client


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(form_stamp, "ripened", lambda stamp: (True, stamp))


def filled(meeting, **overrides):
    """What a browser would send."""
    fields = {
        "who": "self", "family_name": "Ёлкина", "given_name": "Мария", "email": "m@example.org",
        "organization": "Парк", "position": "Директор", "region": "RU-KLU",
        "category": str(category(meeting).pk),
        f"consent_{meeting.consent_documents.get().pk}": "on",
    }  # fmt: skip
    return fields | overrides


def not_open_yet(meeting):
    meeting.registration_opens_at = timezone.now() + timedelta(days=5)
    meeting.save()


def test_the_field_is_shown_only_where_there_are_codes(visitor, meeting):
    assert 'name="access_code"' not in visitor.get(FORM).content.decode()
    code = make_access_code(meeting)
    assert 'name="access_code"' in visitor.get(FORM).content.decode()
    AccessCode.objects.filter(pk=code.pk).update(is_active=False)
    assert 'name="access_code"' not in visitor.get(FORM).content.decode()


def test_a_code_costs_nobody_else_a_query(visitor, meeting, django_assert_num_queries):
    visitor.get(FORM)
    with django_assert_num_queries(2):  # what the meeting offers is kept
        visitor.get(FORM)
    make_access_code(meeting)
    with django_assert_num_queries(2):
        visitor.get(FORM)


def test_the_unlisted_link_fills_the_code_in(visitor, meeting):
    make_access_code(meeting)

    shown = visitor.get(f"{FORM}?code=press-2026").content.decode()
    done = visitor.post(FORM, filled(meeting, access_code="press 2026"))

    assert 'value="press-2026"' in shown
    assert "by your access code" in shown
    assert 'name="category"' not in shown
    person = Registration.objects.get()
    assert (person.category.code, person.access_code.code) == ("press", "PRESS2026")
    assert done["Location"].startswith("/r/")


def test_a_wrong_code_is_an_error_at_the_field_and_nothing_is_lost(visitor, meeting):
    make_access_code(meeting)

    shown = visitor.post(FORM, filled(meeting, access_code="<b>PRESS"))

    said = shown.content.decode()
    assert shown.status_code == 422
    assert "This access code is not valid." in said
    assert 'value="&lt;b&gt;PRESS"' in said
    assert "Директор" in said
    assert not Registration.objects.exists()


def test_a_wrong_code_in_a_link_says_so_and_leaves_the_form(visitor, meeting):
    make_access_code(meeting)

    shown = visitor.get(f"{FORM}?code=wrong").content.decode()

    assert "This access code is not valid." in shown
    assert 'name="family_name"' in shown


def test_before_registration_opens_a_code_opens_the_form(visitor, meeting):
    not_open_yet(meeting)
    make_access_code(meeting, opens_early=True)

    closed = visitor.get(FORM).content.decode()
    refused = visitor.post(FORM, filled(meeting))
    opened = visitor.get(f"{FORM}?code=PRESS2026").content.decode()
    visitor.post(FORM, filled(meeting, access_code="PRESS2026"))

    assert 'name="family_name"' not in closed
    assert 'name="code"' in closed
    assert refused.status_code == 409
    assert 'name="family_name"' in opened
    assert Registration.objects.get().status == Status.CONFIRMED


def test_a_code_that_is_not_early_opens_nothing(visitor, meeting):
    not_open_yet(meeting)
    make_access_code(meeting)

    shown = visitor.get(f"{FORM}?code=PRESS2026").content.decode()
    refused = visitor.post(FORM, filled(meeting, access_code="PRESS2026"))

    assert 'name="family_name"' not in shown
    assert refused.status_code == 409
    assert not Registration.objects.exists()


def test_a_code_that_is_used_up_says_so_at_the_field(visitor, meeting):
    code = make_access_code(meeting, limit=0)

    shown = visitor.post(FORM, filled(meeting, access_code=code.code))

    assert shown.status_code == 409
    assert "All places of this access code are taken." in shown.content.decode()
    assert "Директор" in shown.content.decode()
    assert not Registration.objects.exists()


def test_a_link_whose_code_is_used_up_says_so_before_anything_is_filled_in(visitor, meeting):
    make_access_code(meeting, limit=1)
    opened = visitor.get(f"{FORM}?code=PRESS2026").content.decode()
    visitor.post(FORM, filled(meeting, access_code="PRESS2026"))

    shown = visitor.get(f"{FORM}?code=PRESS2026").content.decode()

    assert "All places of this access code are taken." not in opened
    assert "All places of this access code are taken." in shown
    # Without it the form is everybody's.
    assert "by your access code" not in shown
    assert 'name="category"' in shown


def test_guessing_is_stopped_on_every_door(visitor, meeting):
    make_access_code(meeting)
    for _ in range(20):
        visitor.get(f"{FORM}?code=guess")

    looked = visitor.get(f"{FORM}?code=PRESS2026")
    sent = visitor.post(FORM, filled(meeting, access_code="PRESS2026"))
    asked = visitor.post(
        "/api/v1/meetings/parks/registrations/",
        {"access_code": "PRESS2026", "given_name": "Ли", "email": "li@example.org",
         "organization": "Парк", "region": None, "consents": ["processing"]},
        content_type="application/json",
    )  # fmt: skip

    assert [answer.status_code for answer in (looked, sent, asked)] == [429, 429, 429]
    assert int(looked["Retry-After"]) > 0
    assert "Директор" in sent.content.decode()
    assert not Registration.objects.exists()


def test_without_a_code_nobody_is_counted(visitor, meeting):
    make_access_code(meeting)

    visitor.get(FORM)
    visitor.post(FORM, filled(meeting))

    assert not Throttle.objects.filter(key__startswith="code:").exists()


def test_whoever_comes_back_to_a_code_that_is_used_up_is_told(visitor, meeting):
    code = make_access_code(meeting, limit=1)
    gone = booking.register(
        meeting=meeting, application=make_application(meeting, access_code=code, language="en"),
        consents=list(meeting.consent_documents.all()), at=timezone.now(), by=LINK,
    ).registration  # fmt: skip
    booking.cancel(registration=gone, at=timezone.now(), by=LINK)
    visitor.post(FORM, filled(meeting, access_code=code.code))

    answer = visitor.post(f"/r/{links.token(gone)}/restore/", follow=True)

    assert "All places of this access code are taken." in answer.content.decode()


TERMS = {"label": "Журналисты", "code": "press-2026", "category": "press", "limit": "5",
         "is_active": "on"}  # fmt: skip


def test_an_organizer_makes_changes_and_removes_a_code(office, meeting):
    made = office.post(OFFICE, TERMS, follow=True).content.decode()
    code = AccessCode.objects.get()
    path = f"{OFFICE}{code.uid}/"

    assert code.code == "PRESS2026"
    assert "PRESS2026" in made
    assert f"{FORM}?code=PRESS2026" in made
    office.post(path, TERMS | {"limit": "7", "opens_early": "on", "version": "1"})
    code.refresh_from_db()
    assert (code.places.seat_limit, code.opens_early) == (7, True)
    assert "Журналисты" in office.get(OFFICE).content.decode()
    office.post(f"{path}remove/")
    assert not AccessCode.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("label", "", "This field is required"),
        ("code", "abc", "4 to 20 Latin letters"),
        ("code", "КОД-ДЛЯ-ЖЮРИ", "4 to 20 Latin letters"),
        ("code", "=SUM(A1)", "4 to 20 Latin letters"),
        ("category", "king", "Select a valid choice"),
        ("limit", "-1", "greater than or equal to 0"),
        ("closes_at", "2020-01-01T10:00", "before the code becomes valid"),
    ],
)
def test_what_an_organizer_mistypes_is_said_at_the_field(office, meeting, field, typed, error):
    answer = office.post(OFFICE, TERMS | {"opens_at": "2026-01-01T10:00", field: typed})

    assert answer.status_code == 422
    assert error in answer.content.decode()
    assert not AccessCode.objects.exists()


def test_a_code_that_exists_or_a_limit_too_low_is_said_at_the_field(office, visitor, meeting):
    make_access_code(meeting)
    visitor.post(FORM, filled(meeting, access_code="PRESS2026"))
    path = f"{OFFICE}{AccessCode.objects.get().uid}/"

    twice = office.post(OFFICE, TERMS)
    low = office.post(path, TERMS | {"limit": "0"})
    kept = office.post(f"{path}remove/", follow=True)

    assert "has this access code already" in twice.content.decode()
    assert "1 seat is taken already" in low.content.decode()
    assert "switch it off instead" in kept.content.decode()


def test_the_participants_page_names_the_code(office, visitor, meeting):
    make_access_code(meeting)
    visitor.post(FORM, filled(meeting, access_code="PRESS2026"))
    person = Registration.objects.get()

    said = office.get(f"/manage/parks/participants/{person.number}/").content.decode()

    assert f"{OFFICE}{AccessCode.objects.get().uid}/" in said


@pytest.mark.parametrize("path", ["", "{uid}/", "{uid}/remove/"])
def test_a_strangers_codes_are_not_found(meeting, path):
    code = make_access_code(meeting)
    stranger = Client()
    stranger.force_login(make_user())
    other = make_access_code(make_meeting())

    assert stranger.post(f"{OFFICE}{path.format(uid=code.uid)}", TERMS).status_code == 404
    owner = Client()
    owner.force_login(meeting.owners.get())
    if path:
        assert owner.post(f"{OFFICE}{path.format(uid=other.uid)}", TERMS).status_code == 404


def test_the_list_costs_the_same_number_of_queries_for_one_and_three(
    office, meeting, django_assert_num_queries
):
    make_access_code(meeting)
    with django_assert_num_queries(6):
        office.get(OFFICE)
    make_access_code(meeting, code="")
    make_access_code(meeting, code="")
    with django_assert_num_queries(6):
        office.get(OFFICE)
