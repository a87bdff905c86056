"""The mails of a meeting in the organizer's own words."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import preconditions
from accounts.models import User
from events.models import Meeting
from registrations import mail_preview, own_texts, rewording
from registrations.api.meetings import IF_MATCH
from registrations.api.permissions import acting, own_meeting
from registrations.mail_text_serializers import (
    MailTextSerializer,
    PreviewRequestSerializer,
    PreviewSerializer,
    WordsSerializer,
)
from registrations.models import MailText, Registration
from registrations.rewording import STANDARD, Words

LANGUAGES = [language for language, _name in settings.LANGUAGES]
KIND = OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=own_texts.KINDS)
LANGUAGE = OpenApiParameter("language", str, OpenApiParameter.PATH, enum=LANGUAGES)


class MailTextsView(APIView):
    """The words of all mails."""

    @extend_schema(responses=MailTextSerializer(many=True), summary="List the texts of mails")
    def get(self, request: Request, meeting: str) -> Response:
        """Each mail in each language, in the order of a participant's way."""
        target = own_meeting(request, meeting)
        rows = {(row.kind, row.language): row for row in target.mail_texts.all()}
        shown = [
            _shown(kind, language, rows.get((kind, language)))
            for kind in own_texts.KINDS
            for language in LANGUAGES
        ]
        return Response(MailTextSerializer(shown, many=True).data)


class _OneMail(APIView):
    """A mail in a language, as its address names it."""

    def place(self) -> tuple[Meeting, str, str]:
        meeting = own_meeting(self.request, self.kwargs["meeting"])
        kind, language = self.kwargs["kind"], self.kwargs["language"]
        if kind not in own_texts.FACTS or language not in LANGUAGES:
            raise Http404
        return meeting, kind, language


class MailTextView(_OneMail):
    """The words of one mail in one language."""

    @extend_schema(
        parameters=[KIND, LANGUAGE], responses=MailTextSerializer, summary="Read the text of a mail"
    )
    def get(self, request: Request, meeting: str, kind: str, language: str) -> Response:
        return self.current()

    @extend_schema(
        parameters=[KIND, LANGUAGE, IF_MATCH],
        request=WordsSerializer,
        responses=MailTextSerializer,
        summary="Say a mail in words of one's own",
    )
    def put(self, request: Request, meeting: str, kind: str, language: str) -> Response:
        """What waits to be sent already keeps its words."""
        body = WordsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        self._say(request, Words(**body.validated_data))
        return self.current()

    @extend_schema(
        parameters=[KIND, LANGUAGE, IF_MATCH],
        responses={204: None},
        summary="Back to the standard words",
    )
    def delete(self, request: Request, meeting: str, kind: str, language: str) -> Response:
        """Twice is harmless, with `If-Match: *`."""
        self._say(request, STANDARD)
        return Response(status=204)

    def _say(self, request: Request, words: Words) -> None:
        target, kind, language = self.place()
        version = preconditions.version_of(request)
        rewording.reword(
            meeting=target,
            kind=kind,
            words={language: words},
            versions=None if version is None else {language: version},
            at=timezone.now(),
            by=acting(request),
        )

    def current(self) -> Response:
        """The words as they are now, with their ETag."""
        target, kind, language = self.place()
        row = target.mail_texts.filter(kind=kind, language=language).first()
        response = Response(MailTextSerializer(_shown(kind, language, row)).data)
        response["ETag"] = preconditions.etag(row.version if row else 0)
        return response


class MailPreviewView(_OneMail):
    """A mail as it would be read."""

    @extend_schema(
        parameters=[KIND, LANGUAGE],
        request=PreviewRequestSerializer,
        responses=PreviewSerializer,
        summary="Preview a mail",
    )
    def post(self, request: Request, meeting: str, kind: str, language: str) -> Response:
        """Nothing is saved or sent."""
        target, kind, language = self.place()
        said = _asked(request)
        registration = None
        if number := said.pop("registration", ""):
            people = Registration.objects.filter(meeting=target, erased_at=None)
            digits = "".join(filter(str.isdigit, number))[:7]
            registration = get_object_or_404(
                people.select_related("category", "region"), number=digits
            )
        mail = mail_preview.show(
            meeting=target,
            kind=kind,
            language=language,
            at=timezone.now(),
            words=Words(**said) if said else None,
            registration=registration,
        )
        return Response(PreviewSerializer(mail).data)


class MailTrialView(_OneMail):
    """A mail to whoever asks for it."""

    @extend_schema(
        parameters=[KIND, LANGUAGE],
        request=WordsSerializer,
        responses={204: None},
        summary="Send oneself a trial mail",
    )
    def post(self, request: Request, meeting: str, kind: str, language: str) -> Response:
        """To the address of whoever asks, made out to somebody invented. Nothing is saved."""
        target, kind, language = self.place()
        said = _asked(request)
        said.pop("registration", None)
        mail_preview.send_trial(
            meeting=target,
            kind=kind,
            language=language,
            to=cast(User, request.user),
            at=timezone.now(),
            words=Words(**said) if said else None,
        )
        return Response(status=204)


def _asked(request: Request) -> dict[str, Any]:
    body = PreviewRequestSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _shown(kind: str, language: str, row: MailText | None) -> dict[str, Any]:
    return {
        "kind": kind,
        "language": language,
        "subject": row.subject if row else "",
        "paragraphs": row.paragraphs if row else "",
        "is_own": row is not None,
        "placeholders": own_texts.placeholders_of(kind),
        "version": row.version if row else 0,
    }
