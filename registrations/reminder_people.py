"""Whom a rule of reminders means, on which clock they live, and what was said to them already."""

from __future__ import annotations

from django.db.models import CharField, Exists, F, OuterRef, Value
from django.db.models.functions import Cast, Coalesce, Concat, NullIf

from events.models import Format, Meeting
from notifications import sparing, suppressing
from notifications.models import Message, MessageQuerySet
from registrations.models import (
    Audience,
    Presence,
    Registration,
    RegistrationQuerySet,
    ReminderRule,
    RuleStatus,
)

REMINDER, WAITING, THANKS = KINDS = ("reminder", "reminder_waiting", "thanks")
# The checkpoint that every meeting has.
DOOR = "door"
# The name of the person's time zone: the own one, else the region's, else none.
CLOCK = Coalesce(
    NullIf(F("time_zone"), Value("")), NullIf(F("region__time_zone"), Value("")), Value("")
)


def kind_of(rule: ReminderRule) -> str:
    """What the letter is called by lists and figures, and its template."""
    if rule.thanks:
        return THANKS
    return WAITING if rule.status == RuleStatus.WAITLISTED else REMINDER


def meant(rule: ReminderRule, meeting: Meeting) -> RegistrationQuerySet:
    """
    Everybody whom the rule means, whether they can be written to or not.

    Whoever is offered a seat waits no more: the offer is the letter to answer.
    """
    people: RegistrationQuerySet = Registration.objects.filter(
        meeting=meeting, status=rule.status, erased_at=None
    )
    if rule.status == RuleStatus.WAITLISTED:
        people = people.filter(offer__isnull=True)
    for name in ("category", "region", "delegation"):
        if (key := getattr(rule, f"{name}_id")) is not None:
            people = people.filter(**{name: key})
    if rule.session_id is not None:
        people = people.filter(session_seats__session=rule.session_id)
    if rule.presence == Presence.CAME:
        people = people.filter(presences__checkpoint__code=DOOR)
    elif rule.presence == Presence.ABSENT:
        people = people.exclude(presences__checkpoint__code=DOOR)
    if rule.audience == Audience.ALL:
        return people
    if meeting.format == Format.ONLINE:
        return people if rule.audience == Audience.ONLINE else people.none()
    return people.filter(attendance_mode=rule.audience)


def reachable(people: RegistrationQuerySet) -> RegistrationQuerySet:
    """Who has an address and wants to be reminded."""
    return people.filter(unsubscribed_at=None).exclude(email="")


def is_stopped(meeting: Meeting) -> Exists:
    """Whether nothing is sent to the address of the person: mail came back, or it was stopped."""
    return suppressing.stands(scope=f"meeting:{meeting.pk}", address=OuterRef("email"))


def is_spared() -> Exists:
    """Whether the mailbox was spared all about the person: what goes to many leaves it out."""
    thread = Cast(OuterRef("uid"), CharField())
    return sparing.is_untold(thread=thread, address=OuterRef("email"))


def unspoken(
    people: RegistrationQuerySet, rule: ReminderRule, meeting: Meeting
) -> RegistrationQuerySet:
    """Who has no letter of the rule yet, neither sent nor left out."""
    return people.exclude(Exists(said(rule, meeting)))


def said(rule: ReminderRule, meeting: Meeting) -> MessageQuerySet:
    """The letter of the rule to the registration of the outer query."""
    uid = Cast(OuterRef("uid"), CharField())
    key = Concat(Value(f"{kind_of(rule)}:"), uid, Value(suffix(rule, meeting)))
    return Message.objects.filter(dedupe_key=key)


def key(rule: ReminderRule, registration: Registration) -> str:
    """The occasion of the letter: said once."""
    return f"{kind_of(rule)}:{registration.uid}{suffix(rule, registration.meeting)}"


def suffix(rule: ReminderRule, meeting: Meeting) -> str:
    """
    The part of the key that names the rule and the start at the venue's clock.

    So a meeting that moves is reminded of again, and one that changes its room is not.
    """
    start = meeting.starts_at.astimezone(meeting.zone)
    return f":{rule.pk}:{start:%Y-%m-%dT%H:%M}"


def clocks(meeting: Meeting) -> list[str]:
    """The names of the clocks that people of the meeting live by; "" is the venue's."""
    people = Registration.objects.filter(meeting=meeting).annotate(clock=CLOCK)
    return list(people.order_by().values_list("clock", flat=True).distinct())
