from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import bearer
from tests import factories


class Client(APIClient):
    """JSON by default, English, and If-Match as a keyword."""

    def send(self, method, url, body=None, *, match=None, key=None, **headers):
        if match is not None:
            headers["If-Match"] = match if isinstance(match, str) else f'"{match}"'
        if key is not None:
            headers["Idempotency-Key"] = key
        headers.setdefault("Accept-Language", "en")
        return getattr(self, method)(f"/api/v1/{url}", body, format="json", headers=headers)


@pytest.fixture
def anyone():
    """Somebody who is not signed in."""
    return Client()


def signed_in(user):
    client = Client()
    _token, clear = bearer.issue(user=user, label="tests", at=timezone.now())
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {clear}")
    return client


@pytest.fixture
def owner(db):
    return factories.make_user()


@pytest.fixture
def organizer(owner):
    return signed_in(owner)


@pytest.fixture
def stranger(db):
    """Another organizer, with a meeting of her own."""
    user = factories.make_user()
    coming(owner=user)
    return signed_in(user)


def coming(**overrides):
    """A published meeting in three weeks from now: the API reads the real clock."""
    starts_at = timezone.now().replace(microsecond=0) + timedelta(days=21)
    times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=3)}
    return factories.make_meeting(**times | overrides)


@pytest.fixture
def meeting(owner):
    made = coming(owner=owner)
    factories.make_consent(made)
    return made


def application(**overrides):
    """The body of a registration."""
    body = {
        "family_name": "Соловьёв",
        "given_name": "Пётр",
        "patronymic": "Ильич",
        "email": "petr@example.org",
        "organization": "АО «Северный берег»",
        "position": "Директор",
        "region": "RU-KLU",
        "language": "ru",
        "consents": ["processing"],
    }
    return body | overrides
