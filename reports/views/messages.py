"""What was said to whom, what became of it, and what can be done about it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages as notices
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import journal
from accounts.refusals import Refused
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from notifications import health, mending, remedies, searching, sparing, suppressing
from notifications.mending import Act
from notifications.models import WAITING, Message, State
from registrations.models import Invitation, Registration
from reports import coming
from reports.mail_words import TONES, MailSearch

ON_A_PAGE = 50
MOST_ADDRESSES = 200
# Beyond five minutes something stands still.
LATE_AFTER_SECONDS = 300


class RecipientForm(forms.Form):
    """Where to instead."""

    to = forms.EmailField(max_length=254)


@own_meeting
@require_safe
def outgoing(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """The meeting's mails, the newest first, as they are asked for; and how its post is."""
    asked = MailSearch(request.GET, meeting=meeting)
    found = asked.found()
    number, is_more = searching.counted(found)
    before = request.GET.get("before", "")
    is_first = not before.isdigit()
    page = list(
        (found if is_first else found.filter(pk__lt=before[:18])).defer("snapshot")[: ON_A_PAGE + 1]
    )
    rows = _shown(meeting, page[:ON_A_PAGE])
    query = _query(request)
    context = {
        "meeting": meeting,
        "now": timezone.now(),
        "asked": asked,
        "query": query.urlencode(),
        "rows": rows,
        "number": number,
        "is_more": is_more,
        "is_first": is_first,
        "older": rows[-1].pk if len(page) > ON_A_PAGE else None,
        "acts": _acts(asked) if asked.active and rows else [],
        "coming": [] if asked.active or not is_first else coming.lines(meeting, at=timezone.now()),
        "condition": searching.condition(f"meeting:{meeting.pk}"),
        "late_after": LATE_AFTER_SECONDS,
        "stopped": list(suppressing.of(f"meeting:{meeting.pk}")[:MOST_ADDRESSES]),
        "delay": health.delay(f"meeting:{meeting.pk}"),
        "here": "messages",
    }
    return render(request, "reports/messages.html", context)


@own_meeting
@require_safe
def message(request: OfficeRequest, meeting: Meeting, message: int) -> HttpResponse:
    """One mail: its fate in a sentence, every attempt with the raw reply, and what to do."""
    mail = _own(meeting, message)
    [row] = _shown(meeting, [mail])
    context = {
        "meeting": meeting,
        "mail": row,
        "tries": mail.tries.order_by("pk"),
        "original": _original(meeting, mail),
        "may_resend": bool(mail.recipient) and mail.state != State.LEASED,
        "may_settle": mail.state in (State.FAILED, State.AMBIGUOUS),
        "may_withdraw": mail.state in WAITING,
        "stopped": suppressing.find(scope=f"meeting:{meeting.pk}", address=mail.recipient)
        if mail.recipient
        else None,
        "here": "messages",
    }
    return render(request, "reports/message.html", context)


@own_meeting
@require_POST
def step(request: OfficeRequest, meeting: Meeting, message: int) -> HttpResponse:
    """Do to one mail of this meeting what its page offers."""
    mail, by, at = _own(meeting, message), journal.organizer(request.user), timezone.now()
    lands_on = mail
    try:
        match request.POST.get("act"):
            case Act.RESEND:
                lands_on = _resend(request, mail)
            case Act.SETTLE if remedies.settle(message=mail, at=at, by=by):
                notices.success(request, _("The mail counts as delivered."))
            case Act.WITHDRAW if remedies.take_back(message=mail, at=at, by=by):
                notices.success(request, _("The mail is withdrawn."))
            case Act.SUPPRESS if suppressing.stop(message=mail, at=at, by=by):
                notices.success(request, _("Nothing is sent to this address any more."))
            case Act.SETTLE | Act.WITHDRAW | Act.SUPPRESS:
                notices.warning(request, str(mending.Outcome.NOT_ANY_MORE.label).capitalize() + ".")
            case _:
                notices.warning(request, _("Nothing was done: choose what to do."))
    except Refused as refusal:
        notices.error(request, str(refusal))
    answer = redirect("manage-message", meeting.slug, lands_on.pk)
    answer.status_code = 303
    return answer


