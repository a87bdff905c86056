import pytest

from notifications import rendering
from notifications.enclosures import Enclosure
from notifications.models import Message


def message(**overrides):
    fields = {
        "template": "notifications/trial",
        "snapshot": {"site": "example.org"},
        "language": "en",
        "sender_name": "Institute of Tests",
    }
    return Message(**fields | overrides)


def test_the_words_are_in_the_language_of_the_message():
    english = rendering.render(message())
    russian = rendering.render(message(language="ru"))

    assert english.subject == "Trial message: mail from example.org arrives"
    assert russian.subject == "Проверка: почта от example.org доходит"


def test_plain_text_is_not_escaped_and_html_is():
    site = "<a href='http://evil.test'>O'Brien & Co</a> {{ site }}"

    rendered = rendering.render(message(snapshot={"site": site}))

    assert site in rendered.text
    assert "<a href='http://evil.test'>" not in rendered.html
    assert "O'Brien &amp; Co" in rendered.html.replace("&#x27;", "'")
    assert "{{ site }}" in rendered.text
    assert "\n" not in rendered.subject


def test_the_style_is_in_the_html_and_nothing_is_fetched():
    html = rendering.render(message()).html

    assert 'class="sheet" style="' in html
    assert "prefers-color-scheme: dark" in html
    assert "http" not in html
    assert "<link" not in html
    assert "<script" not in html


def test_the_host_speaks_and_not_the_program():
    rendered = rendering.render(
        message(snapshot={"site": "x", "contact": "Olga, +7 900 000-00-00"})
    )

    assert "Institute of Tests" in rendered.html
    assert "Institute of Tests" in rendered.text
    assert "Olga, +7 900 000-00-00" in rendered.html
    assert "Olga, +7 900 000-00-00" in rendered.text
    assert "Yavka" not in rendered.subject + rendered.text + rendered.html


def test_the_way_out_of_reminders_stands_in_the_foot():
    rendered = rendering.render(message(unsubscribe_url="https://example.org/u/"))

    assert 'href="https://example.org/u/"' in rendered.html
    assert "https://example.org/u/" in rendered.text


def paper(snapshot):
    return Enclosure(filename="p.txt", content_type="text/plain", content=snapshot["site"].encode())


def test_enclosures_are_made_of_the_snapshot_by_whoever_promised_them(settings):
    settings.MAIL_ENCLOSURES = {"paper": f"{__name__}.paper"}

    rendered = rendering.render(message(enclosures=["paper"]))

    assert [enclosure.content for enclosure in rendered.enclosures] == [b"example.org"]


def test_an_enclosure_that_nobody_promised_is_an_error(settings):
    settings.MAIL_ENCLOSURES = {}

    with pytest.raises(KeyError):
        rendering.render(message(enclosures=["paper"]))


def test_the_language_of_the_worker_is_left_as_it_was():
    before = rendering.translation.get_language()

    rendering.render(message(language="ru"))

    assert rendering.translation.get_language() == before
