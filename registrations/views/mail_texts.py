"""The mails of a meeting in the organizer's own words, and how they will be read."""

from __future__ import annotations

import re

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import journal
from accounts.refusals import Refused
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from registrations import mail_preview, own_texts, rewording
from registrations.mail_preview import Preview
from registrations.mail_text_forms import LANGUAGES, MEANINGS, TITLES, MailTextForm, ShownForm
from registrations.rewording import STANDARD

# A mail carries its style in itself, and nothing in it may do anything.
CLOSED = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
}


@own_meeting
@require_safe
def texts(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """All mails of the meeting: which are written at all, and which in own words."""
    own: dict[str, list[str]] = {}
    # Read once; three kinds of mail go by these rules.
    prefetch_related_objects([meeting], "reminder_rules")
    for text in own_texts.of(meeting):
        own.setdefault(text.kind, []).append(str(_(LANGUAGES[text.language])))
    lines = [
        {
            "kind": kind,
            "title": title,
            "moment": moment,
            "is_written": mail_preview.is_written(kind, meeting),
            "own": sorted(own.get(kind, [])),
        }
        for kind, (title, moment) in TITLES.items()
    ]
    context = {"meeting": meeting, "here": "messages", "lines": lines}
    return render(request, "registrations/office/mail_texts.html", context)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: OfficeRequest, meeting: Meeting, kind: str) -> HttpResponse:
    """Subject and text of one mail in each language, beside the mail as it will be read."""
    form = _form(request, meeting, kind)
    if form.is_valid():
        try:
            rewording.reword(
                meeting=meeting,
                kind=kind,
                words=form.words,
                versions=form.versions,
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return see_other("manage-mail-text", meeting.slug, kind)
    title, moment = TITLES[kind]
    context = {
        "meeting": meeting,
        "here": "messages",
        "kind": kind,
        "title": title,
        "moment": moment,
        "form": form,
        "shown": ShownForm(meeting=meeting),
        "meanings": [(name, MEANINGS[name]) for name in form.placeholders],
        "is_own": any(text.kind == kind for text in own_texts.of(meeting)),
    }
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/mail_text.html", context, status=status)


@csp(CLOSED)  # type: ignore[arg-type]  # its types know views of no arguments
@xframe_options_sameorigin
@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: OfficeRequest, meeting: Meeting, kind: str) -> HttpResponse:
    """
    The mail alone, for a frame: in the words that hold, or by POST in those just typed, which
    are not saved. Neither changes anything.
    """
    form = _form(request, meeting, kind)
    shown = ShownForm(request.POST if request.method == "POST" else request.GET, meeting=meeting)
    try:
        mail = mail_preview.show(
            meeting=meeting,
            kind=kind,
            language=shown.language,
            at=timezone.now(),
            words=form.typed(shown.language) if request.method == "POST" else None,
            registration=shown.registration,
        )
    except Refused as refusal:
        return render(request, "registrations/office/mail_preview.html", {"refusal": refusal})
    return framed(request, mail, is_plain=shown.is_plain)


@csp(CLOSED)  # type: ignore[arg-type]
@xframe_options_sameorigin
@own_meeting
@require_POST
def trial(request: OfficeRequest, meeting: Meeting, kind: str) -> HttpResponse:
    """
    Send what was just typed to the organizer who is signed in. Answers in the frame of the
    preview: nothing is saved, and nothing typed is lost.
    """
    form = _form(request, meeting, kind)
    shown = ShownForm(request.POST, meeting=meeting)
    try:
        mail_preview.send_trial(
            meeting=meeting,
            kind=kind,
            language=shown.language,
            to=request.user,
            at=timezone.now(),
            words=form.typed(shown.language),
        )
    except Refused as refusal:
        return render(request, "registrations/office/mail_preview.html", {"refusal": refusal})
    words = _("A trial mail is on its way to %(address)s.") % {"address": request.user.email}
    return render(request, "registrations/office/mail_preview.html", {"said": words})


@own_meeting
@require_POST
def standard(request: OfficeRequest, meeting: Meeting, kind: str) -> HttpResponse:
    """Back to the standard words, in every language."""
    _known(kind)
    rewording.reword(
        meeting=meeting,
        kind=kind,
        words=dict.fromkeys(LANGUAGES, STANDARD),
        versions=None,
        at=timezone.now(),
        by=journal.organizer(request.user),
    )
    messages.success(request, _("The standard words hold again."))
    return see_other("manage-mail-text", meeting.slug, kind)


def _form(request: OfficeRequest, meeting: Meeting, kind: str) -> MailTextForm:
    _known(kind)
    return MailTextForm(request.POST or None, meeting=meeting, kind=kind)


def _known(kind: str) -> None:
    if kind not in own_texts.FACTS:
        raise Http404


def framed(request: OfficeRequest, mail: Preview, *, is_plain: bool) -> HttpResponse:
    """The mail with its subject above it."""
    if is_plain:
        return render(request, "registrations/office/mail_preview.html", {"mail": mail})
    head = render_to_string("registrations/office/mail_preview_subject.html", {"mail": mail})
    html = re.sub(r"<body[^>]*>", lambda body: body.group(0) + head, mail.html, count=1)
    return HttpResponse(html)
