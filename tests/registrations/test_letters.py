import json

import pytest

from events.models import Host
from notifications import rendering
from notifications.models import Message
from registrations import amending, booking, convening, letters, review
from registrations.models import Status
from tests.factories import LINK, NOON, ORGANIZER, make_meeting, make_registration

pytestmark = pytest.mark.django_db(transaction=True)


def written(kind: str, language: str) -> Message:
    """The letter of that kind as the use case writes it, to a person with an ugly name."""
    meeting = make_meeting(
        seat_limit=2,
        arrival_note="Паспорт. Вход 3, «лифт» & лестница",
        map_url="https://map.example.org/?a=1&b=2",
    )
    Host.objects.filter(meeting=meeting).update(
        name='АНО "Дом" & Ко', name_alt='O\'Connor & Sons "House"'
    )
    who = {
        "language": language,
        "family_name": "О’Коннор-Смит",
        "given_name": "Шон",
        "patronymic": "Лирович",
        "time_zone": "Asia/Vladivostok",
        "email": "sean@example.org",
    }
    status = {
        "received": Status.PENDING,
        "declined": Status.PENDING,
        "promoted": Status.WAITLISTED,
        "waitlisted": Status.WAITLISTED,
    }.get(kind, Status.CONFIRMED)
    if status == Status.WAITLISTED:
        make_registration(meeting=meeting), make_registration(meeting=meeting)
    sean = make_registration(meeting=meeting, status=status, **who)
    acts = {
        "confirmed": lambda: amending.correct_address(
            registration=sean, email="right@example.org", at=NOON, by=LINK
        ),
        "received": lambda: amending.correct_address(
            registration=sean, email="right@example.org", at=NOON, by=LINK
        ),
        "waitlisted": lambda: amending.correct_address(
            registration=sean, email="right@example.org", at=NOON, by=LINK
        ),
        "promoted": lambda: convening.set_seat_limit(
            meeting=meeting, seat_limit=3, at=NOON, by=ORGANIZER
        ),
        "declined": lambda: review.decline(
            registration=sean, at=NOON, by=ORGANIZER, reason="Нет мест", shows_reason=True
        ),
        "cancelled": lambda: booking.cancel(registration=sean, at=NOON, by=LINK),
        "link": lambda: _try_again(meeting, sean),
        "details_changed": lambda: amending.amend(
            registration=sean,
            changes={"given_name": "Шэн"},
            version=None,
            at=NOON,
            by=ORGANIZER,
            as_organizer=True,
        ),
        "meeting_changed": lambda: convening.change(
            meeting=meeting, changes={"venue": "Дом"}, version=None, at=NOON, by=ORGANIZER
        ),
        "called_off": lambda: convening.call_off(
            meeting=meeting, reason="Карантин & «снег»", at=NOON, by=ORGANIZER
        ),
    }
    acts[kind]()
    return Message.objects.get(kind=kind, subjects__contains=[f"registration:{sean.pk}"])


def _try_again(meeting, sean):
    with pytest.raises(booking.AlreadyRegistered):
        booking.register(
            meeting=meeting,
            application=booking.Application(
                category=sean.category,
                language=sean.language,
                family_name=sean.family_name,
                given_name=sean.given_name,
                patronymic=sean.patronymic,
                email=sean.email,
            ),
            consents=[],
            at=NOON,
            by=LINK,
        )


