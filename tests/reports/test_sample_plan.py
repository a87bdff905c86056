"""The sample's plan adds up before anything is made of it."""

from collections import Counter

from reports.sample import door, names, past, schedule, upcoming
from reports.sample.people import CANCELLED, Fate

PEOPLE = past.people()
CAME = [person for person in PEOPLE if person.came]
COUNTED = [person for person in CAME if person.category not in ("press", "staff")]


def test_the_same_seed_gives_the_same_people():
    assert past.people() == PEOPLE
    assert past.people(7) != PEOPLE


def test_161_registrations_by_what_became_of_them():
    fates = Counter(person.fate for person in PEOPLE)

    assert sum(fates.values()) == 161
    assert sum(person.is_confirmed for person in PEOPLE) == 145
    assert sum(fates[fate] for fate in CANCELLED) == 7
    assert (fates[Fate.SUBSTITUTED], fates[Fate.FREED], fates[Fate.WITHDRAWN]) == (3, 2, 2)
    assert (fates[Fate.DECLINED], fates[Fate.WAITLISTED], fates[Fate.PENDING]) == (3, 4, 2)
    assert (fates[Fate.NO_SHOW], fates[Fate.WALK_IN], fates[Fate.PROMOTED]) == (11, 4, 2)


def test_134_came_and_123_of_them_count():
    assert len(CAME) == 134
    assert Counter(person.category for person in COUNTED) == {
        "member": 71, "authority": 27, "ministry": 12, "host": 4, "guest": 9,
    }  # fmt: skip


def test_37_regions_came_and_41_were_confirmed():
    counted = [p for p in PEOPLE if p.is_confirmed and p.category not in ("press", "staff")]
    regions = Counter(person.region for person in COUNTED if person.region)

    assert len(regions) == 37
    assert (regions["MOW"], regions["TA"]) == (9, 7)
    assert len({person.region for person in counted} - {None}) == 41
    assert {"KHM", "MAG", "KO", "YEV"}.isdisjoint(regions)


def test_sources():
    assert Counter(person.source for person in PEOPLE) == {
        "public": 88, "delegation": 46, "invitation": 17, "import": 6, "walk_in": 4,
    }  # fmt: skip


def test_every_remarkable_name_came():
    came = {person.name for person in CAME}

    assert set(names.EDGE) <= came


def test_namesakes_come_from_different_organizations():
    namesakes = [p for p in CAME if (p.name.family, p.name.given) == ("Иванов", "Иван")]

    assert len({(p.organization, p.region) for p in namesakes}) == 2


def test_addresses_and_phones_reach_nobody():
    for person in PEOPLE + upcoming.people(past.SEED):
        assert person.email.endswith("@example.org")
        assert person.phone[:10] in ("", "+442079460", "+120255501")
    assert 0.2 < sum(person.phone != "" for person in PEOPLE) / len(PEOPLE) < 0.4


def test_whoever_is_decided_on_has_registered():
    seen: set[int] = set()
    for step in schedule.steps(PEOPLE):
        assert (step.act == "register") == (step.index not in seen)
        seen.add(step.index)
        if step.act == "substitute":
            assert step.other not in seen
            seen.add(step.other)
    assert len(seen) == 157


def test_the_morning():
    morning = door.arrivals(PEOPLE)
    clock = [f"{arrival.at:%H:%M}" for arrival in morning]

    assert (len(morning), clock[0], clock[-1]) == (134, "09:22", "10:18")
    assert sum("09:40" <= moment < "10:00" for moment in clock) == 96
    assert {arrival.desk for arrival in morning} == {1, 2, 3}
    methods = Counter(arrival.method for arrival in morning)
    assert (methods["search"], methods["walk_in"]) == (6, 4)
    assert sum(arrival.late for arrival in morning) == 5
    assert sum(arrival.undone for arrival in morning) == 1
    special = {n for n, a in enumerate(morning) if a.late or a.undone or a.method == "walk_in"}
    assert special.isdisjoint(door.TWICE)


def test_the_upcoming_meeting_is_nearly_full():
    people = upcoming.people(past.SEED)
    seated = [p for p in people if p.is_confirmed and p.category not in ("press", "staff")]

    assert (len(seated), upcoming.SEATS) == (52, 60)
    assert set(names.EVERYDAY) <= {person.name for person in seated}
