"""The check-in API: a desk's token says whose meeting it is. Every route is in config/api.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from attendance import checkin, desks, presence, serializers, substitution, walkin
from attendance.desks import API_COOKIE, OWN_PAGE, Desk
from attendance.forms import InsteadForm, WalkInForm
from attendance.models import Device, Scan
from attendance.scanlog import Entry
from config import visitor
from config.parsing import MendingJSONParser
from events.models import Meeting
from registrations import throttle


class DeskClosed(AuthenticationFailed):
    default_code = "device_revoked"


class DeskAuthentication(BaseAuthentication):
    """`Authorization: Device …`, or the cookie of the browser that started as a desk."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Desk] | None:
        header = get_authorization_header(request).decode("latin-1")
        scheme, _space, token = header.partition(" ")
        if scheme.lower() != "device":
            token = request.COOKIES.get(API_COOKIE, "") if OWN_PAGE in request.headers else ""
        if not token:
            return None
        try:
            return AnonymousUser(), desks.find(token.strip(), at=timezone.now())
        except desks.DeskClosed as closed:
            raise DeskClosed(str(closed)) from None

    def authenticate_header(self, request: Request) -> str:
        return 'Device realm="check-in"'


class DeskScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped library
    target_class = DeskAuthentication
    name = "deskToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Device <token>`, from `checkin/pair/`.",
        }


