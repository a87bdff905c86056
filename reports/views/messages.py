"""What was said to whom, and what became of it."""

from __future__ import annotations

from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import journal
from accounts.refusals import Refused
from config.answers import see_other
from events.models import Meeting
from events.office import OfficeRequest, own_meeting
from notifications import health, outbox, suppressing
from registrations.models import Registration

ON_A_PAGE = 50
MOST_ADDRESSES = 200
TONES = {
    "sent": "yes",
    "queued": "wait",
    "leased": "wait",
    "deferred": "wait",
    "failed": "no",
    "ambiguous": "no",
    "expired": "no",
}
KINDS = {
    "troubled": gettext_lazy("not delivered"),
    "waiting": gettext_lazy("waiting"),
}


@own_meeting
@require_safe
def outgoing(request: OfficeRequest, meeting: Meeting) -> HttpResponse:
    """The meeting's mails, the newest first; those in trouble by a filter."""
    everything = outbox.about(f"meeting:{meeting.pk}")
    wanted = request.GET.get("state", "")
    narrow = {
        "troubled": everything.troubled,
        "waiting": everything.waiting,
    }
    found = narrow[wanted]() if wanted in narrow else everything
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    numbers = _numbers(meeting, [s for row in rows for s in row.subjects])
    for row in rows:
        row.tone = TONES.get(row.state, "")  # type: ignore[attr-defined]  # for the page
        row.number = next((numbers[s] for s in row.subjects if s in numbers), "")  # type: ignore[attr-defined]  # for the page
    context = {
        "meeting": meeting,
        "now": timezone.now(),
        "page": page,
        "rows": rows,
        "kinds": KINDS,
        "wanted": wanted if wanted in narrow else "",
        "troubled": everything.troubled().count(),
        "stopped": list(suppressing.of(f"meeting:{meeting.pk}")[:MOST_ADDRESSES]),
        "delay": health.delay(f"meeting:{meeting.pk}"),
        "here": "messages",
    }
    return render(request, "reports/messages.html", context)


def _numbers(meeting: Meeting, subjects: list[str]) -> dict[str, str]:
    """Whose page a mail belongs to: “registration:17” → number."""
    keys = [int(s.partition(":")[2]) for s in subjects if s.startswith("registration:")]
    people = Registration.objects.filter(meeting=meeting, pk__in=keys)
    return {f"registration:{pk}": number for pk, number in people.values_list("pk", "number")}


@own_meeting
@require_POST
def resend(request: OfficeRequest, meeting: Meeting, message: int) -> HttpResponse:
    """Send one mail of this meeting once more."""
    row = get_object_or_404(outbox.about(f"meeting:{meeting.pk}"), pk=message)
    try:
        outbox.resend(message=row, at=timezone.now(), by=journal.organizer(request.user))
    except Refused as refusal:
        notices.error(request, str(refusal))
    else:
        notices.success(request, _("The mail goes out again."))
    answer = redirect("manage-messages", meeting.slug)
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
