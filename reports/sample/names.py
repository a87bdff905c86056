"""Invented people: names from curated lists, so that they read like a real list of a meeting."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

# Men's and women's form, a line each: no rule makes one out of the other reliably.
SURNAMES: Final = [
    tuple(pair.split("/"))
    for pair in """
    Абрамов/Абрамова Агапов/Агапова Астахов/Астахова Балашов/Балашова Безруков/Безрукова
    Белозёров/Белозёрова Бирюков/Бирюкова Богатырёв/Богатырёва Васнецов/Васнецова
    Вешняков/Вешнякова Воронцов/Воронцова Гладышев/Гладышева Горбунов/Горбунова
    Данилов/Данилова Дементьев/Дементьева Ершов/Ершова Жаворонков/Жаворонкова
    Заболотный/Заболотная Званцев/Званцева Зимин/Зимина Ильинский/Ильинская
    Калашников/Калашникова Каменский/Каменская Кирсанов/Кирсанова Клементьев/Клементьева
    Коваленко/Коваленко Колокольцев/Колокольцева Коростелёв/Коростелёва Кравчук/Кравчук
    Кузнецов/Кузнецова Лаптев/Лаптева Лебедев/Лебедева Логинов/Логинова Лужин/Лужина
    Малахов/Малахова Мещеряков/Мещерякова Мирошниченко/Мирошниченко Наумов/Наумова
    Никифоров/Никифорова Одинцов/Одинцова Орешкин/Орешкина Панкратов/Панкратова
    Перевалов/Перевалова Полозов/Полозова Прохоров/Прохорова Румянцев/Румянцева
    Рябинин/Рябинина Савельев/Савельева Сапожников/Сапожникова Седых/Седых Синицын/Синицына
    Стрельников/Стрельникова Тарасов/Тарасова Терехов/Терехова Ушаков/Ушакова
    Филатов/Филатова Холмогоров/Холмогорова Черных/Черных Шаповалов/Шаповалова
    Щербинин/Щербинина
    """.split()  # noqa: SIM905 -- a list to read, not code
]
MEN: Final = """
    Александр Алексей Анатолий Андрей Антон Аркадий Артём Борис Вадим Валерий Василий Виктор
    Виталий Владислав Вячеслав Геннадий Георгий Глеб Григорий Денис Дмитрий Евгений Егор
    Иван Игорь Илья Кирилл Константин Леонид Максим Михаил Николай Олег Павел Пётр Роман
    Семён Степан Тимофей Фёдор
    """.split()  # noqa: SIM905 -- a list to read, not code
WOMEN: Final = """
    Александра Алёна Алина Алла Анастасия Анна Антонина Валентина Валерия Варвара Вера
    Вероника Виктория Галина Дарья Диана Евгения Екатерина Елена Елизавета Жанна Зоя Инна
    Ирина Кира Кристина Ксения Лариса Лидия Любовь Людмила Маргарита Марина Мария Надежда
    Наталья Нина Ольга Светлана Юлия
    """.split()  # noqa: SIM905 -- a list to read, not code
PATRONYMICS: Final = [
    tuple(pair.split("/"))
    for pair in """
    Александрович/Александровна Алексеевич/Алексеевна Анатольевич/Анатольевна
    Андреевич/Андреевна Борисович/Борисовна Васильевич/Васильевна Викторович/Викторовна
    Владимирович/Владимировна Геннадьевич/Геннадьевна Григорьевич/Григорьевна
    Дмитриевич/Дмитриевна Евгеньевич/Евгеньевна Иванович/Ивановна Игоревич/Игоревна
    Ильич/Ильинична Кузьмич/Кузьминична Львович/Львовна Михайлович/Михайловна
    Николаевич/Николаевна Павлович/Павловна Петрович/Петровна Сергеевич/Сергеевна
    Фёдорович/Фёдоровна Юрьевич/Юрьевна
    """.split()  # noqa: SIM905 -- a list to read, not code
]
# Nobody here may be mistaken for somebody known: family and given names that do not meet.
NOT_TOGETHER: Final = {
    ("Лебедев", "Артём"),
    ("Кузнецов", "Михаил"),
    ("Калашников", "Михаил"),
    ("Прохоров", "Михаил"),
    ("Орешкин", "Максим"),
    ("Васнецов", "Виктор"),
    ("Терехов", "Александр"),
    ("Ушаков", "Фёдор"),
    ("Тарасов", "Анатолий"),
    ("Воронцов", "Михаил"),
    ("Румянцев", "Пётр"),
    ("Каменская", "Анастасия"),
}


@dataclass(frozen=True)
class Name:
    """A person's name as it is typed into the form; `latin` where a suggestion would not do."""

    family: str
    given: str
    patronymic: str = ""
    latin: str = ""
    language: str = "ru"


