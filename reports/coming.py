"""What the meeting's post will do by itself from now on: when, what, and to how many."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from events.models import Meeting, MeetingStatus
from registrations import reminder_forecast, reminder_plan, reminder_words
from registrations.delegations import reminding
from registrations.models import Announcement, Delegation, Invitation, Offer
from reports import deliveries

# What is to be seen at a glance; nothing of it is a list to work through.
MOST = 30


@dataclass(frozen=True, kw_only=True)
class Coming:
    """
    One thing that happens at a moment. `code`: announcement, reminder, delegations,
    invitations, offers.

    `sides` are local times of those furthest away; `note` says what is to be known.
    """

    at: datetime
    code: str
    words: str
    people: int
    page: str
    sides: tuple[str, ...] = ()
    note: str = ""


def lines(meeting: Meeting, *, at: datetime) -> list[Coming]:
    """What comes, in order of time, in six queries and two more for each rule of reminders."""
    if meeting.status != MeetingStatus.PUBLISHED:
        return []
    found = [
        *_announcements(meeting, at=at),
        *_reminders(meeting, at=at),
        *_delegations(meeting, at=at),
        *_invitations(meeting, at=at),
        *_offers(meeting, at=at),
    ]
    return sorted(found, key=lambda line: (line.at, line.code))[:MOST]


def _announcements(meeting: Meeting, *, at: datetime) -> list[Coming]:
    """Messages to many whose letters wait: for the end of the minute, or for the morning."""
    sent = Announcement.objects.filter(meeting=meeting, sent_at__isnull=False)
    # Whatever was sent before these has left, or is too late.
    lately = list(sent.order_by("-sent_at")[:MOST])
    waiting = deliveries.waiting(lately)
    found = []
    for one in lately:
        if str(one.uid) not in waiting:
            continue
        one.meeting = meeting
        first, number = waiting[str(one.uid)]
        found.append(
            Coming(
                at=max(first, at),
                code="announcement",
                words=_("message to many: %(title)s") % {"title": deliveries.title(one)},
                people=number,
                page=reverse("manage-announcement", args=[meeting.slug, one.uid]),
            )
        )
    return found


def _reminders(meeting: Meeting, *, at: datetime) -> list[Coming]:
    page = reverse("manage-edit-section", args=[meeting.slug, "reminders"])
    found = []
    for forecast in reminder_forecast.forecasts(meeting, at=at):
        # Who may still get it: those who are on the list, and whoever is till then.
        if not forecast.people and forecast.due_at < at:
            continue
        facts = {
            "when": reminder_words.moment_of(forecast.rule),
            "whom": reminder_words.whom(forecast.rule, meeting),
        }
        words = _("thanks: %(when)s") if forecast.rule.thanks else _("reminder: %(when)s")
        found.append(
            Coming(
                at=forecast.next_at,
                code="reminder",
                words=words % facts,
                people=forecast.people,
                page=page,
                sides=tuple(
                    reminder_words.clock_of(group, meeting)
                    for group in forecast.sides
                    if group.zone != meeting.zone
                ),
                note=facts["whom"],
            )
        )
    return found


def _delegations(meeting: Meeting, *, at: datetime) -> list[Coming]:
    """The heads who are reminded two days before their list closes, unless it is full by then."""
    waiting = Delegation.objects.with_addresses().filter(
        meeting=meeting, asked_at__isnull=False, refused_at=None
    )
    moments = Counter[datetime]()
    for delegation in waiting.select_related("places", "region"):
        delegation.meeting = meeting
        begins = delegation.deadline - reminding.AHEAD
        last = max(filter(None, [delegation.asked_at, delegation.reminded_at]))
        if delegation.places.is_full or last >= begins:
            continue
        own = delegation.region.time_zone if delegation.region else ""
        clocks = (ZoneInfo(own) if own else meeting.zone, meeting.zone)
        moment = reminder_plan.next_awake(max(begins, at), clocks)
        if moment <= delegation.deadline - reminding.MARGIN:
            moments[moment] += 1
    return [
        Coming(
            at=moment,
            code="delegations",
            words=_("reminder to heads of delegations whose list is not full"),
            people=number,
            page=reverse("manage-delegations", args=[meeting.slug]),
        )
        for moment, number in moments.items()
    ]


def _invitations(meeting: Meeting, *, at: datetime) -> list[Coming]:
    """Who has not answered yet. A reminder of an invitation goes when the organizer says so."""
    open_ones = Invitation.objects.filter(
        meeting=meeting, erased_at=None, sent_at__isnull=False
    ).unanswered()
    moments, fresh = Counter[datetime](), Counter[datetime]()
    for invitation in open_ones.only("expires_at", "reminded_at", "meeting_id"):
        invitation.meeting = meeting
        if (deadline := invitation.deadline) > at:
            moments[deadline] += 1
            fresh[deadline] += invitation.reminded_at is None
    return [
        Coming(
            at=moment,
            code="invitations",
            words=_("last moment to answer an invitation"),
            people=number,
            page=reverse("manage-invitations", args=[meeting.slug]),
            note=_("not reminded yet: %(n)d; a reminder goes when you send it")
            % {"n": fresh[moment]},
        )
        for moment, number in moments.items()
    ]


def _offers(meeting: Meeting, *, at: datetime) -> list[Coming]:
    moments = Counter(Offer.objects.of(meeting).values_list("answer_by", flat=True))
    return [
        Coming(
            at=moment,
            code="offers",
            words=_("an offered seat goes to the next in line, unless it is taken"),
            people=number,
            page=reverse("manage-participants", args=[meeting.slug]) + "?more=offered",
        )
        for moment, number in moments.items()
        if moment > at
    ]
