"""When participants are reminded, and which of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RuleKind(models.TextChoices):
    DAYS_BEFORE = "days_before", _("days before, at a time of day")
    HOURS_BEFORE = "hours_before", _("hours before")
    DAYS_AFTER = "days_after", _("days after the end, at a time of day")


class Audience(models.TextChoices):
    """How they take part."""

    ALL = "all", _("everybody")
    IN_PERSON = "in_person", _("those who come")
    ONLINE = "online", _("those who join online")


class RuleStatus(models.TextChoices):
    """Where they stand. Who was invited and has not answered is reminded by the invitation."""

    CONFIRMED = "confirmed", _("confirmed")
    WAITLISTED = "waitlisted", _("on the waiting list")


class Presence(models.TextChoices):
    """Whether they were let in at the door of the meeting."""

    ANY = "any", _("whether checked in or not")
    CAME = "came", _("checked in")
    ABSENT = "absent", _("not checked in")


class ReminderRule(models.Model):
    """
    When participants are reminded: days before at the venue's clock, or hours before; or
    thanked, days after the end. Each condition that is set narrows whom it means.
    """

    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="reminder_rules")
    kind = models.CharField(max_length=12, choices=RuleKind)
    amount = models.PositiveSmallIntegerField(_("how many"))
    at_time = models.TimeField(_("at"), null=True, blank=True)
    audience = models.CharField(max_length=9, choices=Audience, default=Audience.ALL)
    status = models.CharField(
        max_length=10,
        choices=RuleStatus,
        default=RuleStatus.CONFIRMED,
        db_default=RuleStatus.CONFIRMED,
    )
    presence = models.CharField(
        max_length=6, choices=Presence, default=Presence.ANY, db_default=Presence.ANY
    )
    # A rule about what is no more means nobody: it goes with it, rather than mean everybody.
    category = models.ForeignKey(
        "events.Category", models.CASCADE, null=True, blank=True, related_name="+"
    )
    region = models.ForeignKey(
        "events.Region", models.CASCADE, null=True, blank=True, related_name="+"
    )
    delegation = models.ForeignKey(
        "Delegation", models.CASCADE, null=True, blank=True, related_name="+"
    )
    # Those who have chosen it.
    session = models.ForeignKey(
        "events.Session", models.CASCADE, null=True, blank=True, related_name="+"
    )
    is_enabled = models.BooleanField(_("send it"), default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[RuleKind.DAYS_BEFORE, RuleKind.DAYS_AFTER], at_time__isnull=False
                )
                | Q(kind=RuleKind.HOURS_BEFORE, at_time=None),
                name="a_rule_in_days_has_a_time_of_day",
            ),
            models.CheckConstraint(
                condition=Q(audience__in=Audience.values), name="reminder_audience_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=RuleStatus.values), name="reminder_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(presence__in=Presence.values), name="reminder_presence_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(kind=RuleKind.DAYS_AFTER)
                | Q(status=RuleStatus.CONFIRMED, presence=Presence.CAME),
                name="only_who_came_is_thanked",
            ),
            models.CheckConstraint(
                condition=Q(presence=Presence.ANY) | Q(status=RuleStatus.CONFIRMED),
                name="whoever_waits_is_not_looked_for_at_the_door",
            ),
            models.UniqueConstraint(
                "meeting",
                "kind",
                "amount",
                "at_time",
                "audience",
                "status",
                "presence",
                "category",
                "region",
                "delegation",
                "session",
                name="a_reminder_rule_stands_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.kind} of {self.meeting_id}"

    @property
    def thanks(self) -> bool:
        """Whether it speaks after the end."""
        return self.kind == RuleKind.DAYS_AFTER
