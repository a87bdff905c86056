"""When participants are reminded."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RuleKind(models.TextChoices):
    DAYS_BEFORE = "days_before", _("days before, at a time of day")
    HOURS_BEFORE = "hours_before", _("hours before")


class Audience(models.TextChoices):
    ALL = "all", _("everybody")
    IN_PERSON = "in_person", _("those who come")
    ONLINE = "online", _("those who join online")


class ReminderRule(models.Model):
    """When participants are reminded: days before at the venue's clock, or hours before."""

    meeting = models.ForeignKey("events.Meeting", models.CASCADE, related_name="reminder_rules")
    kind = models.CharField(max_length=12, choices=RuleKind)
    amount = models.PositiveSmallIntegerField(_("how many"))
    at_time = models.TimeField(_("at"), null=True, blank=True)
    audience = models.CharField(max_length=9, choices=Audience, default=Audience.ALL)
    is_enabled = models.BooleanField(_("send it"), default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=RuleKind.DAYS_BEFORE, at_time__isnull=False)
                | Q(kind=RuleKind.HOURS_BEFORE, at_time=None),
                name="a_rule_in_days_has_a_time_of_day",
            ),
            models.CheckConstraint(
                condition=Q(audience__in=Audience.values), name="reminder_audience_is_known"
            ),
            models.UniqueConstraint(
                "meeting",
                "kind",
                "amount",
                "at_time",
                "audience",
                name="a_reminder_rule_stands_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.kind} of {self.meeting_id}"
