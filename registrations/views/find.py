"""A lost link: asked for by address, answered by mail only."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config import visitor
from config.answers import see_other
from registrations import lost_links
from registrations.forms import AddressForm
from registrations.views.public import frame, public_meeting


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The page says the same to everybody: whether an address is known, it does not tell."""
    meeting = public_meeting(slug)
    form = AddressForm(request.POST or None)
    if form.is_valid():
        lost_links.send(
            meeting=meeting,
            email=form.cleaned_data["email"],
            visitor=visitor.address(request),
            language=translation.get_language() or meeting.language,
            at=timezone.now(),
        )
        answer = see_other("find", slug)
        answer["Location"] += "?sent"
        return answer
    context = frame(meeting) | {"form": form, "sent": "sent" in request.GET and not form.is_bound}
    return render(request, "registrations/find.html", context, status=422 if form.errors else 200)
