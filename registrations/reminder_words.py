"""Rules of reminders in words: when, to whom, at what hour for whom, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import when
from events.models import Meeting, in_language
from notifications.explanations import EXPLANATIONS
from registrations.models import Audience, Presence, ReminderRule, RuleKind, RuleStatus
from registrations.reminder_forecast import Forecast, Group


@dataclass(frozen=True, kw_only=True)
class Wave:
    """All who get it at one moment: at the venue's clock, and at the others'."""

    at: datetime
    words: str
    people: int
    elsewhere: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Said:
    """One rule as the office shows it. Counts are in the forecast."""

    forecast: Forecast
    when: str
    whom: str
    waves: tuple[Wave, ...]
    left_out: tuple[tuple[int, str], ...]


def say(forecast: Forecast, meeting: Meeting) -> Said:
    """The forecast in the active language."""
    return Said(
        forecast=forecast,
        when=moment_of(forecast.rule),
        whom=whom(forecast.rule, meeting),
        waves=waves(forecast.groups, meeting),
        left_out=tuple((number, words) for _code, words, number in reasons(forecast)),
    )


def reasons(forecast: Forecast) -> list[tuple[str, str, int]]:
    """Why it does not go to so many: code, sentence, number."""
    return [
        (reason, str(EXPLANATIONS.get(reason, reason)), number)
        for reason, number in forecast.left_out.items()
    ]


def moment_of(rule: ReminderRule) -> str:
    """“1 day before, at 10:00”."""
    amount, clock = rule.amount, f"{rule.at_time:%H:%M}" if rule.at_time else ""
    words = {
        RuleKind.HOURS_BEFORE: ngettext("%(n)d hour before", "%(n)d hours before", amount),
        RuleKind.DAYS_BEFORE: ngettext(
            "%(n)d day before, at %(clock)s", "%(n)d days before, at %(clock)s", amount
        ),
        RuleKind.DAYS_AFTER: ngettext(
            "%(n)d day after the end, at %(clock)s",
            "%(n)d days after the end, at %(clock)s",
            amount,
        ),
    }
    return words[RuleKind(rule.kind)] % {"n": amount, "clock": clock}


def whom(rule: ReminderRule, meeting: Meeting) -> str:
    """“confirmed, those who come, Speakers, Kaluga Region, not checked in”."""
    parts = [str(RuleStatus(rule.status).label)]
    if rule.audience != Audience.ALL:
        parts.append(str(Audience(rule.audience).label))
    if rule.category:
        parts.append(rule.category.text(main_language=meeting.language))
    if rule.region:
        region, of = rule.region, meeting.region_set
        parts.append(in_language(region.name, region.name_alt, main_language=of.language))
    if rule.delegation:
        parts.append(rule.delegation.name)
    if rule.session:
        parts.append(rule.session.text("title", main_language=meeting.language))
    if rule.presence != Presence.ANY:
        parts.append(str(Presence(rule.presence).label))
    return ", ".join(parts)


def waves(groups: tuple[Group, ...], meeting: Meeting) -> tuple[Wave, ...]:
    """One for each moment, in order of time."""
    return tuple(
        _wave(at, list(together), meeting) for at, together in groupby(groups, lambda g: g.at)
    )


def _wave(at: datetime, groups: list[Group], meeting: Meeting) -> Wave:
    here = at.astimezone(meeting.zone).utcoffset()
    away = [group for group in groups if at.astimezone(group.zone).utcoffset() != here]
    away.sort(key=lambda g: (at.astimezone(g.zone).utcoffset(), g.zone.key))
    return Wave(
        at=at,
        words=f"{when.day(at, meeting.zone, weekday=True)}, {when.clock(at, meeting.zone)}"
        f" {when.zone_label(meeting.zone)}",
        people=sum(group.people for group in groups),
        elsewhere=tuple(_local(group, meeting) for group in away),
    )


def _local(group: Group, meeting: Meeting) -> str:
    """“Vladivostok 17:00: 12”."""
    return _("%(clock)s: %(n)d") % {"clock": clock_of(group, meeting), "n": group.people}


def clock_of(group: Group, meeting: Meeting) -> str:
    """“Vladivostok 17:00”, with the day where it is another one than at the venue."""
    clock = when.clock(group.at, group.zone)
    if group.at.astimezone(group.zone).date() != group.at.astimezone(meeting.zone).date():
        clock = f"{when.day(group.at, group.zone)}, {clock}"
    return f"{when.city(group.zone)} {clock}"
