"""The organizer's webhooks: other programs that are told what happens at the meeting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import journal
from accounts.refusals import Refused
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from notifications.models import HookState, Kind, Told, Webhook
from notifications.webhooks import keeping
from registrations.views.settings_frame import see_other, show
from registrations.webhook_forms import WebhookForm

ON_A_PAGE = 25
# Which webhook's secret the next page shows, once.
NEW_SECRET = "new_webhook_secret"  # noqa: S105 -- a key of the session
TONES = {
    Told.QUEUED: "wait",
    Told.LEASED: "wait",
    Told.DEFERRED: "wait",
    Told.DELIVERED: "yes",
    Told.FAILED: "no",
}
STEPS: dict[str, tuple[Callable[..., Any], Any]] = {
    "test": (keeping.try_out, gettext_lazy("A test is on its way. Look again in a moment.")),
    "pause": (keeping.pause, gettext_lazy("Paused. What happens meanwhile is kept for a month.")),
    "resume": (keeping.resume, gettext_lazy("Resumed, beginning with what was kept.")),
    "rotate": (
        keeping.rotate,
        gettext_lazy("There is a new secret. The old one works for another day."),
    ),
}


def section(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """The section of the settings: all webhooks; POST registers one."""
    form = WebhookForm(request.POST or None)
    if form.is_valid():
        try:
            hook = keeping.register(
                subject=_subject(meeting),
                at=timezone.now(),
                by=journal.organizer(request.user),
                **form.wish,
            )
        except Refused as refusal:
            form.add_error("url", str(refusal))
        else:
            request.session[NEW_SECRET] = str(hook.uid)
            return see_other("manage-webhook", meeting.slug, hook.uid)
    hooks = keeping.counted(keeping.of(_subject(meeting)))
    lines = [(hook, *_state(hook)) for hook in hooks]
    return show(request, meeting, "webhooks", form=form, lines=lines)


@own_meeting
@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """One webhook: how it is, what it is told, what became of it; POST changes it."""
    hook = _own(meeting, uid)
    known = {"url": hook.url} | {kind: kind in hook.kinds for kind in Kind.values}
    form = WebhookForm(request.POST or None, initial=known)
    if form.is_valid():
        try:
            by = journal.organizer(request.user)
            keeping.change(hook=hook, at=timezone.now(), by=by, **form.wish)
        except Refused as refusal:
            form.add_error("url", str(refusal))
        else:
            messages.success(request, _("Saved."))
            return see_other("manage-webhook", meeting.slug, uid)
    page = Paginator(keeping.log(hook), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "meeting": meeting,
        "here": "edit",
        "hook": hook,
        "state": _state(hook),
        "secret": _new_secret(request, hook),
        "form": form,
        "page": page,
        "rows": [(row, TONES[Told(row.state)], list(row.tries.all())[-1:]) for row in page],
    }
    status = 422 if form.is_bound else 200
    return render(request, "registrations/office/webhook.html", context, status=status)


@own_meeting
@require_POST
def step(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """Try it, pause, resume, or make a new secret."""
    hook = _own(meeting, uid)
    if (chosen := request.POST.get("step", "")) not in STEPS:
        return HttpResponseBadRequest()
    take, words = STEPS[chosen]
    take(hook=hook, at=timezone.now(), by=journal.organizer(request.user))
    if chosen == "rotate":
        request.session[NEW_SECRET] = str(hook.uid)
    messages.success(request, str(words))
    return see_other("manage-webhook", meeting.slug, uid)


@own_meeting
@require_POST
def send_again(request: OfficeRequest, meeting: Meeting, uid: str, delivery: int) -> HttpResponse:
    """Tell one thing once more."""
    row = get_object_or_404(_own(meeting, uid).deliveries, pk=delivery)
    try:
        keeping.send_again(delivery=row, at=timezone.now(), by=journal.organizer(request.user))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("It goes out again. Look again in a moment."))
    return see_other("manage-webhook", meeting.slug, uid)


@own_meeting
@require_POST
def remove(request: OfficeRequest, meeting: Meeting, uid: str) -> HttpResponse:
    """Tell that address nothing more."""
    keeping.remove(hook=_own(meeting, uid), at=timezone.now(), by=journal.organizer(request.user))
    messages.success(request, _("Removed."))
    return see_other("manage-edit-section", meeting.slug, "webhooks")


def _state(hook: Webhook) -> tuple[str, str]:
    """How it is, in words and as a tone."""
    if hook.state == HookState.PAUSED:
        return hook.get_state_display(), "no"
    if hook.failures:
        return _("does not answer"), "wait"
    return hook.get_state_display(), "yes"


def _new_secret(request: OfficeRequest, hook: Webhook) -> str:
    """Shown once: taken out of the session as soon as it is on a page."""
    if request.method != "GET" or request.session.get(NEW_SECRET) != str(hook.uid):
        return ""
    del request.session[NEW_SECRET]
    return keeping.secret(hook)


def _own(meeting: Meeting, uid: str) -> Webhook:
    return get_object_or_404(keeping.of(_subject(meeting)), uid=uid)


def _subject(meeting: Meeting) -> str:
    return f"meeting:{meeting.pk}"
