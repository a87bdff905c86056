import json
from datetime import timedelta

import pytest

from events.models import Host
from notifications import rendering
from notifications.models import Message
from registrations import amending, booking, calling_off, convening, letters, offering, review
from registrations.models import Status
from tests.factories import LINK, NOON, ORGANIZER, make_meeting, make_registration

pytestmark = pytest.mark.django_db(transaction=True)


def written(kind: str, language: str) -> Message:
    """The letter of that kind as the use case writes it, to a person with an ugly name."""
    meeting = make_meeting(
        seat_limit=2,
        arrival_note="Паспорт. Вход 3, «лифт» & лестница",
        map_url="https://map.example.org/?a=1&b=2",
        offer_hours=24 if kind in ("offered", "offer_over") else None,
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
        "offered": Status.WAITLISTED,
        "offer_over": Status.WAITLISTED,
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
        "offered": lambda: convening.set_seat_limit(
            meeting=meeting, seat_limit=3, at=NOON, by=ORGANIZER
        ),
        "offer_over": lambda: _let_pass(meeting),
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
        "called_off": lambda: calling_off.call_off(
            meeting=meeting, reason="Карантин & «снег»", at=NOON, by=ORGANIZER
        ),
    }
    acts[kind]()
    return Message.objects.get(kind=kind, subjects__contains=[f"registration:{sean.pk}"])


def _let_pass(meeting):
    convening.set_seat_limit(meeting=meeting, seat_limit=3, at=NOON, by=ORGANIZER)
    offering.lapse_due(at=NOON + timedelta(hours=48))


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
    "offered": (
        "Есть место, просим ответить до 7 мая, 02:00 мск: Совещание парков",
        "A seat is free, please answer by 7 May, 02:00 Moscow time: Meeting of parks",
    ),
    "offer_over": (
        "Срок ответа истёк: Совещание парков",
        "The time to answer has passed: Meeting of parks",
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


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "ru",
            [
                "Освободилось место, и мы предлагаем его вам.",
                "Просим ответить до 7 мая, 02:00 мск (09:00 у вас (Владивосток)).",
                "До этого срока место закреплено за вами.",
            ],
        ),
        (
            "en",
            [
                "A seat has become free, and we are offering it to you.",
                "Please answer by 7 May, 02:00 Moscow time (09:00 for you (Vladivostok)).",
                "We are keeping the seat for you until then.",
            ],
        ),
    ],
)
def test_an_offer_says_by_when_at_the_venue_first_and_how_to_answer(language, said):
    message = written("offered", language)

    mail = rendering.render(message)

    for sentence in said:
        assert sentence in mail.text
    for url in (message.snapshot["accept_url"], message.snapshot["decline_url"]):
        assert url in mail.text
        assert url in mail.html
    assert message.snapshot["accept_url"].endswith("/offer/")
    assert message.snapshot["decline_url"].endswith("/offer/decline/")
    assert message.expires_at == NOON + timedelta(hours=35)


@pytest.mark.parametrize(
    ("why", "is_passed_over", "said"),
    [
        ("lapsed", False, "Теперь вы стоите после тех, кому место ещё не предлагали."),
        ("lapsed", True, "пока вы не отметите на своей странице, что место вам нужно."),
        ("withdrawn", True, "Организатор отозвал предложение места."),
        ("closed", False, "Организатор закрыл списки"),
    ],
)
def test_the_end_of_an_offer_says_why_and_that_he_still_waits(why, is_passed_over, said):
    message = written("offer_over", "ru")
    message.snapshot |= {"why": why, "is_passed_over": is_passed_over}

    mail = rendering.render(message)

    assert said in mail.text
    assert "Вы по-прежнему в листе ожидания." in mail.text
    assert message.snapshot["manage_url"] in mail.text


def test_whoever_waits_where_seats_are_offered_is_told_how_long_one_is_kept():
    message = written("waitlisted", "ru")
    message.snapshot |= {"offer_hours": 24}

    assert "Предложенное место закрепляется за вами на 24 часа" in rendering.render(message).text
