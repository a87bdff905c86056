"""Invitations, as organizers make them and write to the people invited."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import preconditions
from config import uploads
from events.models import Category, Meeting, Region
from registrations.api.meetings import IF_MATCH
from registrations.api.permissions import acting, own_meeting
from registrations.forms import open_categories
from registrations.invitation_forms import InviteeForm
from registrations.invitation_serializers import (
    InvitationSerializer,
    NewInvitationsSerializer,
    WrittenSerializer,
)
from registrations.invitations import sending
from registrations.invitations.sending import Wish
from registrations.models import Invitation
from registrations.pasting import columns, files, objections, people
from registrations.pasting import invitations as pasted
from registrations.table_serializers import (
    InvitationTableSerializer,
    TrialSerializer,
    mapping_of,
)


class InvitationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Invitation]
):
    """Who was asked to come, on what terms, and what was answered."""

    lookup_field = "uid"
    lookup_value_converter = "uuid"
    serializer_class = InvitationSerializer
    queryset = Invitation.objects.none()  # for the schema alone

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """One of its doors takes a file: said before the body is read."""
        if self.action_map.get(str(request.method).lower()) == "from_file":
            uploads.accept_one_file(request, field="file", most=files.MOST_BYTES)
        return super().initialize_request(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Invitation]:
        meeting = own_meeting(self.request, self.kwargs["meeting"])
        related = ("meeting", "region", "category", "registration")
        found = Invitation.objects.filter(meeting=meeting, erased_at=None)
        return found.select_related(*related).order_by("pk")

    @extend_schema(
        request=NewInvitationsSerializer,
        responses={201: InvitationSerializer(many=True)},
        summary="Invite people",
    )
    def create(self, request: Request, meeting: str) -> Response:
        """
        All of them, or none: a refusal says which `row`, from 1. They are written to with
        `send`.
        """
        target = own_meeting(request, meeting)
        body = NewInvitationsSerializer(data=request.data, context=_context(target))
        body.is_valid(raise_exception=True)
        usual = open_categories(target)[0]
        made = sending.invite_many(
            meeting=target,
            wishes=[_wish(said, target, usual) for said in body.validated_data["invitations"]],
            at=timezone.now(),
            by=acting(request),
        )
        found = self.get_queryset().filter(pk__in=[one.pk for one in made])
        return Response(InvitationSerializer(found, many=True).data, status.HTTP_201_CREATED)

    @extend_schema(
        request={"multipart/form-data": InvitationTableSerializer},
        responses={200: TrialSerializer, 201: InvitationSerializer(many=True)},
        summary="Invite people from a file",
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
        All rows, or none (`rows_not_accepted`, with `rows`). The columns are guessed, by
        their headings if there are any, unless `columns` says what each is. They are written
        to with `send`.
        """
        target = own_meeting(request, meeting)
        body = InvitationTableSerializer(data=request.data, context=_context(target))
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        file, named, is_trial = (said.pop(one) for one in ("file", "columns", "is_trial"))
        like = _wish({"email": ""} | said, target, open_categories(target)[0])
        sent = files.listed(file)
        mapping = mapping_of(named, sent.rows) or columns.guess(sent.rows, pasted.COLUMNS)
        terms = _Terms(target, like)
        table = people.check(
            sent.rows,
            mapping,
            meeting=target,
            form=lambda values: InviteeForm(values, terms=terms),
        )
        pasted.object_to_invited(table, target)
        if is_trial:
            return Response(objections.trial(table.drafts, mapping))
        objections.refuse_wrong(table.drafts)
        made = sending.invite_many(
            meeting=target,
            wishes=pasted.wishes(table.applications, like=like),
            at=timezone.now(),
            by=acting(request),
        )
        found = self.get_queryset().filter(pk__in=[one.pk for one in made])
        return Response(InvitationSerializer(found, many=True).data, status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[IF_MATCH],
        request=InvitationSerializer(partial=True),
        responses=InvitationSerializer,
        summary="Change an invitation",
    )
    def partial_update(self, request: Request, meeting: str, uid: str) -> Response:
        """Another `email` makes a new `url`, to be sent: whoever had the old one is out."""
        invitation = self.get_object()
        body = InvitationSerializer(
            invitation, data=request.data, partial=True, context=_context(invitation.meeting)
        )
        body.is_valid(raise_exception=True)
        known: dict[str, Any] = {field: getattr(invitation, field) for field in sending.FIELDS}
        sending.change(
            invitation=invitation,
            wish=Wish(**known | dict(body.validated_data)),
            version=preconditions.version_of(request),
            at=timezone.now(),
            by=acting(request),
        )
        return self.current()

    @extend_schema(request=None, responses=InvitationSerializer, summary="Take an invitation back")
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, meeting: str, uid: str) -> Response:
        """Its link says so. Not once it was accepted: cancel the registration then."""
        sending.withdraw(invitation=self.get_object(), at=timezone.now(), by=acting(request))
        return self.current()

    @extend_schema(request=None, responses=InvitationSerializer, summary="Make a new link")
    @action(detail=True, methods=["post"], url_path="renew-link")
    def renew_link(self, request: Request, meeting: str, uid: str) -> Response:
        """The old `url` stops working at once; the new one has to be sent."""
        sending.renew_link(invitation=self.get_object(), at=timezone.now(), by=acting(request))
        return self.current()

    @extend_schema(
        request=WrittenSerializer, responses=WrittenSerializer, summary="Send invitations"
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def send(self, request: Request, meeting: str) -> Response:
        """To whom it was not sent yet; those who answered are passed by."""
        return self._write(request, sending.send)

    @extend_schema(
        request=WrittenSerializer, responses=WrittenSerializer, summary="Remind of invitations"
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def remind(self, request: Request, meeting: str) -> Response:
        """Once each: those who were written to and have not answered."""
        return self._write(request, sending.remind)

    def _write(self, request: Request, act: Any) -> Response:
        body = WrittenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = self.get_queryset()
        if "invitations" in body.validated_data:
            chosen = chosen.filter(uid__in=body.validated_data["invitations"])
        written = act(
            meeting=own_meeting(request, self.kwargs["meeting"]),
            invitations=chosen,
            at=timezone.now(),
            by=acting(request),
        )
        return Response({"written": written})

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.current()

    def current(self) -> Response:
        """The invitation as it is now, with its ETag."""
        invitation = self.get_object()
        response = Response(InvitationSerializer(invitation).data)
        response["ETag"] = preconditions.etag(invitation.version)
        return response


class _Terms:
    """What all rows of a table have in common, as the form of a row asks for it."""

    def __init__(self, meeting: Meeting, like: Wish) -> None:
        self.meeting = meeting
        self.categories = {one.code: one for one in meeting.categories.order_by("position", "pk")}
        self.cleaned_data = {"category": like.category.code, "language": like.language}

    @cached_property
    def known_regions(self) -> list[Region]:
        return list(self.meeting.region_set.regions.active().select_related("group"))


def _context(meeting: Meeting) -> dict[str, Any]:
    return {"meeting": meeting, "as_organizer": True}


def _wish(said: dict[str, Any], meeting: Meeting, usual: Category) -> Wish:
    """What was sent, with the rest as usual."""
    known: dict[str, Any] = {"language": meeting.language[:2], "category": usual}
    return Wish(**known | dict(said))