class AtDesk(BasePermission):
    """Whoever started as a desk, and nobody else: organizers scan at a desk too."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, Desk)


class DeskView(APIView):
    authentication_classes = [DeskAuthentication]
    permission_classes = [AtDesk]

    @property
    def desk(self) -> Desk:
        return cast(Desk, self.request.auth)


class PairView(APIView):
    """Exchange a desk link for the token of one shift."""

    authentication_classes: list[type[BaseAuthentication]] = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="checkin_pair",
        request=serializers.PairSerializer,
        responses={201: serializers.PairedSerializer},
    )
    def post(self, request: Request) -> Response:
        at = timezone.now()
        throttle.hit(f"desk-pair:{visitor.address(request)}", limit=30, seconds=60, at=at)
        body = serializers.PairSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        link = body.validated_data["link"].rstrip("/").rpartition("/")[2]
        device, token = desks.start(
            token=link, at=at, user_agent=request.headers.get("User-Agent", "")
        )
        return Response(paired(device, token), status=status.HTTP_201_CREATED)


def paired(device: Device, token: str) -> dict[str, Any]:
    """The answer to a pairing."""
    meeting = device.checkpoint.meeting
    return {
        "token": token,
        "expires_at": device.expires_at,
        "desk": device.label,
        "checkpoint": device.checkpoint.code,
        "may_admit": device.access_link.may_admit,
        "meeting": {
            "slug": meeting.slug,
            "title": meeting.text("short_title"),
            "starts_at": meeting.starts_at.isoformat(),
            "time_zone": meeting.time_zone,
        },
    }


class ScansView(DeskView):
    # A code that a reader garbled is a scan like any other, of nobody known.
    parser_classes = [MendingJSONParser]

    @extend_schema(
        operation_id="checkin_scan",
        request=serializers.ScansSerializer,
        responses=serializers.ResultsSerializer,
    )
    def post(self, request: Request) -> Response:
        """Record 1–200 scans. Repeating a request is harmless: same ids, same results."""
        at = timezone.now()
        scans, sent_at = serializers.read_scans(request.data)
        offset = at - sent_at if sent_at else timedelta(0)
        found = checkin.record(desk=self.desk, scans=scans, at=at, offset=offset)
        return Response({"server_time": at, "results": list(serializers.results(found))})


class VoidView(DeskView):
    @extend_schema(
        operation_id="checkin_void",
        request=serializers.VoidSerializer,
        responses=serializers.VoidedSerializer,
    )
    def post(self, request: Request, scan_id: UUID) -> Response:
        """Take a scan back: a further row in the log, nothing is deleted."""
        body = serializers.VoidSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        voiding = checkin.void(
            desk=self.desk, entry=scan_id, void_id=body.validated_data["id"], at=timezone.now()
        )
        return Response(
            {
                "id": voiding.id,
                "voids": scan_id,
                "replayed": voiding.state == "replayed",
                "text": presence.left_standing(desk=self.desk, entry=scan_id),
            }
        )


class WalkInsView(DeskView):
    @extend_schema(
        operation_id="checkin_walk_in",
        request=serializers.WalkInSerializer,
        responses={201: serializers.ResultSerializer},
    )
    def post(self, request: Request) -> Response:
        """Register somebody at the door and let him in. Harmless when repeated with its id."""
        body = serializers.WalkInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        meeting = Meeting.objects.select_related("region_set").get(pk=self.desk.meeting_id)
        form = WalkInForm(
            {"category": _first_category(meeting)} | body.validated_data, meeting=meeting
        )
        if not form.is_valid():
            raise ValidationError(
                {name: [str(e) for e in form.errors[name]] for name in form.errors}
            )
        entry = walkin.register(
            desk=self.desk,
            scan_id=form.cleaned_data["id"],
            application=form.application(language=get_language() or meeting.language),
            has_consented=form.cleaned_data["consent"],
            at=timezone.now(),
        )
        return Response(_one(entry, self.desk), status=status.HTTP_201_CREATED)


class AdmissionsView(DeskView):
    @extend_schema(
        operation_id="checkin_admit",
        request=serializers.AdmissionSerializer,
        responses=serializers.ResultSerializer,
    )
    def post(self, request: Request) -> Response:
        """Let in somebody who waits, is not decided on, or registered for online."""
        body = serializers.AdmissionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        entry = walkin.admit(
            desk=self.desk,
            scan_id=body.validated_data["id"],
            person=body.validated_data["person"],
            at=timezone.now(),
        )
        return Response(_one(entry, self.desk))


class SubstitutionsView(DeskView):
    @extend_schema(
        operation_id="checkin_substitute",
        request=serializers.SubstitutionSerializer,
        responses={201: serializers.ResultSerializer},
    )
    def post(self, request: Request) -> Response:
        """
        Let in somebody instead of somebody who is confirmed: one leaves the list, the other
        gets the seat and is in. Harmless when repeated with its id.
        """
        body = serializers.SubstitutionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        form = InsteadForm(body.validated_data)
        if not form.is_valid():
            raise ValidationError(
                {name: [str(e) for e in form.errors[name]] for name in form.errors}
            )
        entry = substitution.replace(
            desk=self.desk,
            scan_id=form.cleaned_data["id"],
            person=form.cleaned_data["person"],
            newcomer=form.newcomer,
            has_consented=form.cleaned_data["consent"],
            at=timezone.now(),
            mistaken=form.cleaned_data["scan"],
        )
        return Response(_one(entry, self.desk), status=status.HTTP_201_CREATED)


def _one(entry: Entry, desk: Desk) -> dict[str, Any]:
    return next(serializers.results([checkin.result_of(entry, desk=desk)]))


def _first_category(meeting: Meeting) -> str:
    return meeting.categories.order_by("position", "pk").values_list("code", flat=True)[0]


class SearchView(DeskView):
    @extend_schema(
        operation_id="checkin_search",
        parameters=[OpenApiParameter("q", str, required=True, description="2 characters or more.")],
        responses=serializers.FoundListSerializer,
    )
    def get(self, request: Request) -> Response:
        """At most 20 people of the desk's meeting, by name, organization or number."""
        query = request.query_params.get("q", "")[:200].replace("\x00", "")
        found = presence.search(desk=self.desk, query=query, at=timezone.now())
        return Response({"results": serializers.FoundSerializer(found, many=True).data})


class StatsView(DeskView):
    @extend_schema(operation_id="checkin_stats", responses=serializers.CountsSerializer)
    def get(self, request: Request) -> Response:
        """How many are in and how many are expected."""
        counts = presence.counts(
            meeting_id=self.desk.meeting_id, checkpoint_id=self.desk.checkpoint_id
        )
        return Response(serializers.CountsSerializer(counts).data)


class MeetingScansView(generics.ListAPIView[Scan]):
    """The log of a meeting's door, newest first, for its organizers."""

    serializer_class = serializers.LoggedScanSerializer
    filter_backends = [OrderingFilter]
    ordering = ("-received_at", "-id")
    ordering_fields = ("received_at",)

    @extend_schema(operation_id="meeting_scans")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Scan]:
        if getattr(self, "swagger_fake_view", False):
            return Scan.objects.none()
        user = cast(User, self.request.user)
        meeting = get_object_or_404(Meeting.objects.organized_by(user), slug=self.kwargs["slug"])
        return (
            Scan.objects.entries()
            .filter(checkpoint__meeting=meeting)
            .select_related("registration")
            .prefetch_related("voided_by")
        )
