"""What the organizer does with registrations: decide one or many, add, correct, erase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import journal
from accounts.refusals import Refused
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from notifications import outbox, remedies
from notifications.models import State
from registrations import amending, booking, erasure, offering, review, substituting
from registrations.models import Registration, Source, Status
from registrations.participant_forms import AddressForm, DeclineForm, ParticipantForm, about
from registrations.views.settings_frame import see_other

MOST_AT_ONCE = 500
# Of those who could not be helped: more are found by the filter.
MOST_NAMED = 10
DONE = {
    Status.CONFIRMED: gettext_lazy("Confirmed. The mail is on its way."),
    Status.WAITLISTED: gettext_lazy("On the waiting list. The mail is on its way."),
    Status.PENDING: gettext_lazy("Awaiting your decision."),
    Status.DECLINED: gettext_lazy("Declined. The mail is on its way."),
    Status.CANCELLED: gettext_lazy("Cancelled. The mail is on its way."),
}

# What is said of a step after which the status is the same as before.
DONE_BY = {
    "offer": gettext_lazy("A seat is offered. The mail is on its way."),
    "offer_over": gettext_lazy("A seat is offered. The mail is on its way."),
    "withdraw_offer": gettext_lazy("The offer is taken back. The mail is on its way."),
}


def own_registration(meeting: Meeting, number: str) -> Registration:
    """One of the meeting's registrations, by its number; Http404 otherwise."""
    people = Registration.objects.select_related("meeting", "category", "region")
    return get_object_or_404(people, meeting=meeting, number=number)


def _take(step: str, registration: Registration, **common: Any) -> Registration:
    """Take one step by its code (registrations.deciding). KeyError: there is no such step."""
    over = common | {"over_capacity": True}
    takes: dict[str, Callable[[], Registration]] = {
        "approve": lambda: review.approve(registration=registration, **common),
        "approve_over": lambda: review.approve(registration=registration, **over),
        "promote": lambda: review.promote(registration=registration, **common),
        "promote_over": lambda: review.promote(registration=registration, **over),
        "offer": lambda: offering.offer(registration=registration, **common),
        "offer_over": lambda: offering.offer(registration=registration, **over),
        "withdraw_offer": lambda: offering.withdraw(registration=registration, **common),
        "decline": lambda: review.decline(registration=registration, **common),
        "cancel": lambda: booking.cancel(registration=registration, **common),
        "restore": lambda: booking.restore(registration=registration, **common),
    }
    return takes[step]()


@own_meeting
@require_POST
def decide(request: OfficeRequest, meeting: Meeting, number: str) -> HttpResponse:
    """One step with one registration."""
    registration = own_registration(meeting, number)
    common: dict[str, Any] = {"at": timezone.now(), "by": journal.organizer(request.user)}
    step = request.POST.get("step", "")
    if step == "decline":
        form = DeclineForm(request.POST)
        if not form.is_valid():
            return HttpResponseBadRequest()
        common |= form.cleaned_data
    letters = outbox.about(f"registration:{registration.pk}")
    last = letters.only("pk").first()
    try:
        decided = _take(step, registration, **common)
    except KeyError:
        return HttpResponseBadRequest()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        written = list(letters.filter(pk__gt=last.pk if last else 0))
        said = str(DONE_BY.get(step, DONE[Status(decided.status)]))
        if not any(letter.state != State.DROPPED for letter in written):
            # The words of the step promise a mail.
            said = f"{str(decided.get_status_display()).capitalize()}."
        messages.success(request, said)
        for letter in written:
            if letter.state == State.DROPPED:
                messages.warning(request, f"{letter.recipient}: {letter.explanation}")
    return see_other("manage-participant", meeting.slug, number)


