"""The list of participants, the same as a file, and one of them with all that happened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import journal
from accounts.models import JournalEntry
from attendance.models import Scan, ScanQuerySet
from events import when
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from notifications import outbox, suppressing
from registrations import deciding, intake, names, rewriting, seats, session_seats, waitlist
from registrations.models import Registration, SessionSeat, Stage, Status
from registrations.participant_forms import AddressForm, DeclineForm
from reports import exports, headline, roster, tables

ON_A_PAGE = 50
TONES = {
    Status.CONFIRMED: "yes",
    Status.PENDING: "wait",
    Status.WAITLISTED: "wait",
    Status.DECLINED: "no",
    Status.CANCELLED: "no",
}


@own_meeting
@require_safe
def participants(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """A page of the list: who was asked for in the address."""
    asked = roster.RosterFilter(request.GET, meeting=meeting)
    people = asked.people.select_related("category", "region", "offer").annotate(
        came_at=roster.first_entry()
    )
    # Offered as a filter where there are any: then the list says who has chosen what.
    has_sessions = "session" in asked.filters
    if has_sessions:
        chosen = SessionSeat.objects.select_related("session").in_order()
        people = people.prefetch_related(Prefetch("session_seats", chosen))
    page = Paginator(people, ON_A_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    _mark(rows, meeting)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "meeting": meeting,
        "asked": asked,
        "page": page,
        "rows": rows,
        "has_sessions": has_sessions,
        "query": query.urlencode(),
        "orders": {code: words for code, (words, _by) in roster.ORDERS.items()},
        "hidden_by": [] if rows else asked.hidden_by(),
        "everybody": page.paginator.count
        if not asked.active
        else Registration.objects.filter(meeting=meeting).count(),
        "may_decide": meeting.is_ahead(timezone.now())
        and any(row.status == Status.PENDING for row in rows),
        "has_come": headline.is_the_day(meeting, at=timezone.now()),
        "here": "participants",
    }
    return render(request, "reports/participants.html", context)


def _mark(rows: list[Registration], meeting: Meeting) -> None:
    """Write beside each person what the list shows: tone, place in line, what is odd."""
    troubled = _troubled(meeting)
    people = Registration.objects.filter(meeting=meeting, pk__in=[row.pk for row in rows])
    twins = set(people.perhaps_twice().values_list("pk", flat=True))
    no_consent = set(roster.without_consent(people).values_list("pk", flat=True))
    for row in rows:
        row.tone = TONES[Status(row.status)]  # type: ignore[attr-defined]  # for the page
        row.flags = list(  # type: ignore[attr-defined]  # for the page
            _flags(
                row,
                meeting,
                troubled=row.pk in troubled,
                twin=row.pk in twins,
                bare=row.pk in no_consent,
            )
        )


def _flags(
    row: Registration, meeting: Meeting, *, troubled: bool, twin: bool, bare: bool
) -> Iterator[str]:
    if row.erased_at:
        yield _("data erased")
        return
    if row.offered_until:
        yield _offered(row, meeting)
    if troubled:
        yield _("mail not delivered")
    if row.stage in (Stage.HEAD, Stage.CHANGES):
        yield str(Stage(row.stage).label)
    if row.merged_into_id is not None:
        yield _("merged with another one")
    if not row.email:
        yield _("no e-mail")
    if twin:
        yield _("perhaps twice")
    if row.is_live and set(names.warnings(row.family_name, row.given_name, row.patronymic)) - (
        {"needs_latin"} if row.latin_name else set()
    ):
        yield _("check the name")
    if bare:
        yield _("no consent")


def _offered(row: Registration, meeting: Meeting) -> str:
    """By when somebody has to answer to whom a seat is offered, in words; else ""."""
    if row.offered_until is None:
        return ""
    return _("seat offered until %(moment)s") % {
        "moment": when.moment(row.offered_until, meeting.zone)
    }


def _troubled(meeting: Meeting) -> set[int]:
    """Registrations with a mail that did not arrive."""
    mails = outbox.about(f"meeting:{meeting.pk}").troubled()
    about = (
        subject for subjects in mails.values_list("subjects", flat=True) for subject in subjects
    )
    return {int(s.partition(":")[2]) for s in about if re.fullmatch(r"registration:\d+", s)}


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: OfficeRequest, meeting: Meeting, form: str) -> HttpResponseBase:
    """
    The list as it is filtered, as a file.

    By POST: taking personal data out of the house is an act and stands in the journal,
    and a GET only looks. Whoever follows an old link lands on the list.
    """
    if form not in exports.FORMATS:
        raise Http404
    if request.method != "POST":
        return redirect("manage-participants", meeting.slug)
    asked = roster.RosterFilter(request.GET, meeting=meeting)
    people = asked.people.filter(erased_at=None)
    exports.note(
        meeting=meeting,
        form=form,
        query=request.GET.urlencode()[:500],
        rows=people.count(),
        at=timezone.now(),
        by=journal.organizer(request.user),
    )
    day = timezone.now().astimezone(meeting.zone).date()
    return tables.download(
        form,
        name=f"{meeting.slug}-{day}",
        csv=exports.csv(people, meeting=meeting),
        xlsx=lambda file: exports.xlsx(people, file, meeting=meeting),
    )


@own_meeting
@require_safe
def participant(request: OfficeRequest, meeting: Meeting, number: str) -> HttpResponse:
    """One registration: the person, what may be done now, and all that happened so far."""
    people = Registration.objects.filter(meeting=meeting)
    registration = get_object_or_404(
        people.select_related(
            "category",
            "region",
            "region__region_set",
            "delegation",
            "replaces",
            "invitation",
            "access_code",
            "offer",
            "awaits_head_of",
            "merged_into",
        ),
        number=number,
    )
    registration.meeting = meeting
    subject = f"registration:{registration.pk}"
    mails = outbox.about(subject).prefetch_related("tries")
    place = waitlist.place(registration)
    context: dict[str, Any] = {
        "meeting": meeting,
        "registration": registration,
        "tone": TONES[Status(registration.status)],
        "position": place.position if place else None,
        "offered": _offered(registration, meeting),
        "waits_for": waitlist.called(place.limit) if place and place.limit else "",
        "steps": deciding.steps(registration, has_room=_has_room(registration), at=timezone.now()),
        "replacements": registration.replacements.by_name(),
        "may_replace": deciding.may_replace(registration, at=timezone.now()),
        "decline_form": DeclineForm(prefix=None),
        "address_form": AddressForm(),
        "odd": _odd(registration),
        "looked_at": _looked_at(registration),
        "twins": _twins(registration),
        "consents": registration.consents.select_related("document").order_by("given_at", "pk"),
        "merged": registration.merged.order_by("pk"),
        "chosen": list(session_seats.of(registration)),
        "has_sessions": meeting.sessions.exists(),
        "scans": _scans(registration),
        "mails": mails,
        "stopped": suppressing.find(scope=f"meeting:{meeting.pk}", address=registration.email)
        if registration.email
        else None,
        "journal": JournalEntry.objects.about(subject).newest_first()[:50],
        "here": "participants",
    }
    return render(request, "reports/participant.html", context)


def _has_room(registration: Registration) -> bool:
    """Whether there is a seat in all limits that apply to the person, or he needs none."""
    needs_seat = intake.takes_seat(
        meeting=registration.meeting,
        category=registration.category,
        attendance_mode=registration.attendance_mode,
    )
    if not needs_seat:
        return True
    limits = seats.applying(
        meeting_id=registration.meeting_id,
        category_id=registration.category_id,
        region=registration.region,
        organization_key=registration.organization_key,
    )
    return seats.full(limits) is None


def _twins(registration: Registration) -> list[Registration]:
    """Others on the same list with the same full name."""
    if registration.erased_at:
        return []
    others = Registration.objects.live().filter(meeting=registration.meeting_id)
    return list(
        others.filter(name_key=registration.name_key).exclude(pk=registration.pk).by_name()[:5]
    )


def _scans(registration: Registration) -> ScanQuerySet:
    """All that happened at the door with his code, or with that of whom he was merged with."""
    his = Q(registration=registration) | Q(registration__merged_into=registration)
    return Scan.objects.filter(his).order_by("received_at", "pk")


def _looked_at(registration: Registration) -> list[dict[str, str]]:
    """What was approved and what it is now, for whoever decides on it."""
    language = get_language() or registration.language
    return rewriting.in_words(registration, registration.approved_as or {}, language=language)


def _odd(registration: Registration) -> list[str]:
    """What looks mistyped in the name, in words."""
    if registration.erased_at:
        return []
    found = names.warnings(
        registration.family_name, registration.given_name, registration.patronymic
    )
    words = {
        "mixed_script": _("Latin and Cyrillic letters are mixed in one word."),
        "all_caps": _("The name is in capital letters."),
        "no_caps": _("The name has no capital letter."),
        "needs_latin": ""
        if registration.latin_name
        else _("The name in Latin letters is missing."),
    }
    return [words[code] for code in found if words.get(code)]
