"""
Making the sample: the plans are carried out through the use cases, as people would.

Nothing is inserted past them, so that counters, letters and journal are what they would
be; only the clock is a story. Which letters of it are on record as sent, and never
sent, is `notifications.history`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from accounts import journal
from accounts.journal import Actor
from accounts.models import User, Via
from events import agenda
from events.models import AgendaItem, Category, Meeting, Region
from notifications import history
from registrations import amending, booking, convening, names, reminders, review
from registrations import organizations as merging
from registrations.booking import Application, Evidence
from registrations.delegations import keys, naming
from registrations.models import ConsentDocument, Delegation, Invitation, Registration, Source
from reports.sample import (
    delegations,
    eve,
    invitations,
    meetings,
    organizations,
    past,
    schedule,
    upcoming,
)
from reports.sample.people import ASSISTANT, Fate, Person

# Kept free for documentation (RFC 5737): a consent notes where it came from.
EVIDENCE: Final = Evidence(ip_address="192.0.2.20", user_agent="Sample/1.0")
REGIONS_OF: Final = "RU-"


@dataclass
class Cast:
    """A meeting with all that its registrations refer to, and the rows made so far."""

    meeting: Meeting
    people: list[Person]
    by: Actor
    regions: dict[str, Region] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    documents: list[ConsentDocument] = field(default_factory=list)
    rows: dict[int, Registration] = field(default_factory=dict)
    delegations: dict[str, Delegation] = field(default_factory=dict)
    invitations: dict[int, Invitation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.regions = {r.code: r for r in self.meeting.region_set.regions.all()}
        self.categories = {c.code: c for c in self.meeting.categories.all()}
        self.documents = list(self.meeting.consent_documents.current())

    def application(self, index: int, *, email: str | None = None) -> Application:
        """The form as this person filled it in."""
        person = self.people[index]
        family, given, patronymic = (
            names.check(part) if part else ""
            for part in (person.name.family, person.name.given, person.name.patronymic)
        )
        by_name, by_email = ASSISTANT if person.by_assistant else ("", "")
        region = f"{REGIONS_OF}{person.region}"
        application = Application(
            category=self.categories[person.category],
            language=person.name.language,
            family_name=family,
            given_name=given,
            patronymic=patronymic,
            latin_name=person.name.latin or names.latin_name(family, given),
            email=email or person.email,
            phone=person.phone,
            organization=names.clean(person.organization),
            position=person.position,
            region=self.regions[region] if person.region else None,
            submitted_by_name=by_name,
            submitted_by_email=by_email,
        )
        delegation = self.delegation_of(index)
        if delegation is None:
            return application
        return replace(
            application,
            submitted_by_name=delegation.head_name,
            delegation=delegation,
            delegation_role=delegations.role_of(application, delegation),
        )

    def delegation_of(self, index: int) -> Delegation | None:
        """Whose head named this person, if it was a head."""
        person = self.people[index]
        if person.source != Source.DELEGATION:
            return None
        return self.delegations[person.region or ""]


def organizer(owner: User) -> Actor:
    return journal.organizer(owner, via=Via.COMMAND)


def past_meeting(*, owner: User, seed: int) -> Cast:
    """The past meeting up to its eve: drafted, published, filled, moved."""
    by = organizer(owner)
    with history.past(schedule.DRAFTED_AT):
        meeting = convening.draft(
            owner=owner, at=schedule.DRAFTED_AT, by=by, **meetings.past_meeting()
        )
        _programme(meeting, at=schedule.DRAFTED_AT, by=by)
        meeting = convening.publish(meeting=meeting, at=schedule.PUBLISHED_AT, by=by)
    cast = Cast(meeting=meeting, people=past.people(seed), by=by)
    _open_delegations(cast, past.QUOTAS, at=schedule.HEADS_ASKED_AT)
    with history.past(schedule.HEADS_ASKED_AT):
        cast.invitations = invitations.invite(
            meeting=meeting,
            people=cast.people,
            categories=cast.categories,
            at=schedule.HEADS_ASKED_AT,
            by=by,
        )
    _tidy_organizations(cast, at=schedule.FULL_AT)

    trouble = _Trouble(cast, seed)
    meanwhile = [
        *[(at, _remind) for at in schedule.REMINDED_AT],
        (schedule.ROOM_CHANGED_AT, _move),
        (schedule.LISTED_AT, _close_lists),
        (schedule.CORRECTED_AT, _correct),
        (schedule.LISTED_AGAIN_AT, _take_list),
    ]
    meanwhile.sort(key=lambda each: each[0])
    for step in schedule.steps(cast.people, seed):
        while meanwhile and meanwhile[0][0] <= step.at:
            at, happens = meanwhile.pop(0)
            with history.past(at):
                happens(cast, at)
        with history.past(step.at):
            _carry_out(cast, step, trouble)
    for at, happens in meanwhile:
        with history.past(at):
            happens(cast, at)
    return cast


def upcoming_meeting(*, owner: User, seed: int, now: datetime) -> Cast:
    """The upcoming meeting: published two weeks ago, 52 of 60 seats taken since."""
    by = organizer(owner)
    people = upcoming.people(seed)
    moments = upcoming.moments(people, seed, now=now)
    drafted_at = moments[0] - timedelta(days=1)
    with history.past(drafted_at):
        meeting = convening.draft(
            owner=owner, at=drafted_at, by=by, **meetings.upcoming_meeting(now)
        )
        _programme(meeting, at=drafted_at, by=by)
        meeting = convening.publish(meeting=meeting, at=drafted_at + timedelta(hours=2), by=by)
    cast = Cast(meeting=meeting, people=people, by=by)
    _open_delegations(cast, upcoming.QUOTAS, at=drafted_at + timedelta(hours=3))
    with history.past(now - timedelta(days=1)):
        naming.refuse(
            delegation=cast.delegations[upcoming.REFUSED],
            at=now - timedelta(days=1),
            by=keys.head(cast.delegations[upcoming.REFUSED]),
        )
    _wait_for_answers(cast, at=drafted_at + timedelta(hours=4), now=now)
    order = list(range(len(people)))
    Random(seed + 102).shuffle(order)  # noqa: S311 -- a sample, not a secret
    for index, at in zip(order, moments, strict=True):
        with history.past(at):
            _register(cast, index, at=at)
        if people[index].fate == Fate.FREED:
            with history.past(at + timedelta(hours=5)):
                booking.cancel(
                    registration=cast.rows[index], at=at + timedelta(hours=5), by=participant()
                )
    return cast


def participant() -> Actor:
    return Actor(who="participant", via=Via.LINK)


class _Trouble:
    """Whose mail went astray: two mistyped an address, one server said "later" at first."""

    def __init__(self, cast: Cast, seed: int) -> None:
        chance = Random(seed + 3)  # noqa: S311 -- a sample, not a secret
        usual = [
            n
            for n, person in enumerate(cast.people)
            if person.fate == Fate.ATTENDED and not person.by_assistant
        ]
        *self.mistyped, self.deferred = chance.sample(usual, schedule.BOUNCED + 1)


def _carry_out(cast: Cast, step: schedule.Step, trouble: _Trouble) -> None:
    if step.act == "register":
        mistyped = step.index in trouble.mistyped
        right = cast.people[step.index].email
        wrong = right.replace("@example.org", "@exampel.example")
        _register(cast, step.index, at=step.at, email=wrong if mistyped else right)
        row = cast.rows[step.index]
        if mistyped:
            history.bounce(subject=f"registration:{row.pk}")
            corrected_at = step.at + timedelta(minutes=2)
            with history.past(corrected_at):
                cast.rows[step.index] = amending.correct_address(
                    registration=row, email=right, at=corrected_at, by=cast.by
                )
        elif step.index == trouble.deferred:
            history.retry(subject=f"registration:{row.pk}", after=timedelta(minutes=15))
        return
    row = cast.rows[step.index]
    if step.act == "substitute":
        delegation = cast.delegation_of(step.index)
        assert delegation is not None, "whoever is substituted was a delegate"
        cast.rows[step.other] = delegations.substitute(
            delegation=delegation,
            leaver=row,
            application=cast.application(step.other),
            documents=cast.documents,
            at=step.at,
            organizer=cast.by if step.at >= schedule.LISTED_AT else None,
        )
    elif step.act == "promote":
        review.promote(registration=row, at=step.at, by=cast.by)
    elif step.act == "approve":
        review.approve(registration=row, at=step.at, by=cast.by)
    elif step.act == "decline":
        reason = "Совещание проводится для управляющих компаний и органов власти."
        review.decline(registration=row, at=step.at, by=cast.by, reason=reason, shows_reason=True)
    else:
        # Participants cannot give up any more: they call the secretariat.
        by = cast.by if step.at >= schedule.LISTED_AT else participant()
        booking.cancel(registration=row, at=step.at, by=by)


def _register(cast: Cast, index: int, *, at: datetime, email: str | None = None) -> None:
    if delegation := cast.delegation_of(index):
        cast.rows[index] = delegations.name(
            delegation=delegation,
            application=cast.application(index, email=email),
            documents=cast.documents,
            evidence=EVIDENCE,
            at=at,
        )
        return
    if invitation := cast.invitations.get(index):
        cast.rows[index] = invitations.accept(
            invitation=invitation,
            application=cast.application(index, email=email),
            documents=cast.documents,
            evidence=EVIDENCE,
            at=at,
        )
        return
    cast.rows[index] = booking.register(
        meeting=cast.meeting,
        application=cast.application(index, email=email),
        consents=cast.documents,
        at=at,
        by=journal.PUBLIC,
        source=cast.people[index].source,
        evidence=EVIDENCE,
    ).registration


def _open_delegations(cast: Cast, quotas: dict[str, int], *, at: datetime) -> None:
    with history.past(at):
        cast.delegations = delegations.open_and_ask(
            meeting=cast.meeting,
            people=cast.people,
            quotas=quotas,
            regions=cast.regions,
            category=cast.categories["member"],
            at=at,
            by=cast.by,
        )


def _wait_for_answers(cast: Cast, *, at: datetime, now: datetime) -> None:
    """A few people of the upcoming meeting were invited by name, the press got a code."""
    meeting, by = cast.meeting, cast.by
    with history.past(at):
        invited = invitations.invite_more(
            organization=organizations.MINISTRY_OF_ECONOMY,
            category=cast.categories["ministry"],
            meeting=meeting,
            at=at,
            by=by,
        )
        invitations.make_code(category=cast.categories["press"], meeting=meeting, at=at, by=by)
    with history.past(now - timedelta(days=1)):
        invitations.answer_some(invited, meeting=meeting, at=now - timedelta(days=1), by=by)


def _move(cast: Cast, at: datetime) -> None:
    """Two days before, the meeting moves into another hall: everybody is told."""
    venue, venue_alt = meetings.MOVED_TO
    cast.meeting = convening.change(
        meeting=cast.meeting,
        changes={"venue": venue, "venue_alt": venue_alt},
        version=None,
        at=at,
        by=cast.by,
    )


def _close_lists(cast: Cast, at: datetime) -> None:
    eve.close_lists(meeting=cast.meeting, at=at, by=cast.by)


def _correct(cast: Cast, at: datetime) -> None:
    # Whoever came through a delegation may have been replaced by then.
    index = next(
        n
        for n, person in enumerate(cast.people)
        if (person.fate, person.source) == (Fate.ATTENDED, Source.PUBLIC)
        and person.category == "member"
    )
    cast.rows[index] = eve.correct(registration=cast.rows[index], at=at, by=cast.by)


def _take_list(cast: Cast, at: datetime) -> None:
    eve.take_list(meeting=cast.meeting, at=at, by=cast.by)


def _remind(cast: Cast, at: datetime) -> None:
    reminders.send_due(at=at)


def _programme(meeting: Meeting, *, at: datetime, by: Actor) -> None:
    items = [
        AgendaItem(
            meeting=meeting,
            starts_at=meeting.starts_at + timedelta(minutes=minutes),
            title=title,
            title_alt=title_alt,
            note=note,
            note_alt=note_alt,
        )
        for minutes, title, title_alt, note, note_alt in meetings.AGENDA
    ]
    agenda.write(meeting=meeting, items=items, version=None, at=at, by=by)


def _tidy_organizations(cast: Cast, *, at: datetime) -> None:
    """
    The organizer has seen that one ministry is written in three ways, and has noted of the
    parks of the largest delegations where they are and that the association counts them in.
    """
    for (name, spellings), short_name in zip(
        organizations.SPELLINGS.items(), ("Минэкономразвития", "Минпромторг"), strict=True
    ):
        _organization(cast, name, *spellings, short_name=short_name, at=at)
    parks = {
        person.organization: person.region
        for person in cast.people
        if person.category == "member"
        and person.region in past.MEMBERS_NOTED
        and person.organization != organizations.authority(person.region)
    }
    for name, region in parks.items():
        home = cast.regions[f"{REGIONS_OF}{region}"]
        _organization(cast, name, region=home, is_member=True, at=at)


def _organization(cast: Cast, name: str, *spellings: str, at: datetime, **known: Any) -> None:
    keys = [names.organization_key(names.clean(spelling)) for spelling in (name, *spellings)]
    merging.merge(
        meeting=cast.meeting,
        keys=keys,
        name=name,
        at=at,
        by=cast.by,
        **({"short_name": ""} | known),
    )
