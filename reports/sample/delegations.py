"""The delegations of the samples: opened, asked, and composed by their heads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from accounts.journal import Actor
from events.models import Category, Meeting, Region
from registrations import substituting
from registrations.delegations import keys, naming, opening
from registrations.intake import Application, Evidence
from registrations.models import ConsentDocument, Delegation, DelegationRole, Registration
from registrations.names import clean
from reports.sample.people import Person

# The heads who have no one on the list to be head of: they are written to as well.
NOBODYS_HEAD: Final = ("Юсупов Тимур Маратович", "head@example.org")


def head_of(people: list[Person], region: str) -> tuple[str, str]:
    """Name and address of the head: whoever of the delegates stands first."""
    for person in people:
        if person.region == region and person.source == "delegation":
            parts = (person.name.family, person.name.given, person.name.patronymic)
            return clean(" ".join(filter(None, parts))), person.email
    return NOBODYS_HEAD


def open_and_ask(
    *,
    meeting: Meeting,
    people: list[Person],
    quotas: Mapping[str, int],
    regions: Mapping[str, Region],
    category: Category,
    at: datetime,
    by: Actor,
) -> dict[str, Delegation]:
    """One delegation for each of these regions; their heads are asked to name people."""
    wishes = []
    for code, quota in quotas.items():
        name, email = head_of(people, code)
        region = regions[f"RU-{code}"]
        wishes.append(
            opening.Wish(
                name=region.name,
                region=region,
                category=category,
                language="ru",
                quota=quota,
                head_name=name,
                head_email=email,
            )
        )
    opened = opening.open_many(meeting=meeting, wishes=wishes, at=at, by=by)
    opening.ask(meeting=meeting, delegations=opened, at=at, by=by)
    return dict(zip(quotas, opened, strict=True))


def role_of(application: Application, delegation: Delegation) -> str:
    """The head of the delegation is on its list as such; all others are experts."""
    who = (application.family_name, application.given_name, application.patronymic)
    is_head = " ".join(filter(None, who)) == delegation.head_name
    return DelegationRole.HEAD if is_head else DelegationRole.EXPERT


def name(
    *,
    delegation: Delegation,
    application: Application,
    documents: list[ConsentDocument],
    evidence: Evidence,
    at: datetime,
) -> Registration:
    """The head puts one person on the list."""
    [named] = naming.name_people(
        delegation=delegation,
        applications=[application],
        consents=documents,
        at=at,
        by=keys.head(delegation),
        evidence=evidence,
    )
    return named


def substitute(
    *,
    delegation: Delegation,
    leaver: Registration,
    application: Application,
    documents: list[ConsentDocument],
    at: datetime,
    organizer: Actor | None = None,
) -> Registration:
    """The head puts a colleague in somebody's place; or the organizer, whom he has called."""
    name = keys.head_named(delegation)
    return substituting.substitute(
        registration=leaver,
        application=application,
        consents=documents,
        at=at,
        by=organizer or keys.head(delegation),
        head=None if organizer else name,
        copy_to=(delegation.head_email, name),
    )
