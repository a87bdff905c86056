"""The organizer's invitations: whom to invite, who has answered, whom to write to."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from accounts import journal
from accounts.refusals import Refused
from config import uploads
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from notifications import outbox
from registrations.invitation_forms import InvitationForm, InviteeForm, TermsForm, about
from registrations.invitations import keys, replies, sending
from registrations.invitations.replies import Group, Reply
from registrations.models import Invitation
from registrations.pasting import columns, files, people
from registrations.pasting import invitations as pasted
from registrations.views import tables
from registrations.views.settings_frame import version_of

PER_PAGE = 100
REPLIES = {
    Reply.ACCEPTED: (gettext_lazy("accepted"), "yes"),
    Reply.DECLINED: (pgettext_lazy("invitation", "declined"), "no"),
    Reply.WITHDRAWN: (gettext_lazy("taken back"), ""),
    Reply.EXPIRED: (gettext_lazy("expired"), "no"),
    Reply.BOUNCED: (gettext_lazy("the mail came back"), "no"),
    Reply.REMINDED: (gettext_lazy("reminded, no answer yet"), "wait"),
    Reply.SENT: (gettext_lazy("sent, no answer yet"), "wait"),
    Reply.UNSENT: (gettext_lazy("not sent yet"), ""),
}
GROUPS = {
    Group.ALL: gettext_lazy("All"),
    Group.WAITING: gettext_lazy("Without an answer"),
    Group.ACCEPTED: gettext_lazy("Accepted"),
    Group.DECLINED: pgettext_lazy("invitation", "Declined"),
    Group.WITHDRAWN: gettext_lazy("Taken back"),
}


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """All invitations and their answers; POST makes one, and sends it if that was pressed."""
    form = InvitationForm(request.POST or None, meeting=meeting)
    if form.is_valid():
        try:
            made = sending.invite_many(
                meeting=meeting,
                wishes=[form.wish],
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            _made(request, meeting, made)
            return see_other("manage-invitations", meeting.slug)
    return _show(request, meeting, form)


# The mark of the form stands in the body, which must not be read before it is known that
# this very person may send a file: so it is looked at one step later, by `_paste`.
@csrf_exempt
@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: OfficeRequest, meeting: Meeting) -> HttpResponseBase:
    """A list, pasted or in a file: looked at first, then all of them invited, or nobody."""
    uploads.accept_one_file(request, field="file", most=files.MOST_BYTES)
    return _paste(request, meeting)


@csrf_protect
def _paste(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    asked = cast(OfficeRequest, request)
    sent = tables.taken(request, has_headings=columns.has_headings)
    form = TermsForm(request.POST or None, meeting=meeting)
    context: dict[str, Any] = {"meeting": meeting, "here": "delegations"}
    context |= {"form": form, "sent": sent}
    if sent.rows and form.is_valid():
        table, shown = _looked_at(meeting, sent, form)
        context |= shown
        wants = {"save", "send"} & request.POST.keys() and sent.is_seen
        if wants and table.applications and not table.errors:
            try:
                made = sending.invite_many(
                    meeting=meeting,
                    wishes=pasted.wishes(table.applications, like=form.wish),
                    at=timezone.now(),
                    by=journal.organizer(asked.user),
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                _made(asked, meeting, made)
                return see_other("manage-invitations", meeting.slug)
    wrong = [one for one in (sent.form, form) if one.errors]
    context["forms_with_errors"] = wrong
    return render(
        request,
        "registrations/office/invitations_paste.html",
        context,
        status=422 if wrong else 200,
    )


@own_meeting
@require_POST
def write(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """Send, or remind: those ticked, else all whom it concerns."""
    chosen = request.POST.getlist("invitation")
    waiting = Invitation.objects.filter(meeting=meeting).unanswered()
    to = [one for one in waiting if not chosen or str(one.uid) in chosen]
    _write(request, meeting, to, reminds=request.POST.get("step") == "remind")
    return see_other("manage-invitations", meeting.slug)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """One invitation: its answer, its link, its letters, what was said of it."""
    invitation = _own(meeting, uid)
    form = InvitationForm(request.POST or None, meeting=meeting, initial=about(invitation))
    if form.is_valid():
        try:
            sending.change(
                invitation=invitation,
                wish=form.wish,
                version=version_of(request),
                at=timezone.now(),
                by=journal.organizer(request.user),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return see_other("manage-invitation", meeting.slug, uid)
    [line] = replies.lines(meeting, [invitation], at=timezone.now())
    words, tone = REPLIES[line.reply]
    context = {
        "meeting": meeting,
        "here": "delegations",
        "invitation": invitation,
        "line": line,
        "words": words,
        "tone": tone,
        "form": form,
        "may_change": not (invitation.is_accepted or invitation.withdrawn_at),
        "address": keys.url(invitation),
        "mails": outbox.about(f"invitation:{invitation.pk}"),
    }
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/invitation.html", context, status=status)


@own_meeting
@require_POST
def step(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """Send or remind, make a new link, or take the invitation back."""
    invitation = _own(meeting, uid)
    common: dict[str, Any] = {
        "invitation": invitation,
        "at": timezone.now(),
        "by": journal.organizer(request.user),
    }
    match request.POST.get("step"):
        case "send":
            _write(request, meeting, [invitation], reminds=False)
        case "remind":
            _write(request, meeting, [invitation], reminds=True)
        case "renew":
            try:
                sending.renew_link(**common)
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(
                    request, _("The old link opens nothing any more. Send the new one.")
                )
        case "withdraw":
            try:
                sending.withdraw(**common)
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, _("Taken back: the link says so."))
    return see_other("manage-invitation", meeting.slug, uid)


def _looked_at(
    meeting: Meeting, sent: tables.Sent, form: TermsForm
) -> tuple[people.Table, dict[str, Any]]:
    """The rows with their errors, and what the page shows of them."""
    mapping = columns.chosen(sent.columns, sent.rows, pasted.COLUMNS)
    table = people.check(
        sent.rows, mapping, meeting=meeting, form=lambda values: InviteeForm(values, terms=form)
    )
    pasted.object_to_invited(table, meeting)
    return table, {
        "table": table,
        "columns": columns.shown(mapping, table.headings),
        "choices": columns.choices(pasted.COLUMNS),
    }


def _made(request: OfficeRequest, meeting: Meeting, made: list[Invitation]) -> None:
    """Say what was made; send it at once where that button was pressed."""
    if "send" in request.POST:
        _write(request, meeting, made, reminds=False)
        return
    words = ngettext(
        "%(n)d invitation is ready. It is not sent yet.",
        "%(n)d invitations are ready. They are not sent yet.",
        len(made),
    )
    messages.success(request, words % {"n": len(made)})


def _write(
    request: OfficeRequest, meeting: Meeting, to: list[Invitation], *, reminds: bool
) -> None:
    act = sending.remind if reminds else sending.send
    try:
        written = act(
            meeting=meeting,
            invitations=to,
            at=timezone.now(),
            by=journal.organizer(request.user),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return
    if reminds:
        words = ngettext(
            "%(n)d person is being reminded.", "%(n)d people are being reminded.", written
        )
    else:
        words = ngettext(
            "%(n)d invitation is on its way.", "%(n)d invitations are on their way.", written
        )
    messages.success(request, words % {"n": written})


def _own(meeting: Meeting, uid: str) -> Invitation:
    found = Invitation.objects.select_related("category", "region", "registration")
    invitation = get_object_or_404(found, meeting=meeting, uid=uid, erased_at=None)
    invitation.meeting = meeting
    return invitation


def _show(request: OfficeRequest, meeting: Meeting, form: InvitationForm) -> HttpResponse:
    group = request.GET.get("show", Group.ALL)
    if group not in set(Group):
        group = Group.ALL
    found = replies.of(meeting, group).filter(erased_at=None)
    page = Paginator(found.select_related("category", "registration"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    lines = replies.lines(meeting, page.object_list, at=timezone.now())
    context = {
        "meeting": meeting,
        "here": "delegations",
        "form": form,
        "counts": replies.counts(meeting),
        "lines": [(line, *REPLIES[line.reply]) for line in lines],
        "may_write": any(line.may_send or line.may_remind for line in lines),
        "page": page,
        "group": group,
        "groups": list(GROUPS.items()),
    }
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/invitations.html", context, status=status)
