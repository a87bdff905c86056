"""The admin: behind the same sign-in, for administrators, mostly to read."""

import pytest
from django.urls import reverse

from accounts.models import User
from tests.factories import make_registration, make_user

pytestmark = pytest.mark.django_db
LISTS = [
    "accounts_user",
    "accounts_apitoken",
    "accounts_journalentry",
    "events_meeting",
    "events_regionset",
    "registrations_registration",
    "registrations_seatlimit",
]


def sign_in_administrator(client) -> User:
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def test_the_admin_is_behind_the_same_sign_in(client):
    answer = client.get(reverse("admin:login"))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_an_organizer_is_no_administrator(client):
    client.force_login(make_user())

    assert client.get(reverse("admin:index")).status_code in (302, 403)


@pytest.mark.parametrize("model", LISTS)
def test_the_administrator_reads(client, model):
    make_registration()
    sign_in_administrator(client)

    answer = client.get(reverse(f"admin:{model}_changelist"))

    assert answer.status_code == 200


def test_one_registration_shows_no_key(client):
    registration = make_registration()
    sign_in_administrator(client)

    answer = client.get(reverse("admin:registrations_registration_change", args=[registration.pk]))

    assert answer.status_code == 200
    assert registration.ticket_code not in answer.text


def test_the_administrator_makes_an_organizer_by_address(client):
    sign_in_administrator(client)

    answer = client.post(
        reverse("admin:accounts_user_add"),
        {
            "email": "new@example.org",
            "usable_password": "true",
            "password1": "correct horse battery",
            "password2": "correct horse battery",
        },
    )

    assert answer.status_code == 302
    assert User.objects.get(email="new@example.org").check_password("correct horse battery")


def test_registrations_are_not_changed_behind_the_counters_back(client):
    registration = make_registration()
    sign_in_administrator(client)

    answer = client.post(
        reverse("admin:registrations_registration_change", args=[registration.pk]),
        {"status": "cancelled"},
    )

    registration.refresh_from_db()
    assert answer.status_code == 403
    assert registration.status == "confirmed"
