"""The invitations of the samples: sent by the organizer, answered by the invited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from accounts.journal import Actor
from events.models import Category, Meeting
from registrations import access_codes, full_names
from registrations.intake import Application, Evidence
from registrations.invitations import answering, keys, sending
from registrations.models import ConsentDocument, Invitation, Registration, Source
from registrations.names import clean
from reports.sample.people import Person

# Who was invited to the upcoming meeting and has not registered: two have not answered, one
# of them was reminded; the last one cannot come.
WAITING: Final = (
    ("Одинцова Вера Павловна", "odintsova@example.org", "директор департамента"),
    ("Берг Константин Оттович", "berg@example.org", "заместитель директора департамента"),
    ("Абдуллина Гузель Маратовна", "abdullina@example.org", "советник"),
)
WHY_NOT: Final = "В эти дни я в командировке. Пришлите, пожалуйста, материалы."
# A code that the organizer told the editors of industry papers.
PRESS_CODE: Final = "PRESSA24"


def invite(
    *,
    meeting: Meeting,
    people: list[Person],
    categories: Mapping[str, Category],
    at: datetime,
    by: Actor,
) -> dict[int, Invitation]:
    """Whoever came by invitation is sent one. By place in `people`."""
    invited = {n: one for n, one in enumerate(people) if one.source == Source.INVITATION}
    wishes = [
        sending.Wish(
            name=full_names.join(
                *(clean(part) for part in (one.name.family, one.name.given, one.name.patronymic))
            ),
            email=one.email,
            category=categories[one.category],
            language=one.name.language,
            organization=clean(one.organization),
            position=one.position,
            # Two people of the sample mistype their address.
            binds_email=False,
        )
        for one in invited.values()
    ]
    made = sending.invite_many(meeting=meeting, wishes=wishes, at=at, by=by)
    sending.send(meeting=meeting, invitations=made, at=at, by=by)
    return dict(zip(invited, made, strict=True))


def accept(
    *,
    invitation: Invitation,
    application: Application,
    documents: list[ConsentDocument],
    evidence: Evidence,
    at: datetime,
) -> Registration:
    """The invited person comes."""
    return answering.accept(
        invitation=invitation,
        application=application,
        consents=documents,
        at=at,
        by=keys.invited(invitation),
        evidence=evidence,
    ).registration


def invite_more(
    *,
    meeting: Meeting,
    organization: str,
    category: Category,
    at: datetime,
    by: Actor,
) -> list[Invitation]:
    """The upcoming meeting waits for a few answers."""
    wishes = [
        sending.Wish(
            name=name,
            email=email,
            category=category,
            language="ru",
            organization=organization,
            position=position,
            skips_review=True,
            allows_substitute=True,
        )
        for name, email, position in WAITING
    ]
    made = sending.invite_many(meeting=meeting, wishes=wishes, at=at, by=by)
    sending.send(meeting=meeting, invitations=made, at=at, by=by)
    return made


def answer_some(invited: list[Invitation], *, meeting: Meeting, at: datetime, by: Actor) -> None:
    """A day later one is reminded, and another declines."""
    sending.remind(meeting=meeting, invitations=invited[1:2], at=at, by=by)
    declining = invited[-1]
    answering.decline(invitation=declining, why=WHY_NOT, at=at, by=keys.invited(declining))


def make_code(*, meeting: Meeting, category: Category, at: datetime, by: Actor) -> None:
    """The press comes with a code, three at most."""
    wish = access_codes.Wish(
        label="Отраслевые издания", code=PRESS_CODE, category=category, limit=3, skips_review=True
    )
    access_codes.open_code(meeting=meeting, wish=wish, at=at, by=by)
