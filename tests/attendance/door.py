"""A meeting with people and a desk, for the tests of the door: plain rows, made quickly."""

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

from stdnum import damm

from accounts.models import User
from attendance import desks
from attendance.desks import Desk
from attendance.scanlog import ScanInput
from events import access
from events.models import AccessLink, Category, Meeting, MeetingOwner, Purpose, Region, RegionSet
from registrations import links, names, tickets
from registrations.models import Registration, SeatLimit, Source, Status

NOON = datetime(2030, 1, 24, 9, 0, tzinfo=UTC)  # 12:00 in Moscow
# Drawn ones would meet: among 500 of a million in one meeting in twelve.
_numbers = count(100_000)


def make_meeting(slug: str = "parks", **fields) -> Meeting:
    regions, _made = RegionSet.objects.get_or_create(
        name="Регионы", owner=None, defaults={"name_alt": "Regions", "language": "ru"}
    )
    Region.objects.get_or_create(
        region_set=regions,
        code="RU-KLU",
        defaults={"name": "Калужская область", "name_alt": "Kaluga Oblast"},
    )
    owner, _made = User.objects.get_or_create(email=f"{slug}@example.org")
    meeting = Meeting.objects.create(
        slug=slug,
        **{
            "status": "published",
            "title": "Совещание парков",
            "short_title": "Совещание парков",
            "short_title_alt": "Meeting of parks",
            "time_zone": "Europe/Moscow",
            "starts_at": NOON - timedelta(hours=2),
            "ends_at": NOON + timedelta(hours=3),
            "region_set": regions,
            "published_at": NOON - timedelta(days=30),
            "created_at": NOON - timedelta(days=30),
            **fields,
        },
    )
    MeetingOwner.objects.create(meeting=meeting, user=owner, added_at=NOON)
    Category.objects.create(
        meeting=meeting, code="participant", name="Участник", name_alt="Participant"
    )
    SeatLimit.objects.open(meeting, 100)
    return meeting


def make_person(meeting: Meeting, family: str = "Ёлкин", given: str = "Пётр", **fields):
    """A registration as plain rows; the seat counter is not moved."""
    person = Registration(
        meeting=meeting,
        **{
            "number": (number := str(next(_numbers))) + damm.calc_check_digit(number),
            "category": meeting.categories.get(),
            "status": Status.CONFIRMED,
            "source": Source.PUBLIC,
            "family_name": family,
            "given_name": given,
            "email": f"{uuid4().hex[:12]}@example.org",
            "organization": "Парк «Заречный»",
            "region": meeting.region_set.regions.first(),
            "language": "ru",
            "registered_at": NOON - timedelta(days=3),
            "status_changed_at": NOON - timedelta(days=3),
            "ticket_code": tickets.new_code(),
            **fields,
        },
    )
    if person.status == Status.WAITLISTED:
        person.waiting_since, person.line = person.registered_at, 1
    person.name_key = names.name_key(person.family_name, person.given_name, person.patronymic)
    person.sort_key = names.sort_key(person.family_name, person.given_name, person.patronymic)
    person.search_key = names.search_key(
        person.family_name, person.given_name, person.patronymic, person.organization
    )
    person.organization_key = names.organization_key(person.organization)
    person.link_hash = links.hashed(person)
    person.save()
    return person


def make_link(meeting: Meeting, number: int = 2, *, at: datetime = NOON, **fields) -> AccessLink:
    return access.issue(
        meeting=meeting,
        purpose=Purpose.DESK,
        label=f"Стойка {number}",
        number=number,
        **{"expires_at": at + timedelta(days=2), "at": at - timedelta(days=1), **fields},
    )


def token_of(link: AccessLink) -> str:
    return access.url(link).rstrip("/").rpartition("/")[2]


def open_desk(meeting: Meeting, number: int = 2, *, at: datetime = NOON, **fields) -> Desk:
    device, _token = desks.start(token=token_of(make_link(meeting, number, at=at, **fields)), at=at)
    return desks.of(device)


def device_token(meeting: Meeting, number: int = 2, *, at: datetime = NOON, **fields) -> str:
    return desks.start(token=token_of(make_link(meeting, number, at=at, **fields)), at=at)[1]


def scan(person: Registration | str, *, minutes: int = 0, **fields) -> ScanInput:
    text = person if isinstance(person, str) else str(person.ticket_code)
    return ScanInput(
        **{
            "id": uuid4(),
            "text": text,
            "method": "camera",
            "scanned_at": NOON + timedelta(minutes=minutes),
            **fields,
        }
    )
