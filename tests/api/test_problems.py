"""Every error of the API is problem+json, in words, with a page that explains it."""

import inspect
import json
from base64 import b64encode
from importlib import import_module
from pathlib import Path

import pytest
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from accounts.refusals import Refused
from config import catalogues, problem_words, problems
from tests.api.conftest import application

pytestmark = pytest.mark.django_db


def cursor(text):
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "status", "code"),
    [
        ("get", "meetings/nothing/", {}, None, 404, "not_found"),
        ("get", "meetings/x/registrations/", {}, None, 401, "not_authenticated"),
        ("get", "region-sets/", {"Authorization": "Bearer x"}, None, 401, "authentication_failed"),
        ("delete", "meetings/", {}, None, 401, "not_authenticated"),
        ("get", "meetings/?cursor=x", {}, None, 404, "not_found"),
        ("get", f"meetings/?cursor={cursor('p=abc')}", {}, None, 404, "not_found"),
        ("get", f"meetings/?cursor={cursor('p=%00')}", {}, None, 404, "not_found"),
        ("get", f"meetings/?cursor={cursor('p=' + '9' * 5000)}", {}, None, 404, "not_found"),
        ("get", "meetings/", {"Accept": "text/html"}, None, 406, "not_acceptable"),
        ("post", "REGISTER", {"Content-Type": "text/plain"}, "x", 415, "unsupported_media_type"),
        ("post", "REGISTER", {}, "{", 400, "parse_error"),
        ("post", "REGISTER", {}, "[" * 100_000, 400, "parse_error"),
        ("post", "REGISTER", {}, b"\xff\xfe{}", 400, "parse_error"),
        ("post", "REGISTER", {}, " " * 1_000_001, 413, "too_large"),
    ],
)
def test_errors_are_problems(anyone, meeting, method, url, headers, body, status, code):
    url = url.replace("REGISTER", f"meetings/{meeting.slug}/registrations/")

    response = anyone.generic(
        method.upper(),
        f"/api/v1/{url}",
        body or "",
        headers.pop("Content-Type", "application/json"),
        headers={"Accept-Language": "en"} | headers,
    )

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    said = json.loads(response.content)
    assert (said["code"], said["status"]) == (code, status)
    assert said["type"] == f"/problems/{code.replace('_', '-')}"
    assert said["title"]
    assert said["detail"]


def test_a_wrong_method_says_which_are_right(organizer, meeting):
    response = organizer.send("put", f"meetings/{meeting.slug}/seat-limits/", {})

    assert response.status_code == 405
    assert "PATCH" in response["Allow"]


def test_an_address_that_is_none_is_a_problem_too(anyone):
    response = anyone.send("get", "nothing/at/all/")

    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_a_lock_that_is_not_got_is_no_server_error(anyone, meeting, monkeypatch):
    def stuck(**_kwargs):
        raise OperationalError("canceling statement due to lock timeout") from LockNotAvailable()

    monkeypatch.setattr("registrations.booking.register", stuck)

    response = anyone.send("post", f"meetings/{meeting.slug}/registrations/", application())

    assert (response.status_code, response.json()["code"]) == (409, "still_running")
    assert response["Retry-After"] == "5"


def refusals():
    for house in catalogues.HOUSES:
        for file in sorted((catalogues.ROOT / house).rglob("*.py")):
            if "migrations" in file.parts or not file.read_text().count("(Refused)"):
                continue
            parts = Path(file).relative_to(catalogues.ROOT).with_suffix("").parts
            module = import_module(".".join(parts))
            for _name, kind in inspect.getmembers(module, inspect.isclass):
                if issubclass(kind, Refused) and kind.__module__ == module.__name__:
                    yield kind


def test_every_refusal_has_a_status_and_words():
    codes = {kind.code for kind in refusals()}

    assert codes - set(problems.STATUS_OF) == set()
    assert codes - set(problem_words.WORDS) - {"refused"} == set()


def test_every_problem_has_a_page(client):
    for code in problem_words.WORDS:
        response = client.get(problems.type_of(code), headers={"Accept-Language": "en"})
        assert response.status_code == 200, code
        assert code in response.content.decode()
    assert client.get("/problems/nothing").status_code == 404
