"""What the two sample meetings are: titles, places, programme."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from reports.sample import organizations, past, schedule, upcoming

PAST: Final = "parks-2020"
UPCOMING: Final = "parks"

VENUE: Final = ("Москва-Сити, башня «Образец», зал 1", "Moscow City, tower “Obrazets”, hall 1")
# Two days before, the meeting moved into the larger hall.
MOVED_TO: Final = ("Москва-Сити, башня «Образец», зал 2", "Moscow City, tower “Obrazets”, hall 2")

_COMMON: Final[dict[str, Any]] = {
    "time_zone": "Europe/Moscow",
    "language": "ru",
    "hosts": organizations.HOSTS,
    "venue": VENUE[0],
    "venue_alt": VENUE[1],
    "address": "Пресненская набережная, 99, подъезд 3",
    "address_alt": "Presnenskaya Embankment 99, entrance 3",
    "arrival_note": (
        "Возьмите паспорт: без него не пропустит охрана здания. Подъезд 3, лифт на 12-й этаж."
    ),
    "arrival_note_alt": (
        "Bring your passport: the building's guards ask for it. Entrance 3, lift to floor 12."
    ),
    "contact_name": "Секретариат совещания (демо)",
    "contact_email": "secretariat@example.org",
    "contact_phone": "+44 20 7946 0000",
    "is_sample": True,
}


def past_meeting() -> dict[str, Any]:
    """The meeting of 24 January 2020: manual approval, 130 seats."""
    return _COMMON | {
        "slug": PAST,
        "title": (
            "Всероссийское совещание индустриальных парков и особых экономических зон (демо)"
        ),
        "title_alt": "National meeting of industrial parks and special economic zones (demo)",
        "short_title": "Совещание индустриальных парков (демо)",
        "short_title_alt": "Meeting of industrial parks (demo)",
        "summary": (
            "Парки и зоны обсуждают совместный план действий с двумя министерствами и готовят "
            "послание Правительству. Участники, организации и числа вымышлены."
        ),
        "summary_alt": (
            "Parks and zones discuss a joint action plan with two ministries and draft a message "
            "to the Government. Participants, organizations and numbers are invented."
        ),
        "starts_at": schedule.STARTS_AT,
        "ends_at": schedule.ENDS_AT,
        "doors_at": schedule.DOORS_AT,
        "registration_opens_at": schedule.OPENS_AT,
        "registration_closes_at": schedule.CLOSES_AT,
        "edits_close_at": schedule.CLOSES_AT,
        "approval": "manual",
        "seat_limit": past.SEATS,
    }


def upcoming_meeting(now: datetime) -> dict[str, Any]:
    """The meeting in two weeks: whoever registers is in, while there are seats."""
    starts_at = upcoming.starts_at(now)
    return _COMMON | {
        "slug": UPCOMING,
        "title": "Рабочая встреча управляющих компаний индустриальных парков (демо)",
        "title_alt": "Working meeting of industrial parks' managing companies (demo)",
        "short_title": "Рабочая встреча парков (демо)",
        "short_title_alt": "Working meeting of parks (demo)",
        "summary": (
            "Продолжение разговора о финансировании и инфраструктуре. Зарегистрируйтесь и "
            "посмотрите, что увидит участник: письма придут в почтовый ящик этой установки."
        ),
        "summary_alt": (
            "The talk about financing and infrastructure goes on. Register and see what a "
            "participant sees: the mails arrive in this installation's own mailbox."
        ),
        "venue": MOVED_TO[0],
        "venue_alt": MOVED_TO[1],
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=3),
        "doors_at": starts_at - timedelta(minutes=40),
        "approval": "automatic",
        "seat_limit": upcoming.SEATS,
    }


# Minutes after ten: title, second language, note, its second language.
AGENDA: Final = [
    (-40, "Регистрация, кофе", "Registration, coffee", "", ""),
    (0, "Открытие", "Opening", "", ""),
    (
        15,
        "Совместный план действий",
        "Joint action plan",
        "Директора двух департаментов",
        "Two heads of department",
    ),
    (
        60,
        "Круглый стол 1: финансирование",
        "Round table 1: financing",
        "Зал 2, 60 мест",
        "Hall 2, 60 seats",
    ),
    (
        60,
        "Круглый стол 2: инфраструктура",
        "Round table 2: infrastructure",
        "Комната 5, 40 мест",
        "Room 5, 40 seats",
    ),
    (
        120,
        "Послание новому Правительству: работа над текстом",
        "Message to the new Government: drafting",
        "",
        "",
    ),
    (
        150,
        "Инициатива особой экономической зоны о поправках к постановлению № 719",
        "A special economic zone's initiative on amending Resolution No. 719",
        "",
        "",
    ),
    (170, "Закрытие", "Closing", "", ""),
]
