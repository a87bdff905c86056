"""What the check-in API takes and gives, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from rest_framework import serializers

from attendance.checkin import Result
from attendance.models import Method, Outcome, Scan
from attendance.scanlog import LIMIT, ScanInput


class PairSerializer(serializers.Serializer[Any]):
    link = serializers.CharField(
        max_length=300, help_text="The desk link, whole or only its last part."
    )


class PairedSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="Sent as `Authorization: Device <token>`.")
    expires_at = serializers.DateTimeField()
    desk = serializers.CharField()
    checkpoint = serializers.CharField()
    may_admit = serializers.BooleanField()
    meeting = serializers.DictField(child=serializers.CharField())


class ScanSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Made by the client before it shows anything.")
    code = serializers.CharField(
        required=False, max_length=500, help_text="What was read or typed: ticket code or number."
    )
    person = serializers.UUIDField(required=False, help_text="From a search, instead of a code.")
    method = serializers.ChoiceField(choices=Method.choices, default=Method.CAMERA)
    scanned_at = serializers.DateTimeField(help_text="By the device's clock.")
    admit = serializers.BooleanField(default=False, help_text="Let in again whoever is in.")


class ScansSerializer(serializers.Serializer[Any]):
    """The batch. It is documented here and read by `read_scans`, which is ten times quicker."""

    scans = serializers.ListField(child=ScanSerializer(), min_length=1, max_length=LIMIT)
    sent_at = serializers.DateTimeField(
        required=False, help_text="The device's clock when it sent; corrects `scanned_at`."
    )


class PersonSerializer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    number = serializers.CharField()
    name = serializers.CharField()
    organization = serializers.CharField()
    region = serializers.CharField()
    category = serializers.CharField()
    colour = serializers.CharField()
    box = serializers.CharField(help_text="Letter of the box with the badge.")


class FirstSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    clock = serializers.CharField(help_text="At the venue.")
    desk = serializers.CharField()


class ScanErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()


class ResultSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False)
    tone = serializers.ChoiceField(choices=["yes", "wait", "no"], required=False)
    sign = serializers.CharField(required=False)
    text = serializers.CharField(required=False, help_text="The verdict for the steward.")
    advice = serializers.CharField(required=False)
    offer = serializers.ChoiceField(
        choices=["", "again", "admit"],
        required=False,
        help_text="What the steward may do with one tap.",
    )
    may_be_replaced = serializers.BooleanField(
        required=False, help_text="Somebody else may be let in instead (`substitutions/`)."
    )
    replaced_by = serializers.CharField(
        required=False, help_text="Who comes instead, where the registration was cancelled for it."
    )
    scanned_at = serializers.DateTimeField(required=False)
    replayed = serializers.BooleanField(required=False)
    voided = serializers.BooleanField(required=False)
    person = PersonSerializer(required=False, allow_null=True)
    first = FirstSerializer(required=False, allow_null=True)
    other_meeting = serializers.CharField(required=False)
    error = ScanErrorSerializer(required=False)


class ResultsSerializer(serializers.Serializer[Any]):
    server_time = serializers.DateTimeField()
    results = ResultSerializer(many=True)


class VoidSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Of the undoing; made by the client.")


class VoidedSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    voids = serializers.UUIDField()
    replayed = serializers.BooleanField()
    text = serializers.CharField(help_text="What the undoing leaves as it was, for the steward.")


class WalkInSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Of the scan; made by the client.")
    family_name = serializers.CharField(required=False, allow_blank=True)
    given_name = serializers.CharField(required=False, allow_blank=True)
    patronymic = serializers.CharField(required=False, allow_blank=True)
    organization = serializers.CharField(required=False, allow_blank=True)
    region = serializers.CharField(
        required=False, allow_blank=True, help_text="Code in the meeting's list."
    )
    category = serializers.CharField(required=False, help_text="Code; the first one by default.")
    email = serializers.EmailField(required=False, allow_blank=True)
    consent = serializers.BooleanField(
        default=False, help_text="The person has agreed, on paper or in words, at the desk."
    )


class AdmissionSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Of the scan; made by the client.")
    person = serializers.UUIDField()


class SubstitutionSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Of the newcomer's scan; made by the client.")
    person = serializers.UUIDField(help_text="Instead of whom: somebody confirmed.")
    scan = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="The scan of the absent person's code, if it was let in by it: taken back.",
    )
    family_name = serializers.CharField(required=False, allow_blank=True)
    given_name = serializers.CharField(required=False, allow_blank=True)
    patronymic = serializers.CharField(required=False, allow_blank=True)
    organization = serializers.CharField(
        required=False, allow_blank=True, help_text="Empty: the absent person's."
    )
    position = serializers.CharField(required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    consent = serializers.BooleanField(
        default=False, help_text="The person has agreed, on paper or in words, at the desk."
    )


class CountsSerializer(serializers.Serializer[Any]):
    present = serializers.IntegerField()
    expected = serializers.IntegerField()


class FoundSerializer(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    number = serializers.CharField()
    name = serializers.CharField()
    organization = serializers.CharField()
    region = serializers.CharField()
    category = serializers.CharField()
    status = serializers.CharField()
    status_text = serializers.CharField()
    is_online = serializers.BooleanField()
    first_at = serializers.DateTimeField(allow_null=True)
    first_clock = serializers.CharField()
    first_desk = serializers.CharField()
    box = serializers.CharField()
    may_be_replaced = serializers.BooleanField()


class FoundListSerializer(serializers.Serializer[Any]):
    results = FoundSerializer(many=True)


class LoggedScanSerializer(serializers.ModelSerializer[Scan]):
    """A line of the log for the organizer."""

    registration = serializers.CharField(source="registration.number", default=None)
    voided = serializers.SerializerMethodField()

    class Meta:
        model = Scan
        fields = (
            "id",
            "registration",
            "outcome",
            "method",
            "desk",
            "scanned_at",
            "received_at",
            "voided",
        )

    def get_voided(self, scan: Scan) -> bool:
        return bool(scan.voided_by.all())


def read_scans(body: Any) -> tuple[list[ScanInput], datetime | None]:
    """
    The scans of a request and the device's clock when it sent them.

    By hand: two hundred nested serializers would cost more than recording the scans.

    :raises rest_framework.serializers.ValidationError: with the place of each error
    """
    given = body.get("scans") if isinstance(body, dict) else None
    if not isinstance(given, list) or not 1 <= len(given) <= LIMIT:
        raise serializers.ValidationError(
            {"scans": [_("From 1 to %(limit)s scans.") % {"limit": LIMIT}]}
        )
    scans: list[ScanInput] = []
    errors: list[Any] = []
    for item in given:
        try:
            scans.append(_read_scan(item))
            errors.append({})
        except serializers.ValidationError as error:
            errors.append(error.detail)
    if any(errors):
        raise serializers.ValidationError({"scans": errors})
    sent_at = body.get("sent_at")
    return scans, None if sent_at is None else _moment(sent_at, "sent_at")


def _read_scan(item: Any) -> ScanInput:
    if not isinstance(item, dict):
        raise serializers.ValidationError({"id": [_("A scan is an object.")]})
    text, person = item.get("code") or "", item.get("person")
    if not isinstance(text, str) or len(text) > 500 or "\x00" in text:
        raise serializers.ValidationError({"code": [_("Text of up to 500 characters.")]})
    if bool(text.strip()) == (person is not None):
        raise serializers.ValidationError({"code": [_("Either a code or a person.")]})
    method = item.get("method", Method.CAMERA)
    if method not in Method.values or method == Method.WALK_IN:
        raise serializers.ValidationError({"method": [_("This way of scanning is not known.")]})
    admit = item.get("admit", False)
    if not isinstance(admit, bool):
        raise serializers.ValidationError({"admit": [_("Either true or false.")]})
    return ScanInput(
        id=_uuid(item.get("id"), "id"),
        text=text.strip(),
        person=None if person is None else _uuid(person, "person"),
        method=method,
        scanned_at=_moment(item.get("scanned_at"), "scanned_at"),
        admit=admit,
    )


def _uuid(value: Any, field: str) -> UUID:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        raise serializers.ValidationError({field: [_("A UUID is needed.")]}) from None


def _moment(value: Any, field: str) -> datetime:
    try:
        moment = parse_datetime(value)
    except (ValueError, TypeError):
        moment = None
    if moment is None or moment.tzinfo is None or not 2000 <= moment.year <= 2100:
        raise serializers.ValidationError(
            {field: [_("A time with its zone is needed (RFC 3339).")]}
        )
    return moment.astimezone(UTC)


def results(found: list[Result]) -> Iterator[dict[str, Any]]:
    """Results as they go over the wire. By hand, for the same reason."""
    for result in found:
        if result.is_reused:
            detail = _("This id was used for another scan.")
            yield {"id": str(result.id), "error": {"code": "id_reused", "detail": detail}}
            continue
        verdict = result.verdict
        yield {
            "id": str(result.id),
            "outcome": result.outcome,
            "tone": verdict.tone,
            "sign": verdict.sign,
            "text": result.line,
            "advice": str(verdict.advice),
            "offer": result.offer,
            "may_be_replaced": result.may_be_replaced,
            "replaced_by": result.replaced_by,
            "scanned_at": result.scanned_at,
            "replayed": result.is_replayed,
            "voided": result.is_voided,
            "person": None
            if result.person is None
            else vars(result.person) | {"uid": str(result.person.uid)},
            "first": None
            if result.first_at is None
            else {
                "at": result.first_at,
                "clock": result.first_clock,
                "desk": result.first_desk,
            },
            "other_meeting": result.other_meeting,
        }