def invented(chance: Random) -> Name:
    """A name from the lists. The same one may be drawn twice: `Names` sees to that."""
    form = chance.randrange(2)
    family = chance.choice(SURNAMES)[form]
    given = chance.choice((MEN, WOMEN)[form])
    return Name(family, given, chance.choice(PATRONYMICS)[form])


class Names:
    """Draws names, none of them twice."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._drawn: set[Name] = set()

    def next(self) -> Name:
        while True:
            name = invented(self._chance)
            if name not in self._drawn and (name.family, name.given) not in NOT_TOGETHER:
                self._drawn.add(name)
                return name


# Names that break other people's programs. Each is somebody's name, or could be.
EVERYDAY: Final = [
    Name("Красноперекопская-Заболотная", "Анастасия-Мария", "Владиславовна"),
    Name("О’Коннор-Смит", "Шон"),
    Name("D'Angelo", "Marco", language="en"),
    Name("Ли", "Ян"),
    Name("Мамедов", "Али", "Гусейн оглы"),
    Name("Каримова", "Лейла", "Рустам кызы"),
    Name("Соловьёв", "Артём", "Ильич"),
    Name("Соловьев", "Семён", "Львович"),
    Name("Ёлкин", "Фёдор", "Кузьмич"),
    Name("ПЕТРОВА", "АННА"),
    Name("Иванов", "Иван", "Иванович"),
    Name("Иванов", "Иван", "Иванович"),
    Name("Nguyễn", "Thị Minh Khai", language="en"),
    Name("Хәбибуллин", "Салават", latin="Khabibullin Salavat"),
    Name("фон Мюллер-Бек", "Йохан"),
]
RARE: Final = [
    Name("ʻOkina", "Lani", language="en"),
    Name("Ы", ""),
    Name("Ю", "О"),
    Name("", "Сукарно"),
    Name("петрова", "анна"),
    # The first two letters of the given name are Latin: the office points at it.
    Name("Сергеев", "C" + "e" + "ргей", "Юрьевич"),
    Name("العتيبي", "مُحَمَّد بن سلمان", latin="Al-Otaibi Muhammad bin Salman", language="en"),
    Name("לוי", "דניאל", latin="Levy Daniel", language="en"),
    Name("李", "伟", latin="Li Wei", language="en"),
    Name("Żółć", "Łukasz", language="en"),
    Name("Ñandú", "Íñigo", language="en"),
    Name("Әлішер", "Нұрсұлтан", latin="Alisher Nursultan"),
    # A zero-width space and a bidi control inside: both are taken out silently.
    Name("Тихонова", "Ан\u200bна\u202e", "Павловна"),
    Name("Ж" * 120, ""),
    Name("де ла Крус", "Хуан"),
    # Spaces around and between, and a decomposed «й»: normalized.
    Name("  Зайцев  ", "Андреи\u0306", "  Сергеевич "),
]
# The namesakes stand far from each other.
EDGE: Final = [*EVERYDAY[::2], *EVERYDAY[1::2], *RARE]
