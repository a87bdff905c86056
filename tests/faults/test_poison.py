"""Letters that cannot be made (F25): one attempt, a reason to read, and the others leave."""

import pytest

from notifications import enclosures
from notifications.enclosures import Enclosure
from notifications.models import State
from tests.notifications.posting import look, post, seen

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]


def huge(snapshot):
    return Enclosure(filename="film.bin", content_type="image/png", content=b"\0" * 30_000_000)


def of_nothing(snapshot):
    return Enclosure(filename="a", content_type="image/png", content=snapshot["gone"]["number"])


def half_a_character(snapshot):
    return Enclosure(
        filename="a", content_type="text/calendar", content=b"", params={"method": "\ud800"}
    )


def endless(snapshot):
    return endless(snapshot)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param({"template": "notifications/missing"}, "not_rendered", id="no template"),
        pytest.param({"template": "admin/base"}, "not_rendered", id="half a template"),
        pytest.param({"enclosures": ["of_nothing"]}, "not_rendered", id="missing object"),
        pytest.param({"enclosures": ["unheard of"]}, "not_rendered", id="missing enclosure"),
        pytest.param({"enclosures": ["endless"]}, "not_rendered", id="recursion"),
        pytest.param({"enclosures": ["huge"]}, "too_large", id="30 MB"),
        pytest.param(
            {"to": "a@b.example\r\nBcc: all@example.org"}, "address_unusable", id="newline"
        ),
    ],
)
def test_a_poison_letter_fails_once_and_alone(settings, server, broken, reason):
    settings.MAIL_ENCLOSURES = {
        name: f"{__name__}.{name}" for name in ("huge", "of_nothing", "endless")
    }
    poison = post("poison", kind="confirmed", **broken)
    others = [post(f"guest{n}", kind="announcement") for n in range(5)]

    look()
    look()

    assert seen(poison) == (State.FAILED, reason)
    assert (poison.attempts, poison.tries.count()) == (1, 1)
    assert poison.tries.get().reply
    assert poison.explanation != reason
    assert {seen(m)[0] for m in others} == {State.SENT}


@pytest.mark.parametrize(
    "bad", ["Анна\ud800", "Анна\x00", "back\\u0000slash \\\\u0000", "a\r\nBcc: b@c"]
)
def test_odd_characters_neither_roll_back_the_cause_nor_stop_the_mail(server, bad):
    message = post("anna", to_name=bad, sender_name=bad, snapshot={"site": bad})

    look()

    assert seen(message)[0] == State.SENT
    [(_, words)] = server.accepted
    head = words.partition(b"\r\n\r\n")[0]
    assert b"\r\nBcc:" not in head


def test_what_a_snapshot_holds_otherwise_is_kept_to_the_letter(server):
    odd = 'a\\u0000b \\\\u0000 "quoted" ё 😀 </script>\u2028'

    message = post("anna", snapshot={"site": odd})

    assert message.snapshot == {"site": odd}


def test_half_a_character_in_a_header_is_no_header(settings, server):
    settings.MAIL_ENCLOSURES = {"half": f"{__name__}.half_a_character"}
    message = post("anna", enclosures=["half"])

    look()

    assert seen(message)[0] == State.SENT
    assert enclosures.make("half", {}).params["method"] == "\ud800"
