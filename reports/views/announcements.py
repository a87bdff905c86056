"""One message to many: written, looked at, sent, perhaps taken back, followed."""

from __future__ import annotations

from typing import Any, cast

from csp.decorators import csp
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import journal
from accounts.refusals import Refused
from config import uploads
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations import (
    announcement_files,
    announcement_reach,
    announcing,
    idempotency,
    mail_preview,
)
from registrations.announcement_letters import UNDO
from registrations.mail_text_forms import MEANINGS, ShownForm
from registrations.models import Announcement
from registrations.models.announcements import MOST_BYTES
from registrations.own_texts import ANNOUNCEMENT
from registrations.views.mail_texts import CLOSED, framed
from reports import deliveries, recipients
from reports.announcement_forms import AnnouncementForm
from reports.roster import RosterFilter

ON_A_PAGE = 50


@own_meeting
@require_safe
def announcements(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """All messages to many, the newest first."""
    found = Announcement.objects.filter(meeting=meeting).newest_first()
    rows = list(found.annotate(meant=Count("recipients"))[:ON_A_PAGE])
    for row in rows:
        row.meeting = meeting
    waiting = deliveries.waiting(rows)
    context = {
        "meeting": meeting,
        "here": "messages",
        "lines": [
            (row, deliveries.title(row), *deliveries.standing(row, waits=str(row.uid) in waiting))
            for row in rows
        ],
    }
    return render(request, "reports/announcements.html", context)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Write one; the address may carry the filter of the list of participants."""
    form = AnnouncementForm(request.POST or None, meeting=meeting)
    if form.is_valid():
        try:
            made = announcing.draft(
                meeting=meeting,
                wish=form.wish,
                at=timezone.now(),
                by=journal.organizer(request.user),
                claim=_claim(request, meeting, form),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return see_other("manage-announcement", meeting.slug, made.uid)
    asked = request.POST if form.is_bound else request.GET
    context = _writing(meeting, form) | {"asked": _filter(meeting, asked)}
    context["key"] = request.POST.get("key") or idempotency.new_key()
    status = 422 if form.is_bound else 200
    return render(request, "reports/announcement_new.html", context, status=status)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def announcement(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """A draft to change and to send; one that was sent, to follow."""
    found = _own(meeting, uid)
    if not found.is_draft:
        return _progress(request, meeting, found)
    form = AnnouncementForm(request.POST or None, meeting=meeting, draft=found)
    if form.is_valid():
        try:
            announcing.change(
                announcement=found,
                wish=form.wish,
                version=form.cleaned_data["version"],
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return see_other("manage-announcement", meeting.slug, uid)
    asked = request.POST if form.is_bound else _query(found)
    context = _writing(meeting, form) | {
        "announcement": found,
        "asked": _filter(meeting, asked),
        "title": deliveries.title(found),
        "shown": ShownForm(meeting=meeting),
        "files": found.files.defer("content"),
        "ends": ",".join(f".{end}" for end in announcement_files.KNOWN),
    }
    try:
        narrow = recipients.asked(meeting, found.criteria)
        context["criteria"] = narrow.active
        context["reach"] = announcement_reach.reach(found, narrow.qs, at=timezone.now())
    except Refused as refusal:
        context["refusal"] = refusal
    status = 422 if form.is_bound else 200
    return render(request, "reports/announcement_draft.html", context, status=status)


def _progress(request: OfficeRequest, meeting: Meeting, found: Announcement) -> HttpResponse:
    sent_at = found.sent_at
    assert sent_at is not None, "the database knows no message without its moment"
    rows = found.recipients.select_related("registration").order_by("registration__sort_key", "pk")
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    counts = deliveries.counts(found)
    state, tone = deliveries.standing(found, waits=bool(counts["waiting"]))
    context = {
        "meeting": meeting,
        "here": "messages",
        "announcement": found,
        "title": deliveries.title(found),
        "state": state,
        "tone": tone,
        "counts": counts,
        "page": page,
        "lines": deliveries.lines(found, list(page.object_list)),
        "files": found.files.defer("content"),
        "leaves_at": sent_at + UNDO,
        "is_fresh": timezone.now() < sent_at + UNDO,
        "may_take_back": deliveries.is_waiting(found),
    }
    return render(request, "reports/announcement.html", context)


@own_meeting
@require_POST
def send(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """Send the draft that was looked at; nothing leaves for a minute. A second click is none."""
    found = _own(meeting, uid)
    version = request.POST.get("version", "")
    try:
        announcing.send(
            announcement=found,
            people=recipients.people(meeting, found.criteria),
            version=int(version[:9]) if version.isdecimal() else None,
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    return see_other("manage-announcement", meeting.slug, uid)


@own_meeting
@require_POST
def take_back(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """Stop whatever has not left yet."""
    found = _own(meeting, uid)
    try:
        stopped = announcing.take_back(
            announcement=found, at=timezone.now(), by=journal.organizer(request.user)
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        words = ngettext(
            "Taken back: %(n)d letter does not go.", "Taken back: %(n)d letters do not go.", stopped
        )
        messages.success(request, words % {"n": stopped})
    return see_other("manage-announcement", meeting.slug, uid)


@own_meeting
@require_POST
def discard(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """Throw a draft away."""
    try:
        announcing.discard(
            announcement=_own(meeting, uid),
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    return see_other("manage-announcements", meeting.slug)


# As with a list of people: the mark of the form is looked at once the body may be read.
@csrf_exempt
@own_meeting
@require_POST
def attach(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponseBase:
    """Put one file to a draft."""
    found = _own(meeting, uid)
    uploads.accept_one_file(request, field="file", most=MOST_BYTES)
    return _attach(request, meeting, found)


@csrf_protect
def _attach(request: HttpRequest, meeting: Meeting, found: Announcement) -> HttpResponse:
    file = request.FILES.get("file")
    asked = cast(OfficeRequest, request)
    try:
        if file is None:
            messages.error(asked, _("Choose a file first."))
        elif (file.size or 0) > MOST_BYTES:
            raise announcement_files.too_large()
        else:
            announcing.attach(
                announcement=found,
                name=str(file.name),
                content=file.read(),
                at=timezone.now(),
                by=journal.organizer(asked.user),
            )
    except Refused as refusal:
        messages.error(asked, str(refusal))
    return see_other("manage-announcement", meeting.slug, found.uid)


@own_meeting
@require_POST
def detach(request: OfficeRequest, meeting: Meeting, uid: str, file: str) -> HttpResponse:
    """Take a file away from a draft."""
    try:
        announcing.detach(
            announcement=_own(meeting, uid),
            file=file,
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    return see_other("manage-announcement", meeting.slug, uid)


@csp(CLOSED)  # type: ignore[arg-type]
@xframe_options_sameorigin
@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """The letter alone, for a frame: as it is kept, or by POST as it was just typed."""
    found = _own(meeting, uid)
    shown = ShownForm(request.POST if request.method == "POST" else request.GET, meeting=meeting)
    wish = None
    if request.method == "POST":
        wish = AnnouncementForm(request.POST, meeting=meeting).wish
    try:
        mail = mail_preview.announcement(
            found,
            words=wish.words if wish else None,
            language=shown.language,
            registration=shown.registration,
            at=timezone.now(),
        )
    except Refused as refusal:
        return render(request, "registrations/office/mail_preview.html", {"refusal": refusal})
    return framed(request, mail, is_plain=shown.is_plain)


@csp(CLOSED)  # type: ignore[arg-type]
@xframe_options_sameorigin
@own_meeting
@require_POST
def trial(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """
    Send what was just typed, with the files, to the organizer who is signed in. Answers in the
    frame of the preview: nothing is saved, and nothing typed is lost.
    """
    try:
        mail_preview.send_announcement_trial(
            _own(meeting, uid),
            words=AnnouncementForm(request.POST, meeting=meeting).wish.words,
            language=ShownForm(request.POST, meeting=meeting).language,
            to=request.user,
            at=timezone.now(),
        )
    except Refused as refusal:
        return render(request, "registrations/office/mail_preview.html", {"refusal": refusal})
    words = _("A trial mail is on its way to %(address)s.") % {"address": request.user.email}
    return render(request, "registrations/office/mail_preview.html", {"said": words})


def _own(meeting: Meeting, uid: str) -> Announcement:
    found = get_object_or_404(Announcement, meeting=meeting, uid=uid)
    found.meeting = meeting
    return found


def _writing(meeting: Meeting, form: AnnouncementForm) -> dict[str, Any]:
    return {
        "meeting": meeting,
        "here": "messages",
        "form": form,
        "meanings": [(name, MEANINGS[name]) for name in ANNOUNCEMENT],
    }


def _query(found: Announcement) -> dict[str, str]:
    return {str(name): str(value) for name, value in found.criteria.items()}


def _filter(meeting: Meeting, asked: Any) -> RosterFilter:
    """The conditions as fields; without a status all who are on the list."""
    return recipients.loosely(meeting, {name: str(asked.get(name, "")) for name in asked})


def _claim(
    request: OfficeRequest, meeting: Meeting, form: AnnouncementForm
) -> idempotency.Claim | None:
    key = request.POST.get("key", "")[:100]
    if not key:
        return None
    body = {name: request.POST.get(name, "") for name in sorted(request.POST)}
    body.pop("csrfmiddlewaretoken", None)
    return idempotency.Claim(f"announcement:{meeting.pk}", key, body)
