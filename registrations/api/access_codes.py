"""Access codes, as organizers make and change them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import preconditions
from events.models import Meeting
from registrations import access_codes
from registrations.access_code_serializers import AccessCodeSerializer
from registrations.access_codes import Wish
from registrations.api.meetings import IF_MATCH
from registrations.api.permissions import acting, own_meeting
from registrations.models import AccessCode


class AccessCodeViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[AccessCode]
):
    """Who may register with a word that was given to them, as what, and how many."""

    lookup_field = "uid"
    lookup_value_converter = "uuid"
    serializer_class = AccessCodeSerializer
    queryset = AccessCode.objects.none()  # for the schema alone

    def get_queryset(self) -> QuerySet[AccessCode]:
        meeting = own_meeting(self.request, self.kwargs["meeting"])
        found = AccessCode.objects.filter(meeting=meeting)
        return found.select_related("meeting", "category", "places").order_by("pk")

    @extend_schema(
        request=AccessCodeSerializer,
        responses={201: AccessCodeSerializer},
        summary="Make an access code",
    )
    def create(self, request: Request, meeting: str) -> Response:
        target = own_meeting(request, meeting)
        made = access_codes.open_code(
            meeting=target,
            wish=Wish(**_said(request, target)),
            at=timezone.now(),
            by=acting(request),
        )
        answer = AccessCodeSerializer(self.get_queryset().get(pk=made.pk)).data
        return Response(answer, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[IF_MATCH],
        request=AccessCodeSerializer(partial=True),
        responses=AccessCodeSerializer,
        summary="Change an access code",
    )
    def partial_update(self, request: Request, meeting: str, uid: str) -> Response:
        """Whoever has registered with it stays."""
        code = self.get_object()
        known: dict[str, Any] = {field: getattr(code, field) for field in access_codes.FIELDS}
        known["limit"] = code.places.seat_limit
        access_codes.change(
            access_code=code,
            wish=Wish(**known | _said(request, code.meeting, of=code)),
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
        )
        return self.current()

    @extend_schema(responses={204: None}, summary="Remove an access code")
    def destroy(self, request: Request, meeting: str, uid: str) -> Response:
        """Only one that nobody ever registered with."""
        access_codes.remove(access_code=self.get_object(), at=timezone.now(), by=acting(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.current()

    def current(self) -> Response:
        """The code as it is now, with its ETag."""
        code = self.get_object()
        response = Response(AccessCodeSerializer(code).data)
        response["ETag"] = preconditions.etag(code.version)
        return response


def _said(request: Request, meeting: Meeting, of: AccessCode | None = None) -> dict[str, Any]:
    """What was sent, as a wish has it."""
    context = {"meeting": meeting, "as_organizer": True}
    body = AccessCodeSerializer(of, data=request.data, partial=of is not None, context=context)
    body.is_valid(raise_exception=True)
    said = dict(body.validated_data)
    if "places" in said:
        said["limit"] = said.pop("places")["seat_limit"]
    return said
