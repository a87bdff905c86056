"""Plain functions that build the smallest valid row; every field can be overridden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.db import IntegrityError, transaction

from accounts import journal
from accounts.models import User, Via
from events import presets
from events.models import (
    Category,
    Host,
    Meeting,
    MeetingOwner,
    MeetingStatus,
    Region,
    RegionSet,
    Session,
)
from registrations import access_codes, consents, intake, seats
from registrations.delegations import opening
from registrations.invitations import sending
from registrations.models import (
    AccessCode,
    Delegation,
    Invitation,
    Registration,
    Seat,
    SeatLimit,
    Source,
    Status,
)
from registrations.sessions import planning

# A Tuesday noon, weeks before the meetings made here.
NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
LINK = journal.Actor(who="participant", via=Via.LINK)
ORGANIZER = journal.Actor(who="organizer@example.org", via=Via.UI)
REGIONS = [
    ("RU-KGD", "Калининградская область", "Kaliningrad Oblast", "Калининградская обл.",
     "Europe/Kaliningrad"),
    ("RU-KLU", "Калужская область", "Kaluga Oblast", "Калужская обл.", "Europe/Moscow"),
    ("RU-PRI", "Приморский край", "Primorsky Krai", "Приморье", "Asia/Vladivostok"),
]  # fmt: skip
_number = count(1)


def make_user(**overrides: Any) -> User:
    fields: dict[str, Any] = {
        "email": f"organizer-{next(_number)}@example.org",
        "first_name": "Olga",
        "last_name": "Petrova",
        "host_name": "Ассоциация парков (демо)",
        "host_name_alt": "Association of Parks (demo)",
    }
    return User.objects.create_user(**fields | overrides)


def make_regions() -> RegionSet:
    """Three regions of three time zones; the whole shipped list is `regions.load_shipped()`."""
    region_set = RegionSet.objects.create(
        name="Три региона", name_alt="Three regions", owner=make_user()
    )
    Region.objects.bulk_create(
        Region(
            region_set=region_set, code=code, name=name, name_alt=alt, short_name=short,
            time_zone=zone, position=position,
        )
        for position, (code, name, alt, short, zone) in enumerate(REGIONS)
    )  # fmt: skip
    return region_set


def make_meeting(
    *, owner: User | None = None, seat_limit: int | None = 2, **overrides: Any
) -> Meeting:
    """A published meeting in three weeks, open for registration, with two seats."""
    number = next(_number)
    fields: dict[str, Any] = {
        "slug": f"meeting-{number}",
        "language": "ru",
        "title": "Совещание индустриальных парков",
        "title_alt": "Meeting of industrial parks",
        "short_title": "Совещание парков",
        "short_title_alt": "Meeting of parks",
        "time_zone": "Europe/Moscow",
        "starts_at": NOON + timedelta(days=21),
        "ends_at": NOON + timedelta(days=21, hours=3),
        "venue": "Башня «Образец», зал 2",
        "venue_alt": "Obrazets Tower, hall 2",
        "contact_name": "Ольга",
        "contact_email": "org@example.org",
        "status": MeetingStatus.PUBLISHED,
        "published_at": NOON,
        "created_at": NOON,
    }
    if "region_set" not in overrides:
        fields["region_set"] = make_regions()
    meeting = Meeting.objects.create(**fields | overrides)
    SeatLimit.objects.open(meeting, seat_limit)
    MeetingOwner.objects.create(meeting=meeting, user=owner or make_user(), added_at=NOON)
    Host.objects.create(
        meeting=meeting, name="Ассоциация парков (демо)", name_alt="Association of Parks (demo)"
    )
    presets.create_categories(meeting)
    return meeting


def make_consent(meeting: Meeting, **overrides: Any) -> Any:
    """A required consent text; the meetings made here have none unless asked for."""
    fields: dict[str, Any] = {"title": "обработку данных", "text": "Согласен.", "at": NOON}
    with transaction.atomic():
        return consents.write(meeting=meeting, **fields | overrides)


def category(meeting: Meeting, code: str = "member") -> Category:
    return meeting.categories.get(code=code)


def make_application(meeting: Meeting, **overrides: Any) -> intake.Application:
    number = next(_number)
    fields: dict[str, Any] = {
        "category": category(meeting, overrides.pop("category_code", "member")),
        "language": "ru",
        "family_name": f"Иванов{_letters(number)}",
        "given_name": "Пётр",
        "patronymic": "Ильич",
        "email": f"person-{number}@example.org",
        "organization": "АО «Северный берег»",
        "position": "Директор",
    }
    return intake.Application(**fields | overrides)


def make_registration(*, meeting: Meeting | None = None, **overrides: Any) -> Registration:
    """
    Somebody on the list, with the counter moved as the use cases would.

    `status` and `seat` may be said; a confirmed person sits within the limit otherwise.
    """
    meeting = meeting or make_meeting()
    status = overrides.pop("status", Status.CONFIRMED)
    code = overrides.get("category_code", "member")
    counts = category(meeting, code).counts_as_participant
    within = status == Status.CONFIRMED and counts
    seat = overrides.pop("seat", Seat.WITHIN if within else Seat.NONE)
    at = overrides.pop("at", NOON)
    source = overrides.pop("source", Source.PUBLIC)
    late = {
        name: overrides.pop(name)
        for name in list(overrides)
        if name not in intake.Application.__dataclass_fields__ and name != "category_code"
    }
    while True:
        try:
            with transaction.atomic():
                return _add(
                    meeting, overrides, late, source=source, at=at, status=status, seat=seat
                )
        except IntegrityError as error:
            # Drawn twice, as every thousandth time among a thousand: draw again.
            if "one_registration_per_number_and_meeting" not in str(error):
                raise


def _add(
    meeting: Meeting, person: dict[str, Any], late: dict[str, Any], **row: Any
) -> Registration:
    application = make_application(meeting, **person)
    registration = intake.add(meeting=meeting, application=application, **row)
    seat, status = row["seat"], row["status"]
    if seat != Seat.NONE:
        sits_on = seats.lock(meeting.pk).seat(registration, goes_over=seat == Seat.OVER)
        assert sits_on == seat, "say seat=Seat.OVER where the meeting is full, and only there"
    elif status == Status.WAITLISTED:
        turn = seats.draw_turn(seats.lock(meeting.pk).of(registration))
        assert turn, "whoever waits does so at a full meeting"
        late["line"] = turn.line
    for name, value in late.items():
        setattr(registration, name, value)
    if late:
        registration.save(update_fields=list(late))
    return registration


def make_delegation(meeting: Meeting, **overrides: Any) -> Delegation:
    """The delegation of Kaluga with two places, whose head can be written to."""
    fields: dict[str, Any] = {
        "name": f"Делегация {next(_number)}",
        "category": category(meeting),
        "language": "ru",
        "region": meeting.region_set.regions.get(code="RU-KLU"),
        "quota": 2,
        "head_name": "Мария Котова",
        "head_email": "head@example.org",
    }
    wish = opening.Wish(**fields | overrides)
    return opening.open_many(meeting=meeting, wishes=[wish], at=NOON, by=ORGANIZER)[0]


def make_invitation(meeting: Meeting, **overrides: Any) -> Invitation:
    """An invitation to Anna Petrova that was not sent yet."""
    fields: dict[str, Any] = {
        "name": "Петрова Анна",
        "email": "petrova@example.org",
        "category": category(meeting),
        "language": "ru",
    }
    wish = sending.Wish(**fields | overrides)
    return sending.invite_many(meeting=meeting, wishes=[wish], at=NOON, by=ORGANIZER)[0]


def make_access_code(meeting: Meeting, **overrides: Any) -> AccessCode:
    """A code for the press, of which any number may come."""
    fields: dict[str, Any] = {
        "label": "Журналисты", "code": "PRESS2026", "category": category(meeting, "press"),
    }  # fmt: skip
    wish = access_codes.Wish(**fields | overrides)
    return access_codes.open_code(meeting=meeting, wish=wish, at=NOON, by=ORGANIZER)


def make_session(
    meeting: Meeting, *, hour: float = 0, capacity: int | None = 2, **overrides: Any
) -> Session:
    """A session of an hour, so many hours after the meeting begins, with two places."""
    starts_at = meeting.starts_at + timedelta(hours=hour)
    fields: dict[str, Any] = {
        "title": f"Секция {next(_number)}",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
        "capacity": capacity,
    }
    wish = planning.Wish(**fields | overrides)
    return planning.add(meeting=meeting, wish=wish, at=NOON, by=ORGANIZER)


def _letters(number: int) -> str:
    """A number as letters: names have no digits."""
    return "".join("абвгдежзик"[int(digit)] for digit in str(number))
