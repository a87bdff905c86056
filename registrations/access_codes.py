"""Access codes: made by the organizer, presented by whoever registers with one."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.models import Category, Meeting
from registrations import places, seats, throttle
from registrations.models import AccessCode, Scope, SeatLimit
from registrations.transitions import StaleVersion

FIELDS = (
    "code",
    "label",
    "category",
    "opens_at",
    "closes_at",
    "opens_early",
    "skips_review",
    "is_active",
)
# Without what is taken for something else when it is read out: O and 0, I, L and 1.
SPEAKABLE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LENGTH = 8
VALID = re.compile(r"[A-Z0-9]{4,20}")
# Letters that look the same in both alphabets: a code is typed as it is seen.
ALIKE = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")
# Wrong codes from one address in ten minutes; a right one does not count.
MOST_GUESSES, WINDOW = 20, 600


class CodeExists(Refused):
    code = "access_code_exists"


class CodeInUse(Refused):
    code = "access_code_in_use"


class CodeUnknown(Refused):
    code = "access_code_unknown"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the organizer says about a code. `code` "": one is drawn. `limit` None: any number."""

    label: str
    category: Category
    code: str = ""
    limit: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    opens_early: bool = False
    skips_review: bool = False
    is_active: bool = True


def normal(typed: str) -> str:
    """A code as it is stored and compared: capitals and digits, however it was typed."""
    return re.sub(r"[\s\-–—.]", "", typed).upper().translate(ALIKE)


def url(code: AccessCode) -> str:
    """The unlisted link: the form with the code in it."""
    form = reverse("register", args=[code.meeting.slug])
    return f"{settings.PUBLIC_URL}{form}?code={code.code}"


def find(*, meeting: Meeting, typed: str, visitor: str, at: datetime) -> AccessCode:
    """
    The code that somebody presents, if it is valid at that moment. Wrong ones are counted,
    in a burst as well.

    :raises CodeUnknown: there is none, or it is switched off, or not valid now
    :raises Throttled: too many wrong ones from that visitor
    """
    key = f"code:{meeting.pk}:{visitor}"
    throttle.hit(key, limit=MOST_GUESSES, seconds=WINDOW, at=at)
    code = None
    if VALID.fullmatch(normal(typed)):
        usable = AccessCode.objects.usable(at).select_related("category", "places")
        code = usable.filter(meeting=meeting, code=normal(typed)).first()
    if code is None:
        raise CodeUnknown(
            _("This access code is not valid. Check it, or ask whoever gave it to you.")
        )
    throttle.forgive(key, seconds=WINDOW, at=at)
    code.meeting = meeting
    return code


def open_code(*, meeting: Meeting, wish: Wish, at: datetime, by: Actor) -> AccessCode:
    """
    Make a code.

    :raises CodeExists: the meeting has this one already
    """
    try:
        return _open(meeting, wish, at=at, by=by)
    except IntegrityError as error:
        raise _exists(error) from error


@transaction.atomic(durable=True)
def _open(meeting: Meeting, wish: Wish, *, at: datetime, by: Actor) -> AccessCode:
    made = AccessCode(meeting=meeting, created_at=at)
    for field in FIELDS:
        setattr(made, field, getattr(wish, field))
    made.code = made.code or drawn()
    made.save(force_insert=True)
    SeatLimit.objects.create(
        meeting=meeting, scope=Scope.ACCESS_CODE, access_code=made, seat_limit=wish.limit
    )
    _note(made, "access_code.opened", at=at, by=by)
    return made


def change(
    *, access_code: AccessCode, wish: Wish, version: int | None, at: datetime, by: Actor
) -> AccessCode:
    """
    Change what was said of a code. Whoever has registered with it stays.

    :raises LimitBelowTaken: the limit would be below the number of people who came with it
    :raises StaleVersion: somebody else was quicker (`version`: the current one)
    :raises CodeExists: the meeting has that code already
    """
    try:
        return _change(access_code, wish, version, at=at, by=by)
    except IntegrityError as error:
        raise _exists(error) from error


@transaction.atomic(durable=True)
def _change(
    access_code: AccessCode, wish: Wish, version: int | None, *, at: datetime, by: Actor
) -> AccessCode:
    seats.lock(access_code.meeting_id)
    access_code = _locked(access_code)
    if version is not None and version != access_code.version:
        raise StaleVersion(
            _("This access code was changed in the meantime. Look at it again."),
            version=access_code.version,
        )
    counter = SeatLimit.objects.get(access_code=access_code)
    seats.refuse_below_taken(counter, wish.limit)
    changed = ["limit"] if counter.seat_limit != wish.limit else []
    counter.seat_limit = wish.limit
    places.absorb_over(counter)
    counter.save(update_fields=["seat_limit", "taken", "over"])
    for field in FIELDS:
        said = getattr(wish, field)
        if getattr(access_code, field) != said and (field != "code" or said):
            setattr(access_code, field, said)
            changed.append(field)
    access_code.version += 1
    access_code.save(update_fields=[*FIELDS, "version"])
    _note(access_code, "access_code.changed", at=at, by=by, fields=changed)
    return access_code


@transaction.atomic(durable=True)
def remove(*, access_code: AccessCode, at: datetime, by: Actor) -> None:
    """
    Remove a code that nobody ever registered with. Twice is harmless.

    :raises CodeInUse: somebody has; it can be switched off
    """
    seats.lock(access_code.meeting_id)
    found = AccessCode.objects.select_for_update().filter(pk=access_code.pk).first()
    if found is None:
        return
    if found.people.exists():
        raise CodeInUse(_("People have registered with this code: switch it off instead."))
    _note(found, "access_code.removed", at=at, by=by)
    found.delete()


def drawn() -> str:
    """A code by chance: nobody finds it by trying."""
    return "".join(secrets.choice(SPEAKABLE) for _letter in range(LENGTH))


def _locked(access_code: AccessCode) -> AccessCode:
    rows = AccessCode.objects.select_for_update(of=("self",))
    return rows.select_related("meeting", "category").get(pk=access_code.pk)


def _exists(error: IntegrityError) -> Exception:
    """The refusal that the database's objection means; any other stays what it is."""
    if "one_access_code_of_a_kind" not in str(error):
        return error
    return CodeExists(_("The meeting has this access code already."))


def _note(
    access_code: AccessCode, action: str, *, at: datetime, by: Actor, **changes: object
) -> None:
    journal.record(
        by=by,
        at=at,
        action=action,
        subjects=[f"meeting:{access_code.meeting_id}", f"access_code:{access_code.pk}"],
        changes=changes or None,
    )
