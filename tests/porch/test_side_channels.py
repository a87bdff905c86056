"""
A meeting that is not published is not there: no list, page, calendar, file or error of anybody
but its organizers' tells of it, and its address answers as one that was never given.
"""

import re

import pytest

from events.models import Meeting, MeetingStatus
from registrations.models import Registration
from tests.porch import doors
from tests.porch.estates import browser, program

pytestmark = pytest.mark.django_db
SECRET = "Тайноесобрание"
OF_A_MEETING = [door for door in doors.every() if {"slug", "meeting"} & {*door.variables}]


@pytest.fixture
def hidden(world):
    """A stranger's meeting, full of people, whose name says what it is; it is a draft again."""
    estate = world.theirs
    Meeting.objects.filter(slug=estate.slug).update(
        status=MeetingStatus.DRAFT, title=SECRET, title_alt=SECRET, short_title=SECRET,
        short_title_alt=SECRET, venue=SECRET, summary=SECRET, arrival_note=SECRET,
        contact_name=SECRET,
    )  # fmt: skip
    Registration.objects.filter(meeting__slug=estate.slug).update(organization=SECRET)
    return estate


def visitors(world):
    return {
        "anybody": browser(),
        "another organizer": browser(world.mine),
        "a program": program(),
        "another organizer's program": program(world.mine.credentials()["organizer"]),
    }


def said(answer):
    body = b"".join(answer) if answer.streaming else answer.content
    text = body.decode(errors="ignore") + str(dict(answer.headers))
    # What differs from one answer to the next, whatever is asked.
    return re.sub(
        r"csrfmiddlewaretoken[^>]*|nonce-?=?[\"']?[\w/+=-]+|Expires[^,]*, [^']*'", "", text
    )


def test_no_list_tells_of_it(world, hidden):
    mine = Meeting.objects.get(slug=world.mine.slug)
    for who, visitor in visitors(world).items():
        for path in (
            "/", "/?page=2", "/api/v1/meetings/", f"/api/v1/meetings/?search={SECRET}",
            "/api/v1/meetings/?own=true", "/api/v1/region-sets/", "/robots.txt", "/sitemap.xml",
            "/manage/", f"/manage/?q={SECRET}", f"/m/{mine.slug}/",
            f"/m/{mine.slug}.ics", "/readyz",
        ):  # fmt: skip
            text = said(visitor.get(path))
            # A search says again what was searched for.
            typed = "search=" in path or "q=" in path
            assert typed or SECRET not in text, (who, path)
            assert hidden.slug not in text.split(), (who, path)
            assert f"/{hidden.slug}" not in text, (who, path)
    counted = program().get("/api/v1/meetings/").json()
    assert hidden.slug not in [row["slug"] for row in counted["results"]]
    assert counted.get("count", len(counted["results"])) == len(counted["results"])


def asked(world, hidden, door, who):
    """How its address answers, and one that never was, with what differs put aside."""
    visitor, url = visitors(world)[who], door.url(hidden)
    # As long, so that the length of an answer may be compared.
    never = "n" * len(hidden.slug)
    unknown = url.replace(f"/{hidden.slug}", f"/{never}")
    assert unknown != url
    there, nowhere = visitor.get(url), visitor.get(unknown)
    return (
        (there.status_code, said(there).replace(hidden.slug, "X")),
        (nowhere.status_code, said(nowhere).replace(never, "X")),
    )


@pytest.mark.parametrize("who", ["anybody", "another organizer"])
def test_its_pages_answer_as_ones_that_never_were(world, hidden, who):
    assert_no_difference(world, hidden, who, [d for d in OF_A_MEETING if not is_api(d)])


@pytest.mark.parametrize("who", ["a program", "another organizer's program"])
def test_so_do_its_addresses_for_programs(world, hidden, who):
    assert_no_difference(world, hidden, who, [door for door in OF_A_MEETING if is_api(door)])


def is_api(door):
    return door.name.startswith("api-")


def assert_no_difference(world, hidden, who, found):
    # Who is not signed in is sent to the sign-in from all others (test_doors).
    signed_in = "another" in who
    found = [
        d for d in found if signed_in or d.name in doors.OPEN or d.name in doors.PUBLIC_METHODS
    ]
    assert len(found) > 1
    for door in found:
        there, nowhere = asked(world, hidden, door, who)
        assert there == nowhere, door.name
        assert SECRET not in there[1], door.name


def test_whoever_wants_its_address_learns_that_it_is_taken_and_no_more(world, hidden):
    visitor = program(world.mine.credentials()["organizer"])
    body = {
        "title": SECRET, "starts_at": "2031-01-01T10:00:00Z", "ends_at": "2031-01-01T12:00:00Z",
        "time_zone": "Europe/Moscow",
    }  # fmt: skip

    def refused(slug):
        answer = visitor.post("/api/v1/meetings/", body | {"slug": slug}, format="json")
        assert answer.status_code == 422
        return answer.json()["errors"]

    # A draft, what everybody can see, and a page of the office: all the same.
    assert refused(hidden.slug) == refused(world.second.slug) == refused("new")
    assert SECRET not in str(refused(hidden.slug))
