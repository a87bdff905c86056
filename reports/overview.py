"""A meeting at one glance: four numbers, how they came about, what waits for the organizer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Format, Meeting, MeetingStatus
from events.phase import Room
from notifications import outbox
from registrations import closing, convening, pass_lists, reminder_plan
from registrations.models import Audience, Registration, RegistrationQuerySet, SeatLimit
from reports import pass_desk, roster

MOST_BARS = 42
# Where the bars stand in their drawing, which is 64 units high.
BASE_LINE = 60

# Whom a meeting of that format has at all.
_FORMS = {
    Format.IN_PERSON: {Audience.IN_PERSON},
    Format.ONLINE: {Audience.ONLINE},
    Format.HYBRID: {Audience.IN_PERSON, Audience.ONLINE},
}


@dataclass(frozen=True)
class Numbers:
    """
    Confirmed are people in categories that count; regions are theirs. What room there is says
    the counter: whoever joins online takes no seat, and some may be kept.
    """

    confirmed: int
    seat_limit: int | None
    over: int
    pending: int
    waiting: int
    regions: int
    everybody: int
    room: Room


@dataclass(frozen=True)
class Bar:
    """One day (or week) of the chart, in the units of its drawing."""

    since: date
    count: int
    x: int
    height: int

    @property
    def top(self) -> int:
        return BASE_LINE - self.height


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    by_week: bool

    @property
    def width(self) -> int:
        return max(1, len(self.bars)) * 14 - 4

    @property
    def most(self) -> int:
        return max((bar.count for bar in self.bars), default=0)


@dataclass(frozen=True)
class Need:
    """Something that waits for the organizer: a sentence, and where to do it."""

    words: str
    action: str
    url: str


def numbers(meeting: Meeting) -> Numbers:
    """The four numbers. Confirmed and waiting by the seat counters, which decide."""
    people = Registration.objects.filter(meeting=meeting)
    counted = people.confirmed().counted()
    counter = SeatLimit.objects.get(whole=meeting)
    return Numbers(
        confirmed=counted.count(),
        seat_limit=counter.seat_limit,
        over=counter.over,
        pending=people.pending().count(),
        waiting=counter.waiting,
        regions=counted.filter(region__isnull=False).values("region").distinct().count(),
        everybody=people.count(),
        room=counter.room,
    )


def by_day(meeting: Meeting, *, height: int = 56) -> Chart:
    """Registrations by the day at the venue, days without any included; by week when long."""
    counted = dict(
        Registration.objects.filter(meeting=meeting)
        .annotate(day=TruncDate("registered_at", tzinfo=meeting.zone))
        .values_list("day")
        .annotate(n=Count("pk"))
        .order_by("day")
    )
    if not counted:
        return Chart([], by_week=False)
    first, last = min(counted), max(counted)
    by_week = (last - first).days >= MOST_BARS
    step = timedelta(days=7 if by_week else 1)
    if by_week:
        first -= timedelta(days=first.weekday())
    sums: dict[date, int] = {}
    for day, count in counted.items():
        since = first + (day - first) // step * step
        sums[since] = sums.get(since, 0) + count
    days = [first + step * n for n in range((last - first) // step + 1)][-MOST_BARS:]
    most = max(sums.values())
    return Chart(
        [
            Bar(day, sums.get(day, 0), x * 14, round(sums.get(day, 0) / most * height))
            for x, day in enumerate(days)
        ],
        by_week=by_week,
    )


def _to_decide(people: RegistrationQuerySet, page: str) -> Iterator[Need]:
    """Requests by whose turn it is; while nothing special waits, one line."""
    stages = people.pending().aggregate(
        pending=Count("pk"),
        heads=Count("pk", filter=Q(awaits_head_of__isnull=False)),
        changed=Count("pk", filter=Q(approved_as__isnull=False)),
    )
    heads, changed = stages["heads"], stages["changed"]
    if own := stages["pending"] - heads - changed:
        words = ngettext("%(n)s request to decide", "%(n)s requests to decide", own)
        narrow = "stage=organizer" if heads or changed else "status=pending"
        yield Need(words % {"n": own}, _("Decide"), f"{page}?{narrow}")
    if changed:
        words = ngettext(
            "%(n)s person has changed name or organization after approval",
            "%(n)s people have changed name or organization after approval",
            changed,
        )
        yield Need(words % {"n": changed}, _("Decide"), f"{page}?stage=changes")
    if heads:
        words = ngettext(
            "%(n)s request waits for the head of a delegation",
            "%(n)s requests wait for heads of delegations",
            heads,
        )
        yield Need(words % {"n": heads}, _("See who"), f"{page}?stage=head")


def needs_you(meeting: Meeting, *, at: datetime) -> list[Need]:
    """What the organizer has to do, the most pressing first. Empty is good news."""
    people = Registration.objects.filter(meeting=meeting)
    people_page = reverse("manage-participants", args=[meeting.slug])
    needs: list[Need] = []
    if meeting.status == MeetingStatus.DRAFT and (lacking := convening.missing(meeting, at=at)):
        said = ", ".join(lacking.values())
        words = _("Before publishing, please add: %(list)s.") % {"list": said}
        needs.append(Need(words, _("Add"), reverse("manage-edit", args=[meeting.slug])))
    if meeting.is_ahead(at):
        needs += _to_decide(people, people_page)
    if meeting.is_ahead(at) and closing.is_closed(meeting, at=at):
        needs += _since_the_last_list(meeting)
    if troubled := outbox.about(f"meeting:{meeting.pk}").troubled().count():
        words = ngettext("%(n)s mail not delivered", "%(n)s mails not delivered", troubled)
        page = reverse("manage-messages", args=[meeting.slug])
        needs.append(Need(words % {"n": troubled}, _("See why"), f"{page}?state=troubled"))
    if meeting.purged_at is None and meeting.is_ahead(at):
        if twins := people.perhaps_twice().count():
            words = ngettext(
                "%(n)s record may be the same person as another",
                "%(n)s records may be the same person",
                twins,
            )
            needs.append(Need(words % {"n": twins}, _("Compare"), f"{people_page}?more=twins"))
        if odd := len(roster.names_to_check(people)):
            words = ngettext(
                "%(n)s name to check before badges are printed",
                "%(n)s names to check before badges are printed",
                odd,
            )
            needs.append(Need(words % {"n": odd}, _("Check"), f"{people_page}?more=names"))
    return needs


def _since_the_last_list(meeting: Meeting) -> Iterator[Need]:
    """What the pass desk does not know yet."""
    page = reverse("manage-lists", args=[meeting.slug])
    last = pass_lists.latest(meeting)
    if last is None:
        yield Need(_("The lists are closed, and no list is made yet"), _("Make it"), page)
    elif found := pass_lists.difference(last):
        facts = {"n": last.number, "signs": pass_desk.signs(found)}
        yield Need(_("Since list No. %(n)s: %(signs)s") % facts, _("See"), page)


def deadlines(meeting: Meeting, *, at: datetime) -> list[tuple[datetime, str]]:
    """What the clock brings from now on, in order: closings, reminders, the meeting."""
    moments: list[tuple[datetime | None, str]] = [
        (meeting.registration_opens_at, _("registration opens")),
        (meeting.registration_closes_at, _("registration closes")),
        (meeting.edits_close_at, _("lists close")),
        (meeting.doors_at, _("doors open")),
        (meeting.starts_at, _("the meeting begins")),
    ]
    if not meeting.is_sample:
        erased_at = meeting.ends_at + timedelta(days=meeting.retention_days)
        moments.append((erased_at, _("personal data is erased")))
    for rule in meeting.reminder_rules.filter(is_enabled=True):
        if rule.audience != Audience.ALL and rule.audience not in _FORMS[Format(meeting.format)]:
            continue
        due = reminder_plan.due(rule, meeting)
        if rule.thanks:
            moments.append((due, _("thanks to those who came")))
            continue
        moments.append((due, _("reminder (%(whom)s)") % {"whom": rule.get_audience_display()}))
    return sorted((moment, words) for moment, words in moments if moment and moment > at)
