import pytest

from badges import batches, preflight
from tests.factories import make_meeting, make_registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting():
    return make_meeting(seat_limit=None)


def check(meeting):
    return preflight.check(meeting, batches.in_full(batches.printable(meeting)).by_name())


def found(meeting):
    return {
        report.registration.full_name: {(f.code, f.about) for f in report.findings}
        for report in check(meeting).reports
    }


def test_an_ordinary_badge_is_not_listed(meeting):
    make_registration(meeting=meeting, family_name="Соловьёв", patronymic="Константинович")

    checked = check(meeting)

    assert (checked.count, checked.reports) == (1, ())


@pytest.mark.parametrize(
    ("person", "finding"),
    [
        ({"family_name": "Ж" * 120}, ("broken", "family")),
        ({"given_name": "Ж" * 120, "patronymic": "Щ" * 120}, ("cut", "given")),
        ({"position": "Заместитель директора департамента " * 8}, ("cut", "position")),
        ({"family_name": "ПЕТРОВ", "given_name": "ПЁТР", "patronymic": ""}, ("all_caps", "")),
        ({"family_name": "петров", "given_name": "пётр"}, ("no_caps", "")),
        ({"family_name": "Ceргеев"}, ("mixed_script", "")),
        ({"family_name": "李", "given_name": "伟", "patronymic": ""}, ("letters", "李 伟")),
        ({"family_name": "李", "given_name": "伟", "patronymic": ""}, ("needs_latin", "")),
        (
            {"family_name": "Әлішер", "given_name": "Нұрсұлтан", "patronymic": ""},
            ("needs_latin", ""),
        ),
        ({"organization": "公司 Park"}, ("letters", "公 司")),
    ],
)
def test_what_should_be_looked_at_is_listed(meeting, person, finding):
    registration = make_registration(meeting=meeting, latin_name="", **person)

    assert finding in found(meeting)[registration.full_name]


def test_a_latin_form_on_file_answers_the_question(meeting):
    make_registration(
        meeting=meeting,
        family_name="Әлішер",
        given_name="Нұрсұлтан",
        patronymic="",
        latin_name="Nursultan Alisher",
    )

    assert found(meeting) == {}


def test_a_fix_is_suggested_for_capitals_and_mixed_letters(meeting):
    make_registration(
        meeting=meeting, family_name="ПЕТРОВА-ВОДКИНА", given_name="АННА", patronymic=""
    )
    make_registration(meeting=meeting, family_name="Ceргеев", given_name="Пётр", patronymic="")

    assert {report.fix for report in check(meeting).reports} == {
        "Петрова-Водкина Анна",
        "Сергеев Пётр",
    }


def test_the_longest_names_are_the_ones_to_look_at(meeting):
    for family in "Ли", "Красноперекопская-Заболотная", "Цой", "Ким", "Пак", "Тен", "Югай":
        make_registration(meeting=meeting, family_name=family, given_name="Ян", patronymic="")

    extremes = check(meeting).extremes

    assert len(extremes) == preflight.MOST_EXTREMES
    assert extremes[0].family_name == "Красноперекопская-Заболотная"


def test_the_quick_look_never_passes_what_the_slow_one_lists(meeting, monkeypatch):
    for length in range(4, 60, 4):
        make_registration(
            meeting=meeting,
            family_name="Ж" + "ы" * length,
            patronymic="Ильич " * (length // 6),
            organization="Парк " * length,
            position="Директор " * (length // 3),
        )
    quick = found(meeting)

    monkeypatch.setattr(preflight, "_is_easy", lambda badge: False)

    assert found(meeting) == quick
    assert quick


def test_checking_takes_the_same_statements_for_one_and_for_three(
    meeting, django_assert_num_queries
):
    region = meeting.region_set.regions.first()
    make_registration(meeting=meeting, region=region)
    with django_assert_num_queries(2):
        check(meeting)
    make_registration(meeting=meeting, region=region)
    make_registration(meeting=meeting, region=region)

    with django_assert_num_queries(2):
        check(meeting)
