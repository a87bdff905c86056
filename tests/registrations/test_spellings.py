"""Which spellings of organizations may be one: hints for whoever merges, never a merge."""

import pytest

from events.models import Organization
from registrations import convening, names, organizations, spellings
from registrations.spellings import Merged, Spelling
from tests.factories import NOON, ORGANIZER, make_meeting, make_registration


def typed(*texts, people=1):
    return [Spelling(names.organization_key(text), text, people) for text in texts]


def hints(*texts, merged=()):
    found = spellings.alike(merged, typed(*texts))
    return [sorted(spelling.typed for spelling in one.spellings) for one in found]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("АО «Северный берег»", "ООО «Северный берег»"),  # the kind of company
        ("АО «Северный берег»", "Северный берег"),
        ("ОЭЗ «Северный берег»", "Северный Берег, ОЭЗ"),  # the order
        ("Северный берег", "Сверный берег"),  # a letter left out
        ("Северный берег", "Севервый берег"),  # another letter
        ("Ассоциация индустриальных парков", "АИП"),  # initials
        ("Park Zarechny LLC", "Park Zarechny"),
    ],
)
def test_spellings_that_may_be_one_are_named_together(one, other):
    assert hints(one, other, "Совсем другая") == [sorted([one, other])]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Парк 1", "Парк 2"),
        ("Индустриальный парк № 12", "Индустриальный парк № 13"),
        ("Парк", "Банк"),
        ("ООО «Рога»", "ООО «Копыта»"),
        ("Северный берег", "Южный берег"),
    ],
)
def test_what_differs_in_a_number_or_a_word_is_not(one, other):
    assert hints(one, other) == []


def test_a_merged_organization_takes_in_what_looks_like_one_of_its_spellings():
    park = Organization(pk=7, name="АО «Парк „Заречный“»", short_name="ПЗ")
    merged = Merged(park, typed("Парк Заречный"))

    [found] = spellings.alike([merged], typed("ООО Парк Заречный", "Парк Зарчный", "Банк"))

    assert (found.organization, found.name) == (park, park.name)
    assert [one.typed for one in found.spellings] == ["ООО Парк Заречный", "Парк Зарчный"]


def test_two_that_are_kept_apart_are_not_joined_by_a_third():
    apart = [
        Merged(Organization(pk=number, name=name), typed(name))
        for number, name in enumerate(("АО «Северный берег»", "ООО «Северный берег»"), start=1)
    ]

    assert spellings.alike(apart, typed("Северный берег")) == []


def test_it_is_called_as_most_people_do():
    few, many = typed("ООО «Берег реки»"), typed("Берег реки", people=5)

    assert spellings.alike([], [*few, *many])[0].name == "Берег реки"


def test_ten_thousand_spellings_are_looked_through_in_a_moment():
    many = typed(*(f"Индустриальный парк «Заречный-{n}» города Н." for n in range(10_000)))

    assert spellings.alike([], many) == []


@pytest.mark.django_db(transaction=True)
def test_hints_are_of_the_people_on_the_list_and_merge_nothing():
    meeting = make_meeting(seat_limit=None)
    for organization in ("АО «Берег реки»", "Берег реки", "Банк"):
        make_registration(meeting=meeting, organization=organization)

    merged, single = spellings.listed(meeting)
    [found] = spellings.alike(merged, single)

    assert merged == []
    assert [one.people for one in found.spellings] == [1, 1]
    keys = [one.key for one in found.spellings]
    organizations.merge(
        meeting=meeting, keys=keys, name="Берег", short_name="", at=NOON, by=ORGANIZER
    )
    assert spellings.alike(*spellings.listed(meeting)) == []


@pytest.mark.django_db(transaction=True)
def test_with_another_list_of_regions_nobody_is_at_home_in_the_old_one():
    meeting = make_meeting()
    kaluga = meeting.region_set.regions.get(code="RU-KLU")
    made = organizations.merge(
        meeting=meeting, keys=["парк"], name="Парк", short_name="", region=kaluga, is_member=True,
        at=NOON, by=ORGANIZER,
    )  # fmt: skip

    convening.change(
        meeting=meeting, changes={"region_set": make_meeting().region_set}, version=None, at=NOON,
        by=ORGANIZER,
    )  # fmt: skip

    made.refresh_from_db()
    assert (made.region, made.is_member) == (None, True)
