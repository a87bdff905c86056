"""What cannot be read is answered in words, whoever sends it and wherever it goes."""

import json

import pytest
from django.core.servers.basehttp import get_internal_wsgi_application
from django.test import Client, RequestFactory

from config import charset

pytestmark = pytest.mark.django_db
NUL = r'sessionid="aaaaaaaaaaaa\000"'
FORM = "application/x-www-form-urlencoded"
FOREIGN = ["hex", "rot13", "zlib", "bz2", "base64", "punycode", "idna", "undefined", "utf-16"]
# RFC 2231, which Django reads in any header: a NUL, and a code that nobody knows.
ENCODED = ["charset*=utf-8''a%00b", "charset*=nothing''utf-8"]


def environ(path, content_type, *, method="GET", language="en", cookie=""):
    """What a server hands over: no request is made of it yet."""
    made = RequestFactory().generic(method, path, b"login=x").environ
    headers = {"HTTP_ACCEPT_LANGUAGE": language, "HTTP_COOKIE": cookie}
    return made | headers | {"CONTENT_TYPE": content_type}


def ask(path, content_type="text/plain", **facts):
    guarded = charset.only_utf8(lambda environ, _start: Client().handler(environ))
    return guarded(environ(path, content_type, **facts), None)


def test_the_server_is_given_the_guarded_program():
    said = []

    answer = get_internal_wsgi_application()(
        environ("/?lang=en", "text/plain; charset=hex"),
        lambda status, _headers: said.append(status),
    )

    assert said == ["400 Bad Request"]
    assert "has to be sent in UTF-8" in b"".join(answer).decode()


@pytest.mark.parametrize("parameter", [*(f"charset={name}" for name in FOREIGN), *ENCODED])
def test_text_in_a_foreign_code_is_refused(parameter):
    for answer in (
        ask("/?lang=en", f"text/plain; {parameter}"),
        ask("/accounts/login/", f"{FORM}; {parameter}", method="POST"),
        ask("/api/v1/meetings/?own=1", f"application/json; {parameter}"),
    ):
        assert answer.status_code == 400
        assert "has to be sent in UTF-8" in answer.content.decode()


@pytest.mark.parametrize("name", ["UTF-8", "utf8", "us-ascii", "nothing-of-the-kind"])
def test_utf_8_has_several_names(name):
    assert ask("/?lang=en&q=%FF", f"text/plain; charset={name}").status_code == 200


@pytest.mark.parametrize("path", ["/manage/", "/accounts/login/", "/api/v1/meetings/"])
def test_a_cookie_that_cannot_be_is_refused(path):
    answer = ask(path, cookie=NUL)

    assert answer.status_code == 400
    assert "Delete this site" in answer.content.decode()


def test_programs_are_told_so_as_a_problem():
    answer = ask("/api/v1/meetings/", cookie=NUL)

    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["code"] == "bad_request"


def test_the_answer_has_the_readers_language():
    answer = ask("/", "text/plain; charset=hex", language="ru")

    assert "Текст нужно присылать в UTF-8." in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/manage/any/badges/\x00.svg",
        "/manage/any/participants/\x00/badge.pdf",
        "/api/v1/meetings/any/badges/\x00.pdf",
        "/r/\x00/",
    ],
)
def test_no_address_holds_a_nul(path):
    assert ask(path).status_code == 404
