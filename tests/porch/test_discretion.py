"""What stands in the log, and what does not."""

import logging
import runpy
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.test import Client
from gunicorn import glogging
from gunicorn.config import Config

from config.discretion import WithoutTokens
from tests.running import ROOT

TOKEN = "ylFQ0aSecretOfOnesOwn"


@pytest.fixture
def log(monkeypatch):
    """What the installation's own handler writes."""
    [console] = [h for h in logging.getLogger().handlers if h.name == "console"]
    written = StringIO()
    monkeypatch.setattr(console, "stream", written)
    return written


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/r/{}/",
        "/r/{}/change/",
        "/r/{}",
        "/f/{}/calendar.ics",
        "/c/{}/",
        "/n/{}/",
        "/n/{}/figures.xlsx",
        "/i/{}/",
        "/i/{}/accept/",
        "/d/{}/",
        "/d/{}/paste/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_log_tells_the_token_of_a_link(path, method, log):
    client = Client(enforce_csrf_checks=True)

    answer = getattr(client, method)(path.format(TOKEN))

    assert TOKEN not in log.getvalue()
    assert (path.format("…") in log.getvalue()) == (answer.status_code >= 400)


@pytest.mark.parametrize(
    "path", ["/r/{}/", "/i/{}/accept/", "/accounts/password/reset/key/{}/", "/m/a/?code={}"]
)
def test_nor_do_the_web_servers_own(path, capsys):
    runpy.run_path(str(ROOT / "config/gunicorn.py"))
    config = Config()
    config.set("accesslog", "-")
    config.set("errorlog", "-")
    asked = {
        "REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1", "RAW_URI": path.format(TOKEN),
        "HTTP_REFERER": f"https://example.org{path.format(TOKEN)}",
    }  # fmt: skip
    answer = SimpleNamespace(status="200 OK", sent=5, headers=[])
    server = glogging.Logger(config)

    server.access(answer, SimpleNamespace(headers=[]), asked, timedelta(seconds=1))
    server.error("Error handling request %s", path.format(TOKEN))

    written = capsys.readouterr()
    for handler in (*server.access_log.handlers, *server.error_log.handlers):
        handler.close()
    server.access_log.handlers.clear()
    server.error_log.handlers.clear()
    assert TOKEN not in written.out + written.err
    assert written.out.count(path.format("…")) == 2
    assert f"Error handling request {path.format('…')}" in written.err


def record_of(message, *args, error=None):
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, message, args, None)
    if error is not None:
        record.exc_info = (type(error), error, None)
    assert WithoutTokens().filter(record)
    return record


def test_a_traceback_tells_none_either():
    record = record_of("Internal Server Error", error=ValueError(f"no /r/{TOKEN}/ here"))

    assert logging.Formatter().format(record) == (
        "Internal Server Error\nValueError: no /r/…/ here"
    )


def test_a_message_that_does_not_fit_is_left_to_the_handler():
    record = record_of("%d of %d", "one")

    assert record.msg == "%d of %d"
