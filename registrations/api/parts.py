"""What belongs to a meeting: hosts, programme, categories, regions, texts, rules, seats."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import preconditions
from events import agenda
from events.models import AgendaItem, Category, Meeting
from events.serializers import (
    AgendaItemSerializer,
    FullCategorySerializer,
    HostSerializer,
    RegionSerializer,
)
from registrations import categories, convening, reminder_forecast, reminder_rules
from registrations.api.meetings import IF_MATCH
from registrations.api.permissions import acting, own_meeting
from registrations.meeting_serializers import (
    ConsentDocumentSerializer,
)
from registrations.models import ReminderRule
from registrations.reminder_serializers import ForecastSerializer, ReminderRuleSerializer

MOST_ROWS = 500


class PartView(APIView, ABC):
    """A short list that belongs to a meeting, whole: read it, or replace it."""

    @property
    def meeting(self) -> Meeting:
        return own_meeting(self.request, self.kwargs["meeting"])

    @abstractmethod
    def rows(self, meeting: Meeting) -> Any:
        """What the list holds, in order."""

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
        target = self.meeting
        body = ConsentDocumentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        convening.set_consent(
            meeting=target, at=timezone.now(), by=acting(request), **body.validated_data
        )
        response = self.current()
        response.status_code = status.HTTP_201_CREATED
        return response


class RemindersView(PartView):
    shape = ReminderRuleSerializer

    def rows(self, meeting: Meeting) -> Any:
        return meeting.reminder_rules.select_related(
            "category", "region", "delegation", "session"
        ).order_by("-kind", "-amount", "pk")

    def read(self) -> list[dict[str, Any]]:
        context = {"meeting": self.meeting, "as_organizer": True}
        body = ReminderRuleSerializer(  # type: ignore[call-arg]  # an option of many=True
            data=self.request.data, many=True, max_length=MOST_ROWS, context=context
        )
        body.is_valid(raise_exception=True)
        return [dict(item) for item in body.validated_data]

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


class ReminderForecastView(APIView):
    """Who gets which reminder when, and who does not."""

    @extend_schema(
        operation_id="reminders_forecast",
        responses=ForecastSerializer(many=True),
        summary="What the reminder rules will do",
    )
    def get(self, request: Request, meeting: str) -> Response:
        """In the order in which they go; a rule that is switched off is not in it."""
        target = own_meeting(request, meeting)
        found = reminder_forecast.forecasts(target, at=timezone.now())
        return Response(ForecastSerializer(found, many=True).data)


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
