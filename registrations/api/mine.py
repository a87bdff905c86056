"""A participant's own registration, opened by the token of the personal link."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import preconditions
from accounts.journal import Actor
from accounts.models import Via
from registrations import (
    amending,
    booking,
    calendar,
    calendar_feeds,
    erasure,
    feeds,
    links,
    offering,
)
from registrations.api.meetings import IF_MATCH
from registrations.models import CalendarFeed, Registration
from registrations.serializers import (
    AddressSerializer,
    FeedSerializer,
    MyChangesSerializer,
    MyRegistrationSerializer,
    OfferRefusalSerializer,
)


class LinkAuthentication(BaseAuthentication):
    """`Authorization: Link <token>`: the last part of the person's manage link."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Registration] | None:
        header = get_authorization_header(request).decode("latin-1")
        scheme, _space, token = header.partition(" ")
        if scheme.lower() != "link":
            return None
        try:
            return AnonymousUser(), links.find(token.strip())
        except links.LinkUnknown as unknown:
            raise AuthenticationFailed(str(unknown)) from None

    def authenticate_header(self, request: Request) -> str:
        return 'Link realm="my-registration"'


class WithLink(BasePermission):
    """Whoever holds a person's link, and nobody else."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, Registration)


class MineView(APIView):
    authentication_classes = [LinkAuthentication]
    permission_classes = [WithLink]

    @property
    def registration(self) -> Registration:
        return cast(Registration, self.request.auth)

    @property
    def common(self) -> dict[str, Any]:
        """What every use case is told: which registration, when, by whom."""
        registration = self.registration
        who = Actor(who=f"registration:{registration.pk}", via=Via.LINK)
        return {"registration": registration, "at": timezone.now(), "by": who}

    def current(self, registration: Registration | None = None) -> Response:
        """The registration as it is now, with its ETag."""
        registration = links.find(links.token(registration or self.registration))
        response = Response(MyRegistrationSerializer(registration).data)
        response["ETag"] = preconditions.etag(registration.version)
        return response


class MyRegistrationView(MineView):
    """What I wrote, and how it stands."""

    @extend_schema(
        operation_id="my_registration_retrieve",
        responses=MyRegistrationSerializer,
        summary="Read my registration",
    )
    def get(self, request: Request) -> Response:
        return self.current()

    @extend_schema(
        operation_id="my_registration_change",
        parameters=[IF_MATCH],
        request=MyChangesSerializer(partial=True),
        responses=MyRegistrationSerializer,
        summary="Change my registration",
    )
    def patch(self, request: Request) -> Response:
        """Possible until the lists are closed (`may_change`)."""
        body = MyChangesSerializer(
            self.registration,
            data=request.data,
            partial=True,
            context={"meeting": self.registration.meeting},
        )
        body.is_valid(raise_exception=True)
        version = preconditions.version_of(request)
        amending.amend(**self.common, changes=dict(body.validated_data), version=version)
        return self.current()


class MyCancelView(MineView):
    @extend_schema(
        operation_id="my_registration_cancel",
        request=None,
        responses=MyRegistrationSerializer,
        summary="Cancel my registration",
    )
    def post(self, request: Request) -> Response:
        """The seat goes to whoever is next in line. Twice is harmless."""
        booking.cancel(**self.common)
        return self.current()


class MyRestoreView(MineView):
    @extend_schema(
        operation_id="my_registration_restore",
        request=None,
        responses=MyRegistrationSerializer,
        summary="Take my cancellation back",
    )
    def post(self, request: Request) -> Response:
        """To a seat if there is one, else to the end of the line."""
        booking.restore(**self.common)
        return self.current()


class MyOfferAcceptView(MineView):
    @extend_schema(
        operation_id="my_offer_accept",
        request=None,
        responses=MyRegistrationSerializer,
        summary="Take the offered seat",
    )
    def post(self, request: Request) -> Response:
        """Until the moment in `offered_until`; from then on `offer_over`. Twice is harmless."""
        offering.accept(**self.common)
        return self.current()


class MyOfferDeclineView(MineView):
    @extend_schema(
        operation_id="my_offer_decline",
        request=OfferRefusalSerializer,
        responses=MyRegistrationSerializer,
        summary="Do not take the offered seat",
    )
    def post(self, request: Request) -> Response:
        """The seat goes to whoever is next. Twice is harmless."""
        body = OfferRefusalSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        refuse = offering.step_aside if body.validated_data["waits_on"] else offering.decline
        refuse(**self.common)
        return self.current()


class MyOfferAskAgainView(MineView):
    @extend_schema(
        operation_id="my_offer_ask_again",
        request=None,
        responses=MyRegistrationSerializer,
        summary="Ask to be offered a seat again",
    )
    def post(self, request: Request) -> Response:
        """For whom `is_passed_over`: behind those who let no offer pass. Twice is harmless."""
        offering.ask_again(**self.common)
        return self.current()


class MyAddressView(MineView):
    @extend_schema(
        operation_id="my_registration_address",
        request=AddressSerializer,
        responses=MyRegistrationSerializer,
        summary="Correct my e-mail address",
    )
    def post(self, request: Request) -> Response:
        """
        The confirmation is sent again, to the new address. Whoever got the first one may not
        keep the key: the link changes, and `manage_url` is the new one.
        """
        body = AddressSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return self.current(amending.correct_address(**self.common, **body.validated_data))


class MyErasureView(MineView):
    @extend_schema(
        operation_id="my_registration_erase",
        request=None,
        responses={204: OpenApiResponse(description="Erased: a line without a person stays.")},
        summary="Erase my data",
    )
    def post(self, request: Request) -> Response:
        """Cancels the registration and erases what was written. There is no way back."""
        erasure.erase(**self.common)
        return Response(status=204)


class CalendarRenderer(BaseRenderer):
    """Only lets `Accept: text/calendar` through: the view answers with the file itself."""

    media_type = "text/calendar"
    format = "ics"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return JSONRenderer().render(data)


class MyCalendarView(MineView):
    renderer_classes = [CalendarRenderer, JSONRenderer]

    @extend_schema(
        operation_id="my_registration_calendar",
        responses={(200, "text/calendar"): OpenApiTypes.STR},
        summary="The meeting for my calendar",
    )
    def get(self, request: Request) -> HttpResponse:
        registration = self.registration
        file = calendar.download(registration, url=links.manage_url(registration))
        response = HttpResponse(file, content_type="text/calendar; charset=utf-8; method=PUBLISH")
        response["Content-Disposition"] = 'attachment; filename="meeting.ics"'
        return response


class MyFeedView(MineView):
    """An address that a calendar program follows."""

    @extend_schema(
        operation_id="my_calendar_feed_retrieve",
        responses=FeedSerializer,
        summary="The address that my calendar follows",
    )
    def get(self, request: Request) -> Response:
        return _told(feeds.of(self.registration))

    @extend_schema(
        operation_id="my_calendar_feed_open",
        request=None,
        responses=FeedSerializer,
        summary="Get an address for my calendar to follow",
    )
    def post(self, request: Request) -> Response:
        """
        Behind it is a calendar with the meeting and the sessions I chose, without my name.
        It opens nothing else. Twice is harmless: the address stays.
        """
        return _told(calendar_feeds.open_feed(**self.common))

    @extend_schema(
        operation_id="my_calendar_feed_close",
        responses={204: OpenApiResponse(description="The address opens nothing any more.")},
        summary="End my calendar's address",
    )
    def delete(self, request: Request) -> Response:
        """Twice is harmless."""
        calendar_feeds.close(**self.common)
        return Response(status=204)


class MyFeedRenewView(MineView):
    @extend_schema(
        operation_id="my_calendar_feed_renew",
        request=None,
        responses=FeedSerializer,
        summary="Get another address for my calendar",
    )
    def post(self, request: Request) -> Response:
        """The one before opens nothing any more."""
        return _told(calendar_feeds.renew(**self.common))


def _told(feed: CalendarFeed | None) -> Response:
    feed_url, webcal_url = (links.feed_url(feed), links.webcal_url(feed)) if feed else (None, None)
    return Response(FeedSerializer({"feed_url": feed_url, "webcal_url": webcal_url}).data)
