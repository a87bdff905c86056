"""Delegations, as organizers open them and ask their heads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import preconditions
from config import uploads
from events.models import Meeting
from events.serializers import RegionSerializer
from registrations.api.meetings import IF_MATCH
from registrations.api.permissions import acting, own_meeting
from registrations.delegation_serializers import (
    AskedSerializer,
    DelegationSerializer,
    DelegationTermsSerializer,
)
from registrations.delegations import answers, filling, opening
from registrations.delegations.opening import Wish
from registrations.forms import open_categories
from registrations.models import Delegation
from registrations.pasting import delegations as pasted
from registrations.pasting import files, objections
from registrations.table_serializers import (
    DelegationTableSerializer,
    DelegationTrialSerializer,
    mapping_of,
)


class DelegationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Delegation]
):
    """Who may name people, how many, until when."""

    lookup_field = "uid"
    lookup_value_converter = "uuid"
    serializer_class = DelegationSerializer
    queryset = Delegation.objects.none()  # for the schema alone

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """One of its doors takes a file: said before the body is read."""
        if self.action_map.get(str(request.method).lower()) == "from_file":
            uploads.accept_one_file(request, field="file", most=files.MOST_BYTES)
        return super().initialize_request(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Delegation]:
        meeting = own_meeting(self.request, self.kwargs["meeting"])
        related = ("meeting", "region", "category", "places")
        return Delegation.objects.filter(meeting=meeting).select_related(*related).order_by("pk")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(_shown(page or []))

    @extend_schema(responses=RegionSerializer(many=True), summary="Read who is not represented")
    @action(detail=False, url_path="missing-regions", pagination_class=None, filter_backends=[])
    def missing_regions(self, request: Request, meeting: str) -> Response:
        """The regions of the meeting's list that nobody on its list represents so far."""
        missing = answers.missing_regions(own_meeting(request, meeting))
        return Response(RegionSerializer(missing, many=True).data)

    @extend_schema(
        request=DelegationSerializer,
        responses={201: DelegationSerializer},
        summary="Open a delegation",
    )
    def create(self, request: Request, meeting: str) -> Response:
        """The head is written to with `ask`."""
        target = own_meeting(request, meeting)
        [opened] = opening.open_many(
            meeting=target,
            wishes=[_wish(DelegationSerializer, request, target)],
            at=timezone.now(),
            by=acting(request),
        )
        [answer] = _shown([self.get_queryset().get(pk=opened.pk)])
        return Response(answer, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[IF_MATCH],
        request=DelegationSerializer(partial=True),
        responses=DelegationSerializer,
        summary="Change a delegation",
    )
    def partial_update(self, request: Request, meeting: str, uid: str) -> Response:
        """Another `head_email` makes a new `head_url`: whoever had the old one is out."""
        delegation = self.get_object()
        opening.change(
            delegation=delegation,
            wish=_wish(DelegationSerializer, request, delegation.meeting, of=delegation),
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
        )
        return self.current()

    @extend_schema(responses={204: None}, summary="Remove a delegation")
    def destroy(self, request: Request, meeting: str, uid: str) -> Response:
        """Only one that nobody was ever named for."""
        opening.remove(delegation=self.get_object(), at=timezone.now(), by=acting(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        request=DelegationTermsSerializer,
        responses={201: DelegationSerializer(many=True)},
        summary="Open one delegation for each region",
    )
    @action(detail=False, methods=["post"], url_path="for-regions", pagination_class=None)
    def for_regions(self, request: Request, meeting: str) -> Response:
        """For every region of the list that has none yet."""
        target = own_meeting(request, meeting)
        opened = opening.open_for_regions(
            meeting=target,
            like=_wish(DelegationTermsSerializer, request, target),
            at=timezone.now(),
            by=acting(request),
        )
        found = self.get_queryset().filter(pk__in=[one.pk for one in opened])
        return Response(_shown(found), status.HTTP_201_CREATED)

    @extend_schema(
        request={"multipart/form-data": DelegationTableSerializer},
        responses={200: DelegationTrialSerializer, 201: DelegationSerializer(many=True)},
        summary="Open or fill delegations from a file",
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="from-file",
        parser_classes=[MultiPartParser],
        pagination_class=None,
    )
    def from_file(self, request: Request, meeting: str) -> Response:
        """
        All rows, or none (`rows_not_accepted`, with `rows`). What each column is its heading
        says: region or name, head's name and e-mail, number of people, day of closing. A row
        of a delegation that is there and has no head, as one for each region opens them,
        fills it: what the row says is set, the rest stays. The heads are written to at once
        with `asks`, later with `ask`.
        """
        target = own_meeting(request, meeting)
        context = {"meeting": target, "as_organizer": True}
        body = DelegationTableSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        file, named, asks, is_trial = (
            said.pop(one) for one in ("file", "columns", "asks", "is_trial")
        )
        sent = files.listed(file, has_headings=pasted.has_headings)
        mapping = mapping_of(named, sent.rows)
        rows, guessed = (sent.rows, mapping) if mapping else pasted.laid_out(sent.rows)
        drafts = pasted.check(rows, guessed, meeting=target, like=_with_the_rest(said, target))
        if is_trial:
            return Response(objections.trial(drafts, guessed) | {"rows": pasted.outcomes(drafts)})
        objections.refuse_wrong(drafts)
        taken = filling.take(
            meeting=target,
            wishes=pasted.wishes(drafts),
            fills=pasted.fills(drafts),
            asks=asks,
            at=timezone.now(),
            by=acting(request),
        )
        pks = [one.pk for one in (*taken.opened, *taken.filled)]
        found = self.get_queryset().filter(pk__in=pks)
        return Response(_shown(found), status.HTTP_201_CREATED)

    @extend_schema(request=AskedSerializer, responses=AskedSerializer, summary="Write to the heads")
    @action(detail=False, methods=["post"], pagination_class=None)
    def ask(self, request: Request, meeting: str) -> Response:
        """The first letter asks for the list, a later one reminds of the day it closes."""
        target = own_meeting(request, meeting)
        body = AskedSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = body.validated_data.get("delegations")
        lines = answers.answers(target, at=timezone.now()).lines
        asked = opening.ask(
            meeting=target,
            delegations=[
                line.delegation
                for line in lines
                if (line.delegation.uid in chosen if chosen else not line.has_answered)
            ],
            at=timezone.now(),
            by=acting(request),
        )
        return Response({"asked": asked})

    @extend_schema(request=None, responses=DelegationSerializer, summary="Make a new link")
    @action(detail=True, methods=["post"], url_path="renew-link")
    def renew_link(self, request: Request, meeting: str, uid: str) -> Response:
        """The old `head_url` stops working at once."""
        opening.renew_link(delegation=self.get_object(), at=timezone.now(), by=acting(request))
        return self.current()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.current()

    def current(self) -> Response:
        """The delegation as it is now, with its ETag."""
        delegation = self.get_object()
        [shown] = _shown([delegation])
        response = Response(shown)
        response["ETag"] = preconditions.etag(delegation.version)
        return response


def _shown(delegations: Iterable[Delegation]) -> list[dict[str, Any]]:
    """As the API has them; where each of them stands is read for all at once."""
    found = list(delegations)
    lines = answers.lines_of(found, at=timezone.now())
    states = {line.delegation.pk: line.state for line in lines}
    return list(DelegationSerializer(found, many=True, context={"states": states}).data)


def _wish(
    kind: type[DelegationTermsSerializer],
    request: Request,
    meeting: Meeting,
    of: Delegation | None = None,
) -> Wish:
    """What was sent, with the rest as it is, or as usual."""
    context = {"meeting": meeting, "as_organizer": True}
    body = kind(of, data=request.data, partial=of is not None, context=context)
    body.is_valid(raise_exception=True)
    return _with_the_rest(dict(body.validated_data), meeting, of)


def _with_the_rest(said: dict[str, Any], meeting: Meeting, of: Delegation | None = None) -> Wish:
    known: dict[str, Any] = {"name": "", "language": meeting.language[:2]}
    if of is None and "category" not in said:
        known["category"] = open_categories(meeting)[0]
    if "places" in said:
        said["quota"] = said.pop("places")["seat_limit"]
    return Wish(**known | said) if of is None else replace(opening.as_it_is(of), **said)
