import io
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import translation

from accounts.models import JournalEntry, User
from events import regions
from events.models import Region, RegionSet

NOON = datetime(2026, 1, 24, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def own_list(text, **options):
    owner = User.objects.create(email="owner@example.org")
    arguments = {"name": "Ours", "time_zone": "Europe/Moscow", "language": "ru"} | options
    return regions.paste(owner=owner, text=text, **arguments)


def code(region):
    return region and region.code


def test_shipped_has_83_regions_in_eight_groups():
    region_set = regions.shipped()

    assert region_set.regions.count() == 83
    assert region_set.groups.count() == 8
    assert not region_set.regions.filter(group=None).exists()


def test_shipped_codes_are_plain_and_zones_exist():
    for region in regions.shipped().regions.all():
        assert re.fullmatch(r"RU-[A-Z]{2,3}", region.code)
        assert ZoneInfo(region.time_zone)
        assert all([region.name, region.name_alt, region.short_name])


def test_shipped_is_loaded_when_it_is_missing():
    RegionSet.objects.all().delete()

    assert regions.shipped() == regions.shipped()
    assert Region.objects.count() == 83


def test_load_regions_again_changes_nothing_but_what_the_files_say():
    moscow = Region.objects.get(code="RU-MOW")
    Region.objects.filter(pk=moscow.pk).update(name="Masqua", is_active=False)
    said = io.StringIO()

    call_command("load_regions", stdout=said)

    moscow.refresh_from_db()
    assert (moscow.name, moscow.is_active) == ("Москва", False)
    assert Region.objects.count() == 83
    assert RegionSet.objects.count() == 1
    assert "83" in said.getvalue()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Москва", "RU-MOW"),
        ("  москва ", "RU-MOW"),
        ("Moscow", "RU-MOW"),
        ("vjcrdf", "RU-MOW"),
        ("МСК", "RU-MOW"),
        ("RU-MOW", "RU-MOW"),
        ("ru-mow", "RU-MOW"),
        ("Питер", "RU-SPE"),
        ("санкт‑петербург", "RU-SPE"),
        ("Республика Северная Осетия — Алания", "RU-SE"),
        ("Республика Северная Осетия - Алания", "RU-SE"),
        ("Тува", "RU-TY"),
        ("Татарстан", "RU-TA"),
        ("Орёл", "RU-ORL"),
        ("Калуга", None),
        ("обл", None),
        ("", None),
        ("   ", None),
    ],
)
def test_find(typed, expected):
    assert code(regions.find(regions.shipped(), typed)) == expected


def test_every_shipped_region_is_found_by_each_of_its_names():
    region_set = regions.shipped()
    for region in region_set.regions.all():
        for typed in (region.code, region.name, region.name_alt, region.short_name):
            assert code(regions.find(region_set, typed)) == region.code


def test_no_alias_means_two_regions():
    region_set = regions.shipped()
    for region in region_set.regions.all():
        for alias in region.aliases:
            assert code(regions.find(region_set, alias)) == region.code, alias


def test_find_ignores_regions_switched_off():
    region_set = regions.shipped()
    region_set.regions.filter(code="RU-MOW").update(is_active=False)

    assert regions.find(region_set, "Москва") is None


def test_find_takes_ye_for_yo():
    region_set = own_list("Королёв\nОрел")

    assert code(regions.find(region_set, "королев")) == "KOROLEV"
    assert code(regions.find(region_set, "Орёл")) == "OREL"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("Калуга", "RU-KLU"),
        ("Калужс", "RU-KLU"),
        ("Kaluzhskaya", "RU-KLU"),
        ("татарстна", "RU-TA"),
        ("ghbvjh", "RU-PRI"),
    ],
)
def test_nearest_begins_with_what_was_meant(typed, first):
    near = regions.nearest(regions.shipped(), typed, 3)

    assert near[0].code == first
    assert len(near) <= 3


def test_nearest_has_nothing_for_noise():
    assert regions.nearest(regions.shipped(), "", 3) == []
    assert regions.nearest(regions.shipped(), "qqqqqqqqqqqqqqq", 3) == []


def test_options_speak_the_readers_language(django_assert_num_queries):
    region_set = regions.shipped()

    with django_assert_num_queries(1):
        english = regions.options(region_set)
    with translation.override("ru"):
        russian = regions.options(region_set)

    assert len(english) == len(russian) == 83
    assert english[0] == {
        "code": "RU-BEL",
        "name": "Belgorod Oblast",
        "group": "Central",
        "keys": ["белгородская область", "belgorod oblast", "белгородская обл."],
    }
    assert (russian[0]["name"], russian[0]["group"]) == ("Белгородская область", "Центральный")


def test_paste_makes_codes_and_takes_the_zone():
    region_set = own_list("Тульская область\n\n  Калужская  область \nСеверная\tNorth\tAsia/Omsk\n")

    rows = region_set.regions.in_order().values_list("code", "name", "name_alt", "time_zone")
    assert list(rows) == [
        ("TULSKAIA-OB", "Тульская область", "", "Europe/Moscow"),
        ("KALUZHSKAIA", "Калужская область", "", "Europe/Moscow"),
        ("SEVERNAIA", "Северная", "North", "Asia/Omsk"),
    ]


def test_paste_makes_a_code_for_every_name():
    names = ["Калужская область", "Калужская земля", "李", "A", "Ы", "‹›", "R-3", "Łódź"]
    region_set = own_list("\n".join(names))

    codes = list(region_set.regions.in_order().values_list("code", flat=True))
    assert len(set(codes)) == len(names)
    assert all(re.fullmatch(r"[A-Z0-9][A-Z0-9-]{1,15}", each) for each in codes)


def test_paste_is_in_the_journal():
    region_set = own_list("Тула", at=NOON)

    entry = JournalEntry.objects.get()
    assert (entry.action, entry.subjects) == (
        "region_set.pasted",
        [f"region_set:{region_set.pk}"],
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "at least one region"),
        (" \n\t\n", "at least one region"),
        ("Тула\nКалуга\nтула", "Line 3 repeats line 1: “тула”"),
        ("Т" * 201, "Line 1 is too long"),
        ("\n".join(f"Region {n}" for n in range(1001)), "at most 1000"),
    ],
)
def test_paste_says_what_is_wrong(text, says):
    with pytest.raises(regions.ListNotAccepted, match=says):
        own_list(text)

    assert not RegionSet.objects.exclude(owner=None).exists()
