"""Who is on a sample's list, and what became of everybody: plain data, no database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Final

import iuliia
from django.utils.text import slugify

from reports.sample.names import Name


class Fate(StrEnum):
    """What became of a registration by the end of the meeting."""

    ATTENDED = "attended"
    # Waited for a seat, got one that was given back, and came.
    PROMOTED = "promoted"
    WALK_IN = "walk_in"
    NO_SHOW = "no_show"
    # Confirmed, and gave the seat back: to a colleague, or to whoever waited.
    SUBSTITUTED = "substituted"
    FREED = "freed"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    WAITLISTED = "waitlisted"
    PENDING = "pending"


CAME: Final = {Fate.ATTENDED, Fate.PROMOTED, Fate.WALK_IN}
CONFIRMED: Final = CAME | {Fate.NO_SHOW}
CANCELLED: Final = {Fate.SUBSTITUTED, Fate.FREED, Fate.WITHDRAWN}

POSITIONS: Final = {
    "member": [
        "генеральный директор",
        "исполнительный директор",
        "директор по развитию",
        "заместитель генерального директора",
        "главный инженер",
        "директор по работе с резидентами",
        "руководитель проектного офиса",
        "коммерческий директор",
        "советник генерального директора",
        "начальник отдела инвестиций",
    ],
    "authority": [
        "заместитель министра",
        "начальник управления",
        "заместитель начальника управления",
        "начальник отдела",
        "консультант отдела",
        "советник министра",
    ],
    "ministry": [
        "директор департамента",
        "заместитель директора департамента",
        "начальник отдела",
        "референт",
        "советник",
        "главный специалист-эксперт",
    ],
    "host": ["директор ассоциации", "руководитель секретариата", "эксперт", "юрист"],
    "guest": ["управляющий директор", "руководитель направления", "ведущий аналитик"],
    "press": ["корреспондент", "оператор", "редактор"],
    "staff": ["координатор площадки"],
}
POSITIONS_ABROAD: Final = ["Managing director", "Head of development", "Adviser to the board"]
# An assistant registers several people from one address.
ASSISTANT: Final = ("Полина Приёмная", "priyomnaya@example.org")


@dataclass(frozen=True, kw_only=True)
class Person:
    """One registration as it is planned. `region` is a code without the country, or none."""

    name: Name
    organization: str
    category: str
    region: str | None
    source: str
    fate: Fate
    position: str = ""
    email: str = ""
    phone: str = ""
    by_assistant: bool = False

    @property
    def came(self) -> bool:
        return self.fate in CAME

    @property
    def is_confirmed(self) -> bool:
        return self.fate in CONFIRMED


def with_contacts(people: list[Person], chance: Random) -> list[Person]:
    """Give everybody a position, an address at example.org and, to three in ten, a phone."""
    dressed = []
    for number, person in enumerate(people, start=1):
        usual = POSITIONS[person.category]
        dressed.append(
            replace(
                person,
                position=chance.choice(usual if person.name.language == "ru" else POSITIONS_ABROAD),
                email=ASSISTANT[1] if person.by_assistant else _address(person.name, number),
                phone=_phone(chance) if chance.random() < 0.3 else "",
            )
        )
    return dressed


def _address(name: Name, number: int) -> str:
    latin = slugify(iuliia.ICAO_DOC_9303.translate(name.family or name.given))
    return f"{latin[:30] or 'participant'}.{number}@example.org"


def _phone(chance: Random) -> str:
    # Numbers kept free for plays and films: nobody is rung up by a sample.
    if chance.random() < 0.5:
        return f"+4420794600{chance.randrange(100):02}"
    return f"+1202555{chance.randrange(100, 200):04}"
