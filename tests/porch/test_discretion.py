"""What stands in the log, and what does not."""

import logging
from io import StringIO

import pytest
from django.test import Client

from config.discretion import WithoutTokens

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
    "path", ["/r/{}/", "/r/{}/change/", "/r/{}", "/c/{}/", "/n/{}/", "/n/{}/figures.xlsx"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_log_tells_the_token_of_a_link(path, method, log):
    client = Client(enforce_csrf_checks=True)

    answer = getattr(client, method)(path.format(TOKEN))

    assert TOKEN not in log.getvalue()
    assert (path.format("…") in log.getvalue()) == (answer.status_code >= 400)


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
