"""The door of the organizer's office: every page in it belongs to a meeting of one's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache

from accounts.models import User
from events.models import Meeting

P = ParamSpec("P")


class OfficeRequest(HttpRequest):
    """A request behind the sign-in. Only a type: what a view in the office may rely on."""

    user: User


Page = Callable[Concatenate[OfficeRequest, Meeting, P], HttpResponseBase]


def own_meeting(page: Page[P]) -> Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]:
    """
    Give a page the signed-in organizer's meeting in place of its `slug`.

    A visitor is asked to sign in. A stranger's meeting is not found: whether it exists
    is nobody's business. Nothing in the office is kept by a cache.
    """

    @wraps(page)
    def find(
        request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        meetings = Meeting.objects.organized_by(request.user).select_related("region_set")
        meeting = get_object_or_404(meetings, slug=slug)
        return page(cast(OfficeRequest, request), meeting, *args, **kwargs)

    return cast(
        Callable[Concatenate[HttpRequest, str, P], HttpResponseBase],
        never_cache(login_required(find)),
    )