@own_meeting
@require_POST
def decide_many(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Approve or decline whoever was ticked, one by one: what cannot be done is said, not lost."""
    step = request.POST.get("step", "")
    if step not in ("approve", "decline"):
        return HttpResponseBadRequest()
    numbers = [n for n in request.POST.getlist("number") if n.isdecimal()][:MOST_AT_ONCE]
    chosen = (
        Registration.objects.filter(meeting=meeting, number__in=numbers)
        .select_related("meeting", "category", "region")
        .order_by("registered_at", "pk")
    )
    by, at = journal.organizer(request.user), timezone.now()
    done: Counter[str] = Counter()
    refused: dict[str, list[str]] = {}
    spared = 0
    for registration in chosen:
        try:
            decided = _take(step, registration, at=at, by=by)
            done[decided.status] += 1
            spared += bool(decided.spared)
        except Refused as refusal:
            refused.setdefault(str(refusal), []).append(registration.full_name)
    if not done and not refused:
        messages.warning(request, _("Nobody was ticked."))
    if done:
        messages.success(request, ", ".join(_counted(status, n) for status, n in done.items()))
    _say_if_spared(request, spared)
    for words, names in refused.items():
        more = "…" if len(names) > MOST_NAMED else ""
        messages.warning(request, f"{len(names)} × {words} {', '.join(names[:MOST_NAMED])}{more}")
    answer = see_other("manage-participants", meeting.slug)
    if query := QueryDict(request.POST.get("query", "")[:1000]).urlencode():
        answer["Location"] += f"?{query}"
    return answer


def _say_if_spared(request: OfficeRequest, number: int) -> None:
    """The mails that were not written, since strangers use somebody's address too often."""
    if number:
        words = ngettext(
            "%(n)d mail was left out: its address was given for too many registrations. If it is "
            "wanted, send it from the participant’s page.",
            "%(n)d mails were left out: their address was given for too many registrations. "
            "Those that are wanted can be sent from the participants’ pages.",
            number,
        )
        messages.warning(request, words % {"n": number})


def _counted(status: str, count: int) -> str:
    words = {
        Status.CONFIRMED: ngettext("%(n)s confirmed", "%(n)s confirmed", count),
        Status.WAITLISTED: ngettext(
            "%(n)s on the waiting list", "%(n)s on the waiting list", count
        ),
        Status.DECLINED: ngettext("%(n)s declined", "%(n)s declined", count),
    }
    return words[Status(status)] % {"n": count}


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Put somebody on the list, as the organizer: the rules of seats hold."""
    form = ParticipantForm(request.POST or None, meeting=meeting)
    if form.is_valid():
        try:
            booked = booking.register(
                meeting=meeting,
                application=form.application,
                consents=[],
                at=timezone.now(),
                by=journal.organizer(request.user),
                source=Source.ORGANIZER,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, str(DONE[Status(booked.registration.status)]))
            return see_other("manage-participant", meeting.slug, booked.registration.number)
    context = {"meeting": meeting, "form": form, "here": "participants"}
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/participant_form.html", context, status=status)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def substitute(request: OfficeRequest, meeting: Meeting, number: str) -> HttpResponse:
    """Somebody else in the place of somebody: the seat goes over at once."""
    leaver = own_registration(meeting, number)
    known = about(leaver)
    kept = ("organization", "position", "region", "category", "attendance_mode", "language")
    initial = {field: known[field] for field in kept}
    form = ParticipantForm(request.POST or None, meeting=meeting, initial=initial)
    # All but the name is filled in: writing begins at once.
    form.fields["family_name"].widget.attrs["autofocus"] = not form.is_bound
    if form.is_valid():
        try:
            newcomer = substituting.substitute(
                registration=leaver,
                application=form.application,
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Replaced. Both are told."))
            return see_other("manage-participant", meeting.slug, newcomer.number)
    context = {"meeting": meeting, "form": form, "leaver": leaver, "here": "participants"}
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/participant_form.html", context, status=status)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def amend(request: OfficeRequest, meeting: Meeting, number: str) -> HttpResponse:
    """Correct what is written about somebody, at any time."""
    registration = own_registration(meeting, number)
    form = ParticipantForm(request.POST or None, meeting=meeting, initial=about(registration))
    stale = False
    if form.is_valid():
        try:
            amending.amend(
                registration=registration,
                changes=form.changes,
                version=form.cleaned_data["version"],
                at=timezone.now(),
                by=journal.organizer(request.user),
                as_organizer=True,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
            if stale := refusal.code == "stale_version":
                registration = own_registration(meeting, number)
                form.data = request.POST.copy()
                form.data["version"] = str(registration.version)
        else:
            messages.success(request, _("Saved."))
            return see_other("manage-participant", meeting.slug, number)
    context = {
        "meeting": meeting,
        "form": form,
        "registration": registration,
        "here": "participants",
        "theirs": _differences(form, registration) if stale else [],
    }
    status = (409 if stale else 422) if form.is_bound else 200
    return render(request, "registrations/office/participant_form.html", context, status=status)


def _differences(form: ParticipantForm, registration: Registration) -> list[dict[str, Any]]:
    """Where the saved differs from what was typed."""
    saved = about(registration)
    return [
        {"label": field.label, "value": saved.get(field.name) or "—"}
        for field in form.visible_fields()
        if str(field.value() or "") != str(saved.get(field.name) or "")
    ]


@own_meeting
@require_POST
def correct_address(request: OfficeRequest, meeting: Meeting, number: str) -> HttpResponse:
    """Another e-mail: the answer goes there, the old address keeps a link that opens nothing."""
    registration = own_registration(meeting, number)
    form = AddressForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["email"])))
        return see_other("manage-participant", meeting.slug, number)
    try:
        amending.correct_address(
            registration=registration,
            email=form.cleaned_data["email"],
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Corrected. The mail goes out again."))
    return see_other("manage-participant", meeting.slug, number)


@own_meeting
@require_POST
def resend(request: OfficeRequest, meeting: Meeting, number: str, message: int) -> HttpResponse:
    """Send one of the person's mails once more."""
    registration = own_registration(meeting, number)
    mails = outbox.about(f"registration:{registration.pk}")
    by = journal.organizer(request.user)
    try:
        remedies.resend(message=get_object_or_404(mails, pk=message), at=timezone.now(), by=by)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The mail goes out again."))
    return see_other("manage-participant", meeting.slug, number)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: OfficeRequest, meeting: Meeting, number: str) -> HttpResponse:
    """Ask; then erase the person's data. The row stays, so that figures do not change."""
    registration = own_registration(meeting, number)
    if request.method == "POST":
        by = journal.organizer(request.user)
        erasure.erase(registration=registration, at=timezone.now(), by=by)
        messages.success(request, _("The personal data is erased."))
        return see_other("manage-participant", meeting.slug, number)
    context = {"meeting": meeting, "registration": registration, "here": "participants"}
    return render(request, "registrations/office/erase.html", context)
