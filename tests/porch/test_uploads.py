"""Files that nobody asked for."""

import pytest
from django.core.files import uploadedfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(monkeypatch):
    """Names of the files that reach the disk."""
    names = []
    store = uploadedfile.TemporaryUploadedFile.__init__

    def watched(self, name, *args, **kwargs):
        names.append(name)
        store(self, name, *args, **kwargs)

    monkeypatch.setattr(uploadedfile.TemporaryUploadedFile, "__init__", watched)
    return names


def test_a_file_is_not_stored_and_the_form_goes_on(client):
    client.force_login(make_user())
    photo = SimpleUploadedFile("photo.jpg", b"x" * 900_000)

    answer = client.post("/manage/account/", {"photo": photo, "first_name": "Анна"})

    assert answer.status_code == 302
    assert answer.wsgi_request.FILES == {}
    assert answer.wsgi_request.POST["first_name"] == "Анна"


def test_a_large_file_is_not_even_read(stored):
    client = Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})
    # With the cookie in hand, the mark of the form is looked for in the body.
    client.get("/accounts/login/")
    film = SimpleUploadedFile("film.mp4", b"x" * 3_000_000)

    answer = client.post("/accounts/login/", {"film": film, "login": "a@example.org"})

    assert stored == []
    assert answer.status_code == 413
    assert "too much at once" in answer.content.decode()
