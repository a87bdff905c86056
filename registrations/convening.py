"""Call a meeting: draft it, publish it, move it. Everybody concerned is told."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import iuliia
from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.models import User
from accounts.refusals import Refused
from events import presets, regions
from events.models import (
    Format,
    Host,
    Meeting,
    MeetingOwner,
    MeetingStatus,
    Organization,
    RegionSet,
    shortened,
)
from registrations import (
    clocks,
    consents,
    moving,
    names,
    offers,
    seats,
    waitlist,
)
from registrations.models import (
    Audience,
    Delegation,
    Registration,
    ReminderRule,
    RuleKind,
    Scope,
    SeatLimit,
)
from registrations.seats import Counters
from registrations.transitions import StaleVersion

# What stands in one line: in a subject, a sender's name, a calendar.
LINE_FIELDS = ("title", "title_alt", "short_title", "short_title_alt", *moving.WHERE_FIELDS[:4],
               "contact_name", "contact_phone")  # fmt: skip
# What decides for whom there is a seat, and how and until when the program hands out free ones.
SEAT_FIELDS = {"region_set", "starts_at", "edits_close_at", "offer_hours"}
# Addresses of the office that stand where a meeting's slug would: /manage/new/.
OFFICE_PAGES = {"account", "new"}
DEFAULT_RULES = [
    (RuleKind.DAYS_BEFORE, 7, time(10), Audience.ALL),
    (RuleKind.DAYS_BEFORE, 1, time(10), Audience.ALL),
    (RuleKind.HOURS_BEFORE, 1, None, Audience.ONLINE),
]


class MeetingIncomplete(Refused):
    code = "meeting_incomplete"


class MeetingCancelled(Refused):
    code = "meeting_cancelled"


@transaction.atomic(durable=True)
def draft(
    *,
    owner: User,
    at: datetime,
    by: Actor,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    time_zone: str,
    short_title: str = "",
    seat_limit: int | None = None,
    hosts: list[tuple[str, str]] | None = None,
    region_set: RegionSet | None = None,
    slug: str = "",
    **optional: Any,
) -> Meeting:
    """
    Make a meeting that only its owner sees, with a working default for all that is not said.

    `hosts` are pairs of a name and its second-language form. Contact, host and consent
    text come from the owner's account where it has them, else from the installation.
    """
    language = optional.pop("language", "") or settings.LANGUAGE_CODE
    title, short_title = names.clean(title), names.clean(short_title)
    optional.setdefault("contact_name", owner.contact_name or owner.get_full_name())
    optional.setdefault("contact_email", owner.email)
    optional.setdefault("contact_phone", owner.contact_phone)
    optional.setdefault("registration_closes_at", starts_at)
    meeting = Meeting(
        slug=slug or free_slug(short_title or title),
        language=language,
        title=title,
        short_title=short_title or shortened(title),
        starts_at=starts_at,
        ends_at=ends_at,
        time_zone=time_zone,
        region_set=region_set or regions.load_shipped(),
        created_at=at,
        **_in_lines(optional),
    )
    meeting.save(force_insert=True)
    clocks.remember(time_zone, at=at)
    MeetingOwner.objects.create(meeting=meeting, user=owner, added_at=at)
    set_hosts(meeting, hosts or [(owner.host_name, owner.host_name_alt)])
    presets.create_categories(meeting)
    SeatLimit.objects.open(meeting, seat_limit)
    ReminderRule.objects.bulk_create(
        ReminderRule(meeting=meeting, kind=kind, amount=amount, at_time=at_time, audience=audience)
        for kind, amount, at_time, audience in DEFAULT_RULES
    )
    _write_default_consent(meeting, owner, at=at)
    _note(meeting, "meeting.drafted", at=at, by=by)
    return meeting


@transaction.atomic(durable=True)
def publish(*, meeting: Meeting, at: datetime, by: Actor) -> Meeting:
    """
    Open the page to everybody who has the link. Nobody is written to. Twice is harmless.

    :raises MeetingIncomplete: something is missing (`missing`: codes for programs)
    :raises MeetingCancelled: it was called off
    """
    meeting = locked(meeting)
    if meeting.status == MeetingStatus.PUBLISHED:
        return meeting
    if meeting.status == MeetingStatus.CANCELLED:
        raise MeetingCancelled(_("The meeting has been cancelled."))
    if lacking := missing(meeting, at=at):
        raise MeetingIncomplete(
            _("Before publishing, please add: %(list)s.") % {"list": ", ".join(lacking.values())},
            missing=list(lacking),
        )
    meeting.status = MeetingStatus.PUBLISHED
    meeting.published_at = at
    meeting.version += 1
    meeting.save(update_fields=["status", "published_at", "version"])
    _note(meeting, "meeting.published", at=at, by=by)
    return meeting


def missing(meeting: Meeting, *, at: datetime) -> dict[str, str]:
    """What a meeting lacks to be published: a code for programs, words for people."""
    place = meeting.venue if meeting.format != Format.ONLINE else meeting.online_url
    checks = {
        "title": (bool(meeting.title.strip()), _("the title")),
        "place": (bool(place), _("the place, or the link for online participants")),
        "contact": (bool(meeting.contact_email), _("a contact address")),
        "host": (meeting.hosts.exists(), _("the host organization")),
        "consent": (meeting.consent_documents.current().exists(), _("the consent text")),
        "future": (meeting.ends_at > at, _("a date in the future")),
    }
    return {code: words for code, (is_there, words) in checks.items() if not is_there}


@transaction.atomic(durable=True)
def change(
    *,
    meeting: Meeting,
    changes: dict[str, Any],
    version: int | None,
    at: datetime,
    by: Actor,
    seat_limit: int | str | None = "unchanged",
    hosts: list[tuple[str, str]] | None = None,
) -> Meeting:
    """
    Change a meeting's fields. When time or place change after publishing, everybody on
    the list is told once, with old and new, and calendars follow. With the start moves what
    hung on it: the doors, and a closing that was the start or would come after the end; with
    the meeting as a whole, its programme and sessions.

    :raises StaleVersion: somebody else was quicker (`version`: the current one)
    :raises MeetingCancelled: it was called off
    :raises LimitBelowTaken: fewer seats than are taken already (`taken`: how many)
    """
    counters = None
    if seat_limit != "unchanged" or changes.keys() & SEAT_FIELDS:
        counters = seats.lock(meeting.pk)
    meeting = locked(meeting)
    if version is not None and version != meeting.version:
        raise StaleVersion(
            _("The meeting was changed in the meantime. Look at it again."),
            version=meeting.version,
        )
    if meeting.status == MeetingStatus.CANCELLED:
        raise MeetingCancelled(_("The meeting has been cancelled."))
    before = moving.Facts(meeting)
    changes = moving.without_stale_places(meeting, _in_lines(changes))
    changes = moving.with_moments_moved_along(meeting, changes)
    changed = [name for name, value in changes.items() if getattr(meeting, name) != value]
    for name in changed:
        setattr(meeting, name, changes[name])
    if hosts is not None:
        set_hosts(meeting, hosts)
    moved = bool(set(changed) & {*moving.WHEN_FIELDS, *moving.WHERE_FIELDS})
    meeting.version += 1
    meeting.sequence += moved
    meeting.save(update_fields=[*changed, "version", "sequence"])
    clocks.remember(meeting.time_zone, at=at)
    moving.carry_programme(meeting, moving.moved_by(meeting, before), at=at)
    if counters is not None:
        if "region_set" in changed:
            _drop_limits_of_regions(counters)
        if not isinstance(seat_limit, str):
            _set_limit(counters, seat_limit)
        _keep_until_the_start(counters, meeting.starts_at)
        offers.keep_within_lists(counters, at=at, by=by)
        waitlist.fill(counters, meeting=meeting, at=at)
    if moved and meeting.status == MeetingStatus.PUBLISHED and at < before.starts_at:
        moving.tell(meeting, before, changed)
    _note(meeting, "meeting.changed", at=at, by=by, changes={"fields": changed})
    return meeting


@transaction.atomic(durable=True)
def set_seat_limit(
    *, meeting: Meeting, seat_limit: int | None, at: datetime, by: Actor
) -> list[Registration]:
    """
    Set how many seats there are (None: no limit). New seats go to those who wait.

    Returns who was confirmed.

    :raises LimitBelowTaken: fewer than are taken already (`taken`: how many)
    """
    counters = seats.lock(meeting.pk)
    _set_limit(counters, seat_limit)
    promoted = waitlist.fill(counters, meeting=meeting, at=at)
    _note(meeting, "meeting.seat_limit", at=at, by=by, changes={"seat_limit": seat_limit})
    return promoted


def audience_size(meeting: Meeting) -> int:
    """
    How many people a change of time or place would be told to: those with an address, be it
    that of whoever registered them.
    """
    people = Registration.objects.live().filter(meeting=meeting)
    return people.exclude(email="", submitted_by_email="").count()


@transaction.atomic(durable=True)
def set_consent(*, meeting: Meeting, at: datetime, by: Actor, **text: Any) -> None:
    """Set a consent text (see `consents.write`); consents given to the old one stay."""
    document = consents.write(meeting=meeting, at=at, **text)
    _note(
        meeting,
        "meeting.consent_text",
        at=at,
        by=by,
        changes={"kind": document.kind, "version": document.version},
    )


def _in_lines(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, without breaks and what cannot be seen where a line is meant."""
    # Some letters become two when they are composed.
    longest = {field.name: field.max_length for field in Meeting._meta.fields}
    lines = {
        name: names.clean(fields[name])[: longest[name]] for name in LINE_FIELDS if name in fields
    }
    return fields | lines


