"""Check people in: scans go into the log, and each gets its verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from attendance import admission, scanlog
from attendance.admission import IdReused, ScanUnknown
from attendance.desks import Desk
from attendance.models import Outcome
from attendance.scanlog import Entry, ScanInput, Voiding
from attendance.verdicts import STANDING, VERDICTS, Verdict, box_of
from events import when
from events.models import Meeting, in_language
from registrations import replacing
from registrations.models import Registration

__all__ = ["IdReused", "Result", "ScanInput", "ScanUnknown", "record", "void"]

LONG_PART = 15
# What was missing for these can be decided at the desk by whoever may admit.
ADMISSIBLE = {Outcome.PENDING, Outcome.WAITLISTED, Outcome.ONLINE}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whom a verdict is about: what a steward needs to hand over the right badge."""

    uid: UUID
    number: str
    name: str
    organization: str
    region: str
    category: str
    colour: str
    box: str

    @property
    def is_long(self) -> bool:
        """Whether some part of the name would not fit a phone's width in the largest type."""
        return any(len(part) > LONG_PART for part in self.name.replace("-", " ").split())


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one scan, in the reader's language."""

    id: UUID
    outcome: str
    scanned_at: datetime
    is_replayed: bool = False
    is_voided: bool = False
    # The same id came with other content: nothing was written.
    is_reused: bool = False
    person: Person | None = None
    first_at: datetime | None = None
    first_desk: str = ""
    first_clock: str = ""
    # The meeting that the code belongs to, when it is another one: title and time.
    other_meeting: str = ""
    # What the steward may do about it with one tap: "again", "admit" or "".
    offer: str = ""
    # Who comes instead of a person whose registration was cancelled for that.
    replaced_by: str = ""
    # Whether somebody else may be let in instead of the person who was just scanned.
    may_be_replaced: bool = False

    @property
    def verdict(self) -> Verdict:
        return VERDICTS[Outcome(self.outcome)]

    @property
    def is_in(self) -> bool:
        return self.outcome == Outcome.ACCEPTED

    @property
    def can_be_undone(self) -> bool:
        """Whether the scan says that the person came, so that it can be a mistake."""
        return self.outcome in STANDING

    @property
    def line(self) -> str:
        """The verdict in words; for somebody who is in, since when and where."""
        if self.outcome == Outcome.ALREADY_IN and self.first_at:
            return _("Already in: %(time)s, %(desk)s") % {
                "time": self.first_clock,
                "desk": self.first_desk,
            }
        if self.replaced_by:
            return _("Cancelled: %(name)s comes instead") % {"name": self.replaced_by}
        return str(self.verdict.word)


def record(
    *, desk: Desk, scans: list[ScanInput], at: datetime, offset: timedelta = timedelta(0)
) -> list[Result]:
    """
    Write up to 200 scans into the log and answer each, in the order given.

    Two desks and one person: one is welcomed, the other told since when the person is
    in. Sent again, a scan changes nothing and gets its first result. `offset` is server
    time minus the device's.

    The one statement is the whole transaction, hence no decorator: BEGIN and COMMIT
    would triple the round trips of the hottest path. The log is its own journal.
    """
    if len(scans) > scanlog.LIMIT:
        raise ValueError(f"At most {scanlog.LIMIT} scans at a time.")
    entries = scanlog.write(desk=desk, scans=scans, at=at, offset=offset)
    others = _other_meetings({e.other_meeting for e in entries if e.other_meeting})
    deputies = _deputies({e.person for e in entries if e.outcome == Outcome.CANCELLED and e.person})
    return [
        replace(
            result_of(entry, desk=desk, others=others),
            replaced_by=deputies.get(entry.person, "") if entry.person else "",
            may_be_replaced=entry.outcome == Outcome.ACCEPTED and desk.may_admit,
        )
        for entry in entries
    ]


@transaction.atomic(durable=True)
def void(*, desk: Desk, entry: UUID, void_id: UUID, at: datetime) -> Voiding:
    """
    Take a scan of this checkpoint back. Twice, or by two stewards, is harmless.

    :raises ScanUnknown: this checkpoint has no such scan
    :raises IdReused: `void_id` stands for something else
    """
    return admission.take_back(desk=desk, entry=entry, void_id=void_id, at=at)


def result_of(entry: Entry, *, desk: Desk, others: dict[int, str] | None = None) -> Result:
    """A line of the log as the answer to the steward, in the active language."""
    if entry.state == "id_reused":
        return Result(
            id=entry.id, outcome=entry.outcome, scanned_at=entry.scanned_at, is_reused=True
        )
    person = None
    if entry.person is not None:
        person = Person(
            uid=entry.person,
            number=entry.number,
            name=" ".join(filter(None, [entry.family_name, entry.given_name, entry.patronymic])),
            organization=entry.organization or "",
            region=in_language(
                entry.region or "", entry.region_alt or "", main_language=desk.region_language
            ),
            category=in_language(
                entry.category or "", entry.category_alt or "", main_language=desk.language
            ),
            colour=entry.colour or "",
            box=box_of(entry.sort_key),
        )
    return Result(
        id=entry.id,
        outcome=entry.outcome,
        scanned_at=entry.scanned_at,
        is_replayed=entry.state == "replayed",
        is_voided=entry.is_voided,
        person=person,
        first_at=entry.first_at,
        first_desk=entry.first_desk or "",
        first_clock=when.clock(entry.first_at, desk.zone) if entry.first_at else "",
        other_meeting=(others or {}).get(entry.other_meeting or 0, ""),
        offer=_offer(entry, desk),
    )


def _offer(entry: Entry, desk: Desk) -> str:
    if entry.outcome == Outcome.ALREADY_IN:
        return "again"
    return "admit" if entry.outcome in ADMISSIBLE and desk.may_admit else ""


def _other_meetings(ids: set[int]) -> dict[int, str]:
    """Title and time of the public ones among these meetings."""
    return {
        meeting.pk: f"{meeting.text('short_title')}, "
        + when.moment(meeting.starts_at, meeting.zone, year=True)
        for meeting in (Meeting.objects.public().filter(pk__in=ids) if ids else [])
    }


def _deputies(absent: set[UUID]) -> dict[UUID, str]:
    """Who comes instead of these people, where somebody does: the last of several."""
    if not absent:
        return {}
    replaced = Registration.objects.filter(uid__in=absent, replacements__isnull=False)
    found = {uid: replacing.deputy_of(uid) for uid in set(replaced.values_list("uid", flat=True))}
    return {uid: deputy.full_name for uid, deputy in found.items() if deputy}