@own_meeting
@require_POST
def allow(request: OfficeRequest, meeting: Meeting, address: int) -> HttpResponse:
    """Write to an address again, though mail to it came back."""
    scope = f"meeting:{meeting.pk}"
    stopped = get_object_or_404(suppressing.of(scope), pk=address)
    number = request.POST.get("number", "")
    person = Registration.objects.filter(meeting=meeting, number=number).first()
    suppressing.lift(
        scope=scope,
        address=stopped.address,
        subjects=[scope, *([f"registration:{person.pk}"] if person else [])],
        at=timezone.now(),
        by=journal.organizer(request.user),
    )
    notices.success(
        request, _("Allowed again. What was left out meanwhile is sent by “Send again”.")
    )
    if person:
        return see_other("manage-participant", meeting.slug, person.number)
    return see_other("manage-messages", meeting.slug)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def many(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """
    The same for all mails that a search has found: a GET says how many it would be, a POST
    does it and shows what came of each.
    """
    act = request.POST.get("act") or request.GET.get("act", "")
    if act not in Act.values:
        return redirect("manage-messages", meeting.slug)
    query = _query(request)
    asked = MailSearch(query, meeting=meeting)
    reason = asked.cleaned_data.get("reason", "")
    context: dict[str, Any] = {
        "meeting": meeting,
        "act": act,
        "query": query.urlencode(),
        "back": f"{reverse('manage-messages', args=[meeting.slug])}?{query.urlencode()}",
        "at_once": mending.AT_ONCE,
        "here": "messages",
    }
    if request.method == "POST":
        mended = mending.mend(
            messages=asked.found(),
            act=Act(act),
            at=timezone.now(),
            by=journal.organizer(request.user),
            reason=reason,
        )
        _shown(meeting, [row.message for row in mended.rows])
        return render(request, "reports/messages_done.html", context | {"mended": mended})
    number = mending.suitable(asked.found(), Act(act), reason=reason).count()
    context |= {"number": number, "would": would(Act(act), number)}
    return render(request, "reports/messages_many.html", context)


def would(act: Act, number: int) -> str:
    """“12 messages would be sent again.”"""
    words = {
        Act.RESEND: ngettext(
            "%(n)d message would be sent again.", "%(n)d messages would be sent again.", number
        ),
        Act.SETTLE: ngettext(
            "%(n)d message would be marked as delivered.",
            "%(n)d messages would be marked as delivered.",
            number,
        ),
        Act.WITHDRAW: ngettext(
            "%(n)d message would be withdrawn.", "%(n)d messages would be withdrawn.", number
        ),
        Act.SUPPRESS: ngettext(
            "%(n)d address would get no more mail.",
            "%(n)d addresses would get no more mail.",
            number,
        ),
    }
    return words[act] % {"n": number}


def _resend(request: OfficeRequest, mail: Message) -> Message:
    typed = request.POST.get("to", "").strip()
    form = RecipientForm({"to": typed}) if typed else None
    if form and not form.is_valid():
        notices.error(request, " ".join(map(str, form.errors["to"])))
        return mail
    repetition = remedies.resend(
        message=mail,
        at=timezone.now(),
        by=journal.organizer(request.user),
        to=form.cleaned_data["to"] if form else None,
    )
    notices.success(request, _("The mail goes out again."))
    return repetition


def _own(meeting: Meeting, pk: int) -> Message:
    return get_object_or_404(searching.under(f"meeting:{meeting.pk}"), pk=pk)


def _query(request: OfficeRequest) -> QueryDict:
    """What is asked for, without the place in the list and what is to be done."""
    query = request.GET.copy()
    for name in ("before", "act"):
        query.pop(name, None)
    return query


def _acts(asked: MailSearch) -> list[tuple[str, Any]]:
    """What may be worth doing to all that was found."""
    state = asked.cleaned_data.get("state", "")
    if asked.cleaned_data.get("reason") == sparing.REASON:
        return [(Act.RESEND.value, Act.RESEND.label)]
    if state in (searching.WAITING, State.QUEUED):
        return [(Act.WITHDRAW.value, Act.WITHDRAW.label)]
    if state in (State.SENT, State.DROPPED, State.WITHDRAWN, State.LEASED):
        return []
    return [(act.value, act.label) for act in Act]


def _original(meeting: Meeting, mail: Message) -> Message | None:
    """The mail that this one repeats."""
    if not mail.dedupe_key.startswith("again:"):
        return None
    return searching.under(f"meeting:{meeting.pk}").filter(pk=mail.dedupe_key[6:]).first()


def _shown(meeting: Meeting, mails: list[Message]) -> list[Any]:
    """The mails with what the page shows beside them."""
    whose = _whose(meeting, [s for mail in mails for s in mail.subjects])
    again = searching.repetitions(mails)
    rows: list[Any] = list(mails)
    for row in rows:
        row.tone = TONES.get(row.state, "")
        row.page = next((whose[s] for s in row.subjects if s in whose), "")
        row.again = again.get(row.pk)
    return rows


def _whose(meeting: Meeting, subjects: list[str]) -> dict[str, str]:
    """Whose page a mail belongs to: “registration:17” → its address."""
    pages: dict[str, str] = {}
    for name, rows, page in (
        ("registration", Registration.objects.values_list("pk", "number"), "manage-participant"),
        ("invitation", Invitation.objects.values_list("pk", "uid"), "manage-invitation"),
        ("delegation", meeting.delegations.values_list("pk", "uid"), "manage-delegation"),
    ):
        keys = {int(s.partition(":")[2]) for s in subjects if s.startswith(f"{name}:")}
        if keys:
            for pk, key in rows.filter(meeting=meeting, pk__in=keys):
                pages[f"{name}:{pk}"] = reverse(page, args=[meeting.slug, key])
    return pages
