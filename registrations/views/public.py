"""What anybody with the link sees: the meeting, the form, the texts one agrees to."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from config import language
from events import hosts, phase, programme, prose
from events.models import Format, Meeting, MeetingStatus, in_language
from registrations import calendar, calendar_links, prospectus, waitlist
from registrations.forms import consent_title
from registrations.models import ConsentDocument, SeatLimit

# A page of a meeting is drawn once per language and state of the seats, and kept so long
# (seconds). Its version is part of the key: a change by the organizer shows at once.
PAGE_KEPT = 5
# From how few seats on the page counts them out (share of all).
FEW_SEATS = 0.2


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The meetings of this installation that are still to come."""
    at = timezone.now()
    upcoming = (
        Meeting.objects.public()
        .filter(ends_at__gte=at, cancelled_at=None)
        .order_by("starts_at", "pk")
    )
    return render(request, "registrations/home.html", {"meetings": list(upcoming[:50])})


@require_safe
def meeting_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything one needs to decide, and the way in. One query while the page is kept."""
    at = timezone.now()
    counters = _counters(slug)
    if counters is None or counters[-1] == MeetingStatus.DRAFT:
        return _draft_page(request, slug, at=at)
    state = "-".join(map(str, counters))
    key = f"meeting-page:{slug}:{translation.get_language()}:{state}"
    page: bytes | None = cache.get(key)
    if page is None:
        meeting = get_object_or_404(Meeting.objects.public().select_related("seats"), slug=slug)
        page = _draw(request, meeting, at=at).encode()
        cache.set(key, page, PAGE_KEPT)
    response = HttpResponse(page)
    patch_cache_control(response, private=True, max_age=0)
    return response


def _counters(slug: str) -> tuple[int | str | None, ...] | None:
    """
    Seats, those taken and kept, whether somebody waits, version and status. Plain SQL: most
    visits need nothing else.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.seat_limit, s.taken, s.held, s.waiting > 0, m.version, m.status"
            " FROM events_meeting m"
            " JOIN registrations_seatlimit s ON s.whole_id = m.id WHERE m.slug = %s",
            [slug],
        )
        found: tuple[int | str | None, ...] | None = cursor.fetchone()
    return found


def _draft_page(request: HttpRequest, slug: str, *, at: datetime) -> HttpResponse:
    """An organizer may look at his own draft; for all others it is not there."""
    own = Meeting.objects.organized_by(request.user).select_related("seats")
    return HttpResponse(_draw(request, get_object_or_404(own, slug=slug), at=at))


def _draw(request: HttpRequest, meeting: Meeting, *, at: datetime) -> str:
    left, limit = meeting.seats.left, meeting.seats.seat_limit
    page_url = settings.PUBLIC_URL + reverse("meeting", args=[meeting.slug])
    stage = phase.stage(meeting, at=at, room=meeting.seats.room)
    # Drawn without the request: what is kept must not hold what one visitor sees.
    return render_to_string(
        "registrations/meeting.html",
        language.context(request)
        | frame(meeting)
        | {
            "stage": stage,
            "programme": programme.lines(
                meeting, meeting.sessions.select_related("places").in_order()
            ),
            "seats_left": left,
            "seat_limit": limit,
            "shown_limits": _shown_limits(meeting),
            "shows_seats": limit and left and left <= limit * FEW_SEATS,
            "page_url": page_url,
            "google_url": calendar_links.public(meeting, url=page_url),
            "preview": prose.plain(meeting.text("summary")),
            "json_ld": _json_ld(meeting),
        },
    )


