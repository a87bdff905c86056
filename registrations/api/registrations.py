"""Registrations: anybody may register; only the organizers see, correct and decide."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import journal, preconditions
from accounts.models import Via
from accounts.refusals import Refused
from config import visitor
from registrations import (
    access_codes,
    amending,
    booking,
    erasure,
    links,
    offering,
    prospectus,
    review,
    substituting,
    throttle,
)
from registrations.api.filters import RegistrationFilter
from registrations.api.meetings import IF_MATCH
from registrations.api.permissions import acting, own_meeting
from registrations.decision_serializers import (
    BulkTransitionSerializer,
    DecidedSerializer,
    TransitionSerializer,
)
from registrations.idempotency import Claim
from registrations.models import Consent, Registration, SessionSeat, Source
from registrations.serializers import (
    BookedSerializer,
    NewRegistrationSerializer,
    RegistrationChangesSerializer,
    RegistrationSerializer,
    SubstituteSerializer,
)

LONGEST_KEY = 80
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Chosen by the client, up to 80 characters, kept 48 hours: the same request "
    "again gets the first answer. Compatible with the IETF draft of that name.",
)
MEETING = OpenApiParameter("meeting", str, OpenApiParameter.PATH, description="Slug.")
NUMBER = OpenApiParameter("number", str, OpenApiParameter.PATH, description="Seven digits.")


class RegistrationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Registration]
):
    """The registrations of one meeting."""

    lookup_field = "number"
    lookup_value_converter = "slug"
    serializer_class = RegistrationSerializer
    filter_backends = [DjangoFilterBackend]
    filterset_class = RegistrationFilter
    queryset = Registration.objects.none()  # for the schema alone

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny() if self.action == "create" else IsAuthenticated()]

    def get_queryset(self) -> QuerySet[Registration]:
        meeting = own_meeting(self.request, self.kwargs["meeting"])
        consents = Prefetch("consents", Consent.objects.select_related("document"))
        sessions = Prefetch(
            "session_seats", SessionSeat.objects.select_related("session").in_order()
        )
        return (
            Registration.objects.filter(meeting=meeting)
            .select_related(
                "meeting",
                "category",
                "region",
                "delegation",
                "replaces",
                "access_code",
                "awaits_head_of",
                "merged_into",
                "offer",
            )
            .prefetch_related(consents, sessions)
        )

    @extend_schema(
        parameters=[KEY],
        request=NewRegistrationSerializer,
        responses={201: BookedSerializer},
        summary="Register a participant",
    )
    def create(self, request: Request, meeting: str) -> Response:
        """
        Needs no sign-in. Answers with a seat, a place in line, or a wait for the organizer's
        decision: see `status`. The confirmation goes by mail as well.
        """
        at = timezone.now()
        target = prospectus.find(meeting)
        if target is None:
            raise Http404
        address = visitor.address(request)
        throttle.hit_registration(meeting_id=target.pk, address=address, at=at)
        body = NewRegistrationSerializer(data=request.data, context={"meeting": target})
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        if typed := said.pop("access_code"):
            code = access_codes.find(meeting=target, typed=typed, visitor=address, at=at)
            said |= {"access_code": code, "category": code.category}
        outcome = booking.register(
            meeting=target,
            consents=said.pop("consents"),
            application=booking.Application(**said),
            at=at,
            by=acting(request)
            if request.user.is_authenticated
            else journal.Actor("visitor", Via.API),
            source=Source.API,
            evidence=booking.Evidence(
                ip_address=address or None, user_agent=visitor.user_agent(request)
            ),
            claim=claim_of(request, f"api:register:{target.pk}"),
        )
        return booked(
            outcome.registration,
            standing=outcome.status,
            waiting_position=outcome.waiting_position,
        )

    @extend_schema(
        parameters=[IF_MATCH],
        request=RegistrationChangesSerializer(partial=True),
        responses=RegistrationSerializer,
        summary="Correct a registration",
    )
    def partial_update(self, request: Request, meeting: str, number: str) -> Response:
        registration = self.get_object()
        body = RegistrationChangesSerializer(
            registration,
            data=request.data,
            partial=True,
            context={"meeting": registration.meeting, "as_organizer": True},
        )
        body.is_valid(raise_exception=True)
        amending.amend(
            registration=registration,
            changes=dict(body.validated_data),
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
            as_organizer=True,
        )
        return self.current()

    @extend_schema(
        request=SubstituteSerializer,
        responses={201: RegistrationSerializer},
        summary="Put somebody else in the place",
    )
    @action(detail=True, methods=["post"])
    def substitute(self, request: Request, meeting: str, number: str) -> Response:
        """The seat goes over at once; both are told. Left out, all but the name stays as it is."""
        leaver = self.get_object()
        context = {"meeting": leaver.meeting, "as_organizer": True}
        body = SubstituteSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        kept = ("organization", "position", "region", "category", "attendance_mode", "language")
        known = {field: getattr(leaver, field) for field in kept}
        newcomer = substituting.substitute(
            registration=leaver,
            application=booking.Application(**known | body.validated_data),
            at=timezone.now(),
            by=acting(request),
        )
        self.kwargs["number"] = newcomer.number
        answer = self.current()
        answer.status_code = status.HTTP_201_CREATED
        return answer

    @extend_schema(
        request=TransitionSerializer,
        responses=RegistrationSerializer,
        summary="Decide about a registration",
    )
    @action(detail=True, methods=["post"])
    def transitions(self, request: Request, meeting: str, number: str) -> Response:
        """
        approve · decline · promote (from the waiting list) · offer (a seat to one who waits) ·
        withdraw_offer · cancel · restore · erase. Each tells the person by mail, except erase.
        """
        registration = self.get_object()
        body = TransitionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        _decide(registration, request, **body.validated_data)
        return self.current()

    @extend_schema(
        operation_id="meetings_registrations_transitions_many",
        request=BulkTransitionSerializer,
        responses=DecidedSerializer(many=True),
        filters=False,
        summary="Decide about many registrations",
    )
    @action(detail=False, methods=["post"], url_path="transitions", pagination_class=None)
    def decide_many(self, request: Request, meeting: str) -> Response:
        """
        The same decision on each, one after the other in the order of registering, so that the
        seats there are go to whoever came first. Each is decided by itself: what cannot be done
        is said in its line, and undoes nothing of the others.
        """
        people = self.get_queryset()  # first: a stranger is told nothing, not even what is wrong
        body = BulkTransitionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        numbers = list(dict.fromkeys(said.pop("numbers")))
        found = people.filter(number__in=numbers).order_by("registered_at", "pk")
        results = {one.number: _decided(one, request, **said) for one in found}
        nobody = _("This meeting has no such registration.")
        unknown = {"status": None, "code": "not_found", "detail": nobody}
        lines = [{"number": n} | results.get(n, unknown) for n in numbers]
        return Response(DecidedSerializer(lines, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.current()

    def current(self) -> Response:
        """The registration as it is now, with its ETag."""
        registration = self.get_object()
        response = Response(RegistrationSerializer(registration).data)
        response["ETag"] = preconditions.etag(registration.version)
        return response


def _decided(registration: Registration, request: Request, **said: Any) -> dict[str, Any]:
    """Decide on one of many, and say what became of it."""
    code = detail = ""
    try:
        _decide(registration, request, **said)
    except Refused as refusal:
        code, detail = refusal.code, str(refusal)
    registration.refresh_from_db(fields=["status"])
    return {"status": registration.status, "code": code, "detail": detail}


def _decide(
    registration: Registration,
    request: Request,
    *,
    event: str,
    reason: str,
    shows_reason: bool,
    over_capacity: bool,
) -> None:
    common: dict[str, Any] = {
        "registration": registration,
        "at": timezone.now(),
        "by": acting(request),
    }
    match event:
        case "approve":
            review.approve(**common, over_capacity=over_capacity)
        case "promote":
            review.promote(**common, over_capacity=over_capacity)
        case "offer":
            offering.offer(**common, over_capacity=over_capacity)
        case "withdraw_offer":
            offering.withdraw(**common)
        case "decline":
            review.decline(**common, reason=reason, shows_reason=shows_reason)
        case "cancel":
            booking.cancel(**common)
        case "restore":
            booking.restore(**common)
        case "erase":
            erasure.erase(**common)


def claim_of(request: Request, scope: str) -> Claim | None:
    """The client's key with what it sent, valid within `scope`; None where it chose none."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST_KEY):
        raise ValidationError(
            {"Idempotency-Key": _("A key has 1 to 80 printable ASCII characters.")}
        )
    return Claim(scope=scope, key=key, body=request.data)


def booked(
    registration: Registration, *, standing: str = "", waiting_position: int | None = None
) -> Response:
    """The answer to whoever registered."""
    answer = {
        "number": registration.number,
        "status": standing or registration.status,
        "waiting_position": waiting_position,
        "manage_url": links.manage_url(registration),
        "ticket_url": links.ticket_url(registration),
        "calendar_url": links.calendar_url(registration),
    }
    response = Response(BookedSerializer(answer).data, status=status.HTTP_201_CREATED)
    response["Location"] = reverse(
        "api-registration-detail", args=[registration.meeting.slug, registration.number]
    )
    return response
