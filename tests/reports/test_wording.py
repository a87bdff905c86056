"""The sentence: plural strings in both languages, styles that stay true."""

from datetime import UTC, datetime

import pytest

from reports import wording
from reports.headline import Headline
from reports.models import Basis, Style


def made(**overrides) -> Headline:
    fields = {
        "basis": Basis.CHECKED_IN,
        "as_of": datetime(2020, 1, 24, 9, 40, tzinfo=UTC),
        "people": 123,
        "ministries": 12,
        "regions": 37,
        "countries": 0,
        "organizations": 74,
        "by_region": {},
        "by_category": {},
        "aside": {},
        "everybody_has_a_region": False,
    }
    return Headline(**fields | overrides)


def said(headline, *, language="ru", style=Style.EXACT, kind="meeting") -> str:
    return wording.sentence(headline, kind=kind, style=style, language=language)


def test_the_golden_sentence_in_both_languages():
    assert said(made()) == (
        "В совещании приняли участие 123 человека, в том числе 12 представителей министерств. "
        "Представлены 37 регионов и 74 организации."
    )
    assert said(made(), language="en") == (
        "123 people took part, including 12 representatives of ministries. "
        "37 regions and 74 organizations were represented."
    )


@pytest.mark.parametrize(
    ("basis", "ru", "en"),
    [
        (
            Basis.CONFIRMED,
            "Участие в совещании подтвердили 134 человека, в том числе 12 представителей "
            "министерств. Представлены 41 регион и 78 организаций.",
            "134 people are confirmed, including 12 representatives of ministries. "
            "41 regions and 78 organizations are represented.",
        ),
        (
            Basis.REGISTERED,
            "На совещание зарегистрированы 134 человека, в том числе 12 представителей "
            "министерств. Представлены 41 регион и 78 организаций.",
            "134 people are registered, including 12 representatives of ministries. "
            "41 regions and 78 organizations are represented.",
        ),
    ],
)
def test_each_basis_has_its_own_verb(basis, ru, en):
    headline = made(basis=basis, people=134, regions=41, organizations=78)

    assert (said(headline), said(headline, language="en")) == (ru, en)


@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        (1, "В совещании принял участие 1 человек."),
        (2, "В совещании приняли участие 2 человека."),
        (5, "В совещании приняли участие 5 человек."),
        (21, "В совещании принял участие 21 человек."),
        (22, "В совещании приняли участие 22 человека."),
        (111, "В совещании приняли участие 111 человек."),
        (121, "В совещании принял участие 121 человек."),
    ],
)
def test_the_russian_verb_agrees_with_the_number_of_people(people, sentence):
    assert said(made(people=people, ministries=0, regions=0, organizations=0)) == sentence


@pytest.mark.parametrize(
    ("regions", "organizations", "sentence"),
    [
        (1, 0, "Представлен 1 регион."),
        (2, 0, "Представлены 2 региона."),
        (5, 0, "Представлены 5 регионов."),
        (21, 0, "Представлен 21 регион."),
        (22, 0, "Представлены 22 региона."),
        (111, 0, "Представлены 111 регионов."),
        (121, 0, "Представлен 121 регион."),
        (0, 1, "Представлена 1 организация."),
        (0, 22, "Представлены 22 организации."),
        (0, 121, "Представлена 121 организация."),
        (1, 1, "Представлен 1 регион и 1 организация."),
        (21, 1, "Представлены 21 регион и 1 организация."),
        (41, 74, "Представлены 41 регион и 74 организации."),
    ],
)
def test_the_russian_second_sentence_agrees_with_what_stands_in_it(
    regions, organizations, sentence
):
    headline = made(people=2, ministries=0, regions=regions, organizations=organizations)

    assert said(headline) == f"В совещании приняли участие 2 человека. {sentence}"


def test_one_of_each_in_english():
    headline = made(people=1, ministries=1, regions=1, organizations=1)

    assert said(headline, language="en") == (
        "1 person took part, including 1 representative of ministries. "
        "1 region and 1 organization were represented."
    )


def test_countries_are_counted_apart():
    headline = made(countries=2)

    assert said(headline).endswith("Представлены 37 регионов, 2 страны и 74 организации.")
    assert said(headline, language="en").endswith(
        "37 regions, 2 countries and 74 organizations were represented."
    )


def test_the_verb_agrees_with_one_country_that_stands_first():
    headline = made(people=2, ministries=0, regions=0, countries=1, organizations=2)

    assert said(headline).endswith("Представлена 1 страна и 2 организации.")


def test_an_event_is_called_an_event():
    assert said(made(), kind="event").startswith("В мероприятии приняли участие 123 человека")


@pytest.mark.parametrize(
    ("people", "ru", "en"),
    [
        (123, "более 120 человек", "More than 120 people took part"),
        (121, "более 120 человек", "More than 120 people took part"),
        (120, "более 110 человек", "More than 110 people took part"),
        (11, "более 10 человек", "More than 10 people took part"),
        (1001, "более 1000 человек", "More than 1,000 people took part"),
        (12_345, "более 12 000 человек", "More than 12,000 people took part"),
    ],
)
def test_more_than_is_always_more_than(people, ru, en):
    headline = made(people=people)

    assert ru in said(headline, style=Style.ROUNDED).replace("\xa0", " ").replace("1 000", "1000")
    assert said(headline, style=Style.ROUNDED, language="en").startswith(en)


def test_ten_people_are_not_rounded():
    assert wording.styles(made(people=10)) == [Style.EXACT]
    assert said(made(people=10), style=Style.ROUNDED, language="en").startswith("10 people")


def test_people_from_regions_only_where_everybody_has_one():
    mixed = made()
    regional = made(people=98, ministries=0, organizations=66, everybody_has_a_region=True)

    assert Style.JOINED not in wording.styles(mixed)
    assert said(mixed, style=Style.JOINED) == said(mixed)
    assert said(regional, style=Style.JOINED) == (
        "В совещании приняли участие 98 человек из 37 регионов. Представлены 66 организаций."
    )
    assert said(regional, style=Style.JOINED, language="en") == (
        "98 people from 37 regions took part. 66 organizations were represented."
    )


@pytest.mark.parametrize(
    ("regions", "words"), [(1, "из 1 региона"), (2, "из 2 регионов"), (21, "из 21 региона")]
)
def test_from_regions_takes_the_genitive(regions, words):
    headline = made(people=50, regions=regions, everybody_has_a_region=True)

    assert words in said(headline, style=Style.JOINED)


def test_nobody_is_said_in_words():
    assert said(made(people=0)) == "На входе пока никто не отмечен."
    assert said(made(people=0), language="en") == "Nobody has checked in yet."