def set_hosts(meeting: Meeting, hosts: list[tuple[str, str]]) -> None:
    """Replace the hosts, in order; empty names are left out."""
    meeting.hosts.all().delete()
    cleaned = ((names.clean(name), names.clean(alt)) for name, alt in hosts)
    named = [(name, alt) for name, alt in cleaned if name]
    Host.objects.bulk_create(
        Host(meeting=meeting, name=name, name_alt=alt, position=position)
        for position, (name, alt) in enumerate(named)
    )


def free_slug(text: str) -> str:
    """An address for the page made of the title in Latin letters, not taken yet."""
    words = slugify(iuliia.ICAO_DOC_9303.translate(text))
    base = (words if len(words) <= 50 else words[:51].rpartition("-")[0]) or "meeting"
    taken = set(Meeting.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    taken |= OFFICE_PAGES & {base}
    candidates = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
    return next(slug for slug in candidates if slug not in taken)


def _set_limit(counters: Counters, seat_limit: int | None) -> None:
    """Change the meeting's limit; `waitlist.fill` then hands out what got free."""
    whole = counters.whole
    seats.refuse_below_taken(whole, seat_limit)
    whole.seat_limit = seat_limit
    whole.save(update_fields=["seat_limit"])


def _keep_until_the_start(counters: Counters, starts_at: datetime) -> None:
    """No seat is kept for anybody when the meeting, moved to an earlier day, has begun."""
    for row in counters.rows:
        if row.reserved_until and row.reserved_until > starts_at:
            row.reserved_until = starts_at
            row.save(update_fields=["reserved_until"])


def _drop_limits_of_regions(counters: Counters) -> None:
    """Another list of regions: what was said of the old one's is about nobody any more."""
    for row in [row for row in counters.rows if row.scope in (Scope.REGION, Scope.GROUP)]:
        counters.drop(row)
    # A delegation keeps its name: whom it stands for, the organizer says anew.
    Delegation.objects.filter(meeting=counters.whole.meeting_id).update(region=None)
    Organization.objects.filter(meeting=counters.whole.meeting_id).update(region=None)


def _write_default_consent(meeting: Meeting, owner: User, *, at: datetime) -> None:
    main, alt = meeting.language, presets.other_language(meeting.language)
    host = owner.host_name or next((h.name for h in meeting.hosts.all()), "")
    facts: dict[str, Any] = {
        "host": host or owner.get_full_name() or owner.email,
        "contact": meeting.contact_email,
        "days": meeting.retention_days,
    }
    consents.write(
        meeting=meeting,
        at=at,
        title=consents.default_title(main),
        text=owner.consent_text or consents.default_text(main, **facts),
        title_alt=consents.default_title(alt),
        text_alt=owner.consent_text_alt
        or ("" if owner.consent_text else consents.default_text(alt, **facts)),
    )


def locked(meeting: Meeting) -> Meeting:
    """The meeting as it is now; whoever changes it otherwise waits until the transaction ends."""
    return (
        Meeting.objects.select_for_update(of=("self",), no_key=True)
        .select_related("region_set")
        .get(pk=meeting.pk)
    )


def _note(
    meeting: Meeting, action: str, *, at: datetime, by: Actor, changes: dict[str, Any] | None = None
) -> None:
    journal.record(by=by, at=at, action=action, subjects=[f"meeting:{meeting.pk}"], changes=changes)