SUBJECTS = {
    "confirmed": (
        "Вы зарегистрированы: 26 мая, 15:00 мск — Совещание парков",
        "You are registered: 26 May, 15:00 Moscow time — Meeting of parks",
    ),
    "received": ("Заявка получена: Совещание парков", "Request received: Meeting of parks"),
    "waitlisted": ("Лист ожидания: Совещание парков", "Waiting list: Meeting of parks"),
    "declined": ("Заявка отклонена: Совещание парков", "Request declined: Meeting of parks"),
    "promoted": (
        "Участие подтверждено, место освободилось: Совещание парков",
        "Participation confirmed, a seat became free: Meeting of parks",
    ),
    "cancelled": (
        "Участие отменено: Совещание парков, 26 мая",
        "Participation cancelled: Meeting of parks, 26 May",
    ),
    "link": (
        "Ссылка на вашу регистрацию: Совещание парков",
        "The link to your registration: Meeting of parks",
    ),
    "details_changed": (
        "Ваши данные изменены: Совещание парков",
        "Your details were changed: Meeting of parks",
    ),
    "meeting_changed": ("Изменено место: Совещание парков", "Place changed: Meeting of parks"),
    "called_off": ("Отменено: Совещание парков, 26 мая", "Cancelled: Meeting of parks, 26 May"),
}


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("kind", SUBJECTS)
def test_each_letter_says_its_status_first_in_the_persons_language(kind, language):
    message = written(kind, language)

    mail = rendering.render(message)

    assert mail.subject == SUBJECTS[kind][language == "en"]
    host = 'АНО "Дом" & Ко' if language == "ru" else 'O\'Connor & Sons "House"'
    assert host in mail.text
    assert "&amp;" not in mail.text
    assert "&quot;" not in mail.text
    assert "&#x27;" not in mail.text
    assert "Yavka" not in mail.text + mail.html + mail.subject
    assert "org@example.org" in mail.text
    name = "Шэн" if kind == "details_changed" else "Шон"
    hello = f"Здравствуйте, {name} Лирович!" if language == "ru" else f"Hello {name},"
    assert hello in mail.text
    for words in (mail.text, mail.html):
        assert "{{" not in words
        assert "None" not in words


def test_a_confirmation_carries_ticket_calendar_and_both_clocks():
    message = written("confirmed", "ru")

    mail = rendering.render(message)

    assert message.enclosures == ["ticket", "calendar"]
    assert "26 мая 2026, вторник, 15:00–18:00 мск" in mail.text
    assert "22:00 у вас (Владивосток)" in mail.text
    assert message.snapshot["number"] in mail.text
    assert message.snapshot["ticket_url"] in mail.text
    assert 'src="cid:ticket"' in mail.html
    assert "https://map.example.org/?a=1&amp;b=2" in mail.html


def test_the_copy_speaks_to_whoever_registered_somebody_else():
    sean = make_registration(
        meeting=make_meeting(),
        family_name="О’Коннор",
        given_name="Шон",
        language="ru",
        email="sean@example.org",
        submitted_by_name="Ирина Секретарь",
        submitted_by_email="office@example.org",
    )
    booking.cancel(registration=sean, at=NOON, by=ORGANIZER)
    booking.restore(registration=sean, at=NOON, by=ORGANIZER)

    own = rendering.render(Message.objects.get(kind="confirmed", recipient="sean@example.org"))
    copy = rendering.render(Message.objects.get(kind="confirmed", recipient="office@example.org"))

    assert "Здравствуйте, Ирина Секретарь!" in copy.text
    assert "Вы зарегистрировали участника: О’Коннор Шон" in copy.text
    assert ">Регистрация: О’Коннор Шон Ильич</a>" in copy.html
    assert "Моя регистрация" not in copy.html
    assert "Здравствуйте, Шон Ильич!" in own.text
    assert ">Моя регистрация</a>" in own.html


def test_a_snapshot_is_json_and_holds_strings_only():
    message = written("meeting_changed", "en")

    assert json.loads(json.dumps(message.snapshot)) == message.snapshot
    # The new place has no English text yet: rather the Russian one than the old one.
    assert (message.snapshot["was"], message.snapshot["now"]) == ("Obrazets Tower, hall 2", "Дом")


def test_no_letter_is_written_outside_a_transaction():
    ada = make_registration()

    with pytest.raises(RuntimeError):
        letters.write_confirmed(ada)
