"""What a calendar program follows, and the pages on which a participant asks for it."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_http_methods, require_safe

from config.answers import SeeOther, see_other
from events.models import MeetingStatus
from registrations import calendar, calendar_feeds, calendar_links, feeds, links
from registrations.models import CalendarFeed, Registration
from registrations.views.own import context, holder, opens_by_link


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """
    The calendar behind an address of its own, in two queries. What was given up is not found,
    like what has never been.
    """
    registration = feeds.find(token)
    if registration is None:
        raise Http404
    url = links.page_url("meeting", registration.meeting.slug)
    content = calendar.feed(registration, url=url)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8; method=PUBLISH")
    response["Content-Disposition"] = 'inline; filename="calendar.ics"'
    response["Content-Language"] = registration.language
    response["ETag"] = etag
    response["X-Robots-Tag"] = "noindex, nofollow"
    # Asked for each time, so that an address that was given up shows nothing at once.
    patch_cache_control(response, private=True, no_cache=True)
    return get_conditional_response(request, etag=etag, response=response) or response


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def own_feed(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """What it is to follow a calendar; the address, once it was asked for (POST)."""
    if request.method == "POST":
        calendar_feeds.open_feed(**_common(registration))
        return see_other("mine-feed", links.token(registration))
    return render(request, "registrations/feed.html", _shown(registration))


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """Say what another address means; on POST make it."""
    return _after_asking(request, registration, calendar_feeds.renew, "feed_renew")


@opens_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """Say what giving up the address means; on POST give it up."""
    return _after_asking(request, registration, calendar_feeds.close, "feed_close")


@opens_by_link
@require_safe
def google(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """
    On to Google's calendar, with time and place as they are now and not as in the mail; where
    nobody is expected any more, to the page that says so.
    """
    called_off = registration.meeting.status == MeetingStatus.CANCELLED
    if called_off or not registration.is_live:
        return see_other("mine", links.token(registration))
    return SeeOther(google_of(registration))


def google_of(registration: Registration) -> str:
    """The link that fills in an entry of Google's calendar."""
    url = links.page_url("meeting", registration.meeting.slug)
    return calendar_links.personal(registration, url=url)


def _after_asking(
    request: HttpRequest, registration: Registration, act: Any, page: str
) -> HttpResponseBase:
    shown = _shown(registration)
    if request.method == "POST" and shown["feed"]:
        act(**_common(registration))
    if request.method == "POST" or not shown["feed"]:
        return see_other("mine-feed", links.token(registration))
    return render(request, f"registrations/{page}.html", shown)


def _common(registration: Registration) -> dict[str, Any]:
    return {"registration": registration, "at": timezone.now(), "by": holder(registration)}


def _shown(registration: Registration) -> dict[str, Any]:
    found: CalendarFeed | None = feeds.of(registration)
    urls = (
        {"feed_url": links.feed_url(found), "webcal_url": links.webcal_url(found)} if found else {}
    )
    return context(registration) | {"feed": found} | urls