@never_cache
@require_safe
def consent(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """The words of one consent, as they are now."""
    meeting = public_meeting(slug)
    document = get_object_or_404(ConsentDocument.objects.current(), meeting=meeting, kind=kind)
    context = frame(meeting) | {
        "document": document,
        "title": consent_title(document, meeting),
        "text": in_language(document.text, document.text_alt, main_language=meeting.language),
    }
    return render(request, "registrations/consent.html", context)


@require_GET
def meeting_calendar(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The meeting as a calendar file, for those who have not registered."""
    meeting = public_meeting(slug)
    url = settings.PUBLIC_URL + reverse("meeting", args=[slug])
    return calendar_file(calendar.public(meeting, url=url, stamp=timezone.now()), slug)


def calendar_file(content: bytes, name: str) -> HttpResponse:
    """A .ics answer: phones open it in their calendar, others save it."""
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8; method=PUBLISH")
    response["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response


def public_meeting(slug: str) -> Meeting:
    """A published or cancelled meeting as `offers` has it, else 404."""
    if (meeting := prospectus.find(slug)) is None:
        raise Http404
    return meeting


def frame(meeting: Meeting) -> dict[str, Any]:
    """What the frame of a participant's page shows: whose meeting it is."""
    names = hosts.names(meeting)
    return {
        "meeting": meeting,
        "hosts": names,
        "host": names[0] if names else "",
        "host_url": reverse("meeting", args=[meeting.slug]),
    }


def _shown_limits(meeting: Meeting) -> list[tuple[str, int]]:
    """Narrow limits whose free seats everybody may know: name and how many are left."""
    rows = list(
        meeting.seat_limits.narrow()
        .select_related(
            "meeting", "category", "region__region_set", "group__region_set", "organization"
        )
        .in_order()
    )
    shown = [row for row in rows if row.shows_left and row.seat_limit is not None]
    return [(waitlist.called(row), _left_of(row, rows, meeting.seats)) for row in shown]


def _left_of(limit: SeatLimit, rows: list[SeatLimit], whole: SeatLimit) -> int:
    """Whoever takes a seat of a region needs one of its district and of the meeting as well."""
    group = limit.region.group_id if limit.region else None
    own = [limit, *(row for row in rows if group and row.group_id == group)]
    left = [row.left for row in own if row.left is not None]
    if whole.left is not None:
        left.append(whole.left + sum(row.kept for row in own))
    return min(left)


def _json_ld(meeting: Meeting) -> SafeString | str:
    """schema.org/Event for search engines; nothing before it is published."""
    if meeting.status == MeetingStatus.DRAFT:
        return ""
    modes = {
        Format.IN_PERSON: "OfflineEventAttendanceMode",
        Format.ONLINE: "OnlineEventAttendanceMode",
        Format.HYBRID: "MixedEventAttendanceMode",
    }
    state = "Cancelled" if meeting.status == MeetingStatus.CANCELLED else "Scheduled"
    url = settings.PUBLIC_URL + reverse("meeting", args=[meeting.slug])
    place: dict[str, Any] = {"@type": "Place", "name": meeting.text("venue")}
    if meeting.text("address"):
        place["address"] = meeting.text("address")
    online = {"@type": "VirtualLocation", "url": url}
    locations = [place] * (meeting.format != Format.ONLINE) + [online] * (
        meeting.format != Format.IN_PERSON
    )
    data = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": meeting.text("title"),
        "startDate": meeting.starts_at.astimezone(meeting.zone).isoformat(),
        "endDate": meeting.ends_at.astimezone(meeting.zone).isoformat(),
        "eventStatus": f"https://schema.org/Event{state}",
        "eventAttendanceMode": f"https://schema.org/{modes[Format(meeting.format)]}",
        "location": locations,
        "organizer": [{"@type": "Organization", "name": name} for name in hosts.names(meeting)],
        "description": prose.plain(meeting.text("summary")),
        "url": url,
    }
    text = json.dumps(data, ensure_ascii=False)
    for sign, escape in (("<", "\\u003C"), (">", "\\u003E"), ("&", "\\u0026")):
        text = text.replace(sign, escape)
    return mark_safe(text)  # noqa: S308  # no sign is left that could end the element
