"""What belongs to a meeting: hosts, programme, categories, regions, texts, rules, seats, links."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import preconditions
from accounts.models import User
from events import access, agenda, regions
from events.models import AccessLink, AgendaItem, Category, Meeting, Purpose, RegionSet
from events.serializers import (
    AccessLinkSerializer,
    AgendaItemSerializer,
    FullCategorySerializer,
    FullRegionSetSerializer,
    HostSerializer,
    NewAccessLinkSerializer,
    PastedRegionsSerializer,
    RegionSerializer,
    RegionSetSerializer,
)
from registrations import categories, convening, reminder_rules
from registrations.api.meetings import IF_MATCH
from registrations.api.permissions import acting, own_meeting
from registrations.meeting_serializers import (
    ConsentDocumentSerializer,
    ReminderRuleSerializer,
    SeatsSerializer,
)
from registrations.models import ReminderRule

DESK_LINK_LASTS = timedelta(days=2)
PRESS_LINK_LASTS = timedelta(days=90)
MOST_ROWS = 500


class PartView(APIView):
    """A short list that belongs to a meeting, whole: read it, or replace it."""

    @property
    def meeting(self) -> Meeting:
        return own_meeting(self.request, self.kwargs["meeting"])

    def rows(self, meeting: Meeting) -> Any:
        raise NotImplementedError

    shape: ClassVar[type[serializers.ModelSerializer[Any]]]

    def current(self) -> Response:
        """The list as it is now, with the ETag of the meeting."""
        meeting = self.meeting
        response = Response(self.shape(self.rows(meeting), many=True).data)
        response["ETag"] = preconditions.etag(meeting.version)
        return response

    def read(self) -> list[dict[str, Any]]:
        """The checked body: a list."""
        body = self.shape(data=self.request.data, many=True, max_length=MOST_ROWS)  # type: ignore[call-arg]  # an option of many=True
        body.is_valid(raise_exception=True)
        return [dict(item) for item in body.validated_data]


class HostsView(PartView):
    shape = HostSerializer

    def rows(self, meeting: Meeting) -> Any:
        return meeting.hosts.order_by("position")

    @extend_schema(responses=HostSerializer(many=True), summary="List the hosts")
    def get(self, request: Request, meeting: str) -> Response:
        return self.current()

    @extend_schema(
        parameters=[IF_MATCH],
        request=HostSerializer(many=True),
        responses=HostSerializer(many=True),
        summary="Replace the hosts",
    )
    def put(self, request: Request, meeting: str) -> Response:
        """In order: the first one's name stands above the participants' pages."""
        target = self.meeting
        convening.change(
            meeting=target,
            changes={},
            hosts=[(host["name"], host.get("name_alt", "")) for host in self.read()],
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
        )
        return self.current()


class AgendaView(PartView):
    shape = AgendaItemSerializer

    def rows(self, meeting: Meeting) -> Any:
        return meeting.agenda.order_by("starts_at", "pk")

    @extend_schema(responses=AgendaItemSerializer(many=True), summary="List the programme")
    def get(self, request: Request, meeting: str) -> Response:
        return self.current()

    @extend_schema(
        parameters=[IF_MATCH],
        request=AgendaItemSerializer(many=True),
        responses=AgendaItemSerializer(many=True),
        summary="Replace the programme",
    )
    def put(self, request: Request, meeting: str) -> Response:
        """In any order: the times decide."""
        target = self.meeting
        agenda.write(
            meeting=target,
            items=[AgendaItem(meeting=target, **item) for item in self.read()],
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
        )
        return self.current()


class CategoriesView(PartView):
    shape = FullCategorySerializer

    def rows(self, meeting: Meeting) -> Any:
        return meeting.categories.order_by("position", "pk")

    @extend_schema(responses=FullCategorySerializer(many=True), summary="List the categories")
    def get(self, request: Request, meeting: str) -> Response:
        return self.current()

    @extend_schema(
        parameters=[IF_MATCH],
        request=FullCategorySerializer(many=True),
        responses=FullCategorySerializer(many=True),
        summary="Replace the categories",
    )
    def put(self, request: Request, meeting: str) -> Response:
        """One with a `code` is changed, one without is added, one left out is removed."""
        target = self.meeting
        existing = {category.code: category for category in target.categories.all()}
        kept = _matched(self.read(), existing, Category, "code")
        categories.arrange(
            meeting=target,
            kept=kept,
            removed=[each for each in existing.values() if each not in kept],
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
        )
        return self.current()


class RegionsView(PartView):
    shape = RegionSerializer

    def rows(self, meeting: Meeting) -> Any:
        return meeting.region_set.regions.active().select_related("group").in_order()

    @extend_schema(responses=RegionSerializer(many=True), summary="List the regions")
    def get(self, request: Request, meeting: str) -> Response:
        """All that may be chosen, in order. The list itself is one of `region-sets/`."""
        return self.current()


class ConsentsView(PartView):
    shape = ConsentDocumentSerializer

    def rows(self, meeting: Meeting) -> Any:
        return meeting.consent_documents.current()

    @extend_schema(
        responses=ConsentDocumentSerializer(many=True), summary="List the consent documents"
    )
    def get(self, request: Request, meeting: str) -> Response:
        return self.current()

    @extend_schema(
        request=ConsentDocumentSerializer,
        responses={201: ConsentDocumentSerializer(many=True)},
        summary="Set a consent document",
    )
    def post(self, request: Request, meeting: str) -> Response:
        """Other words are a new version; consents given to the old one stay with it."""
        body = ConsentDocumentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        convening.set_consent(
            meeting=self.meeting, at=timezone.now(), by=acting(request), **body.validated_data
        )
        response = self.current()
        response.status_code = status.HTTP_201_CREATED
        return response


class RemindersView(PartView):
    shape = ReminderRuleSerializer

    def rows(self, meeting: Meeting) -> Any:
        return meeting.reminder_rules.order_by("-kind", "-amount", "pk")

    @extend_schema(responses=ReminderRuleSerializer(many=True), summary="List the reminder rules")
    def get(self, request: Request, meeting: str) -> Response:
        return self.current()

    @extend_schema(
        parameters=[IF_MATCH],
        request=ReminderRuleSerializer(many=True),
        responses=ReminderRuleSerializer(many=True),
        summary="Replace the reminder rules",
    )
    def put(self, request: Request, meeting: str) -> Response:
        """One with an `id` is changed, one without is added, one left out is removed."""
        target = self.meeting
        existing = {rule.pk: rule for rule in target.reminder_rules.all()}
        kept = _matched(self.read(), existing, ReminderRule, "id")
        reminder_rules.arrange(
            meeting=target,
            kept=kept,
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
        )
        return self.current()


class SeatLimitView(APIView):
    """How many seats there are, and how they are taken."""

    @extend_schema(responses=SeatsSerializer, summary="Read the seat counters")
    def get(self, request: Request, meeting: str) -> Response:
        return Response(SeatsSerializer(own_meeting(request, meeting).seats).data)

    @extend_schema(request=SeatsSerializer, responses=SeatsSerializer, summary="Set the limit")
    def patch(self, request: Request, meeting: str) -> Response:
        """New seats go to those who wait, in order; they are told."""
        body = SeatsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        convening.set_seat_limit(
            meeting=own_meeting(request, meeting),
            seat_limit=body.validated_data["seat_limit"],
            at=timezone.now(),
            by=acting(request),
        )
        return self.get(request, meeting)


class AccessLinkViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[AccessLink]):
    """Links for helpers: a desk's, the press officer's."""

    serializer_class = AccessLinkSerializer
    lookup_value_converter = "int"
    queryset = AccessLink.objects.none()  # for the schema alone

    def get_queryset(self) -> QuerySet[AccessLink]:
        return AccessLink.objects.filter(meeting=own_meeting(self.request, self.kwargs["meeting"]))

    @extend_schema(
        request=NewAccessLinkSerializer,
        responses={201: AccessLinkSerializer},
        summary="Issue a link",
    )
    def create(self, request: Request, meeting: str) -> Response:
        """A desk gets the next free number."""
        target = own_meeting(request, meeting)
        body = NewAccessLinkSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = {"expires_at": _expiry(target, body.validated_data["purpose"])} | body.validated_data
        link = access.issue(meeting=target, at=timezone.now(), by=acting(request), **said)
        return Response(AccessLinkSerializer(link).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=AccessLinkSerializer, summary="Renew a link")
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, meeting: str, pk: int) -> Response:
        """Another address for the same purpose; the old one stops working at once."""
        link = self.get_object()
        expires_at = max(link.expires_at, _expiry(link.meeting, link.purpose))
        renewed = access.renew(
            link=link, expires_at=expires_at, at=timezone.now(), by=acting(request)
        )
        return Response(AccessLinkSerializer(renewed).data)

    @extend_schema(request=None, responses=AccessLinkSerializer, summary="Revoke a link")
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, meeting: str, pk: int) -> Response:
        """It stops working at once. Twice is harmless."""
        revoked = access.revoke(link=self.get_object(), at=timezone.now(), by=acting(request))
        return Response(AccessLinkSerializer(revoked).data)


class RegionSetViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[RegionSet]
):
    """Lists of regions to choose from: the shipped ones and one's own."""

    lookup_value_converter = "int"
    queryset = RegionSet.objects.none()  # for the schema alone

    def get_queryset(self) -> QuerySet[RegionSet]:
        return RegionSet.objects.offered_to(cast(User, self.request.user))

    def get_serializer_class(self) -> type[serializers.BaseSerializer[RegionSet]]:
        return FullRegionSetSerializer if self.action == "retrieve" else RegionSetSerializer

    @extend_schema(
        request=PastedRegionsSerializer,
        responses={201: FullRegionSetSerializer},
        summary="Make a list of your own",
    )
    def create(self, request: Request) -> Response:
        """Names, one a line; codes are made for them."""
        body = PastedRegionsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = regions.paste(
            owner=cast(User, request.user),
            at=timezone.now(),
            by=acting(request),
            **body.validated_data,
        )
        return Response(FullRegionSetSerializer(made).data, status=status.HTTP_201_CREATED)


def _expiry(meeting: Meeting, purpose: str) -> Any:
    return meeting.ends_at + (DESK_LINK_LASTS if purpose == Purpose.DESK else PRESS_LINK_LASTS)


def _matched(rows: list[dict[str, Any]], existing: dict[Any, Any], model: Any, key: str) -> Any:
    """The rows as objects: the existing one of that key with the new values, or a new one."""
    kept = []
    for position, row in enumerate(rows):
        name = row.pop(key, None)
        if name is not None and name not in existing:
            raise serializers.ValidationError({str(position): {key: _("There is no such one.")}})
        each = existing[name] if name is not None else model()
        if each in kept:
            raise serializers.ValidationError({str(position): {key: _("This one stands twice.")}})
        for field, value in row.items():
            setattr(each, field, value)
        kept.append(each)
    return kept
