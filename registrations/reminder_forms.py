"""The form of a rule of reminders: when, whom, and which of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Meeting, in_language
from registrations import reminders
from registrations.models import Presence, ReminderRule, RuleKind, RuleStatus

# By what a rule may be narrowed to some people.
NARROWS = ("category", "region", "delegation", "session")


class Narrower:
    """Whom of a meeting a rule may be narrowed to, read once for all rows of its page."""

    def __init__(self, meeting: Meeting) -> None:
        regions = meeting.region_set.regions.active().in_order()
        self.known: dict[str, dict[str, Any]] = {
            "category": {c.code: c for c in meeting.categories.order_by("position", "pk")},
            "region": {region.code: region for region in regions},
            "delegation": {str(d.uid): d for d in meeting.delegations.by_name()},
            "session": {str(s.uid): s for s in meeting.sessions.order_by("starts_at", "pk")},
        }
        self.names = {
            "category": [
                (code, c.text(main_language=meeting.language))
                for code, c in self.known["category"].items()
            ],
            "region": [
                (
                    code,
                    in_language(r.name, r.name_alt, main_language=meeting.region_set.language),
                )
                for code, r in self.known["region"].items()
            ],
            "delegation": [(uid, d.name) for uid, d in self.known["delegation"].items()],
            "session": [
                (uid, s.text("title", main_language=meeting.language))
                for uid, s in self.known["session"].items()
            ],
        }


class ReminderRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """When participants are reminded."""

    marks = {
        "at_time": gettext_lazy("(for days)"),
        "status": "",
        "presence": "",
        "only_category": "",
        "only_region": "",
        "only_delegation": "",
        "only_session": "",
    }

    kind = forms.ChoiceField(
        label=gettext_lazy("Days or hours"),
        choices=[
            (RuleKind.DAYS_BEFORE, gettext_lazy("days")),
            (RuleKind.HOURS_BEFORE, gettext_lazy("hours")),
            (RuleKind.DAYS_AFTER, gettext_lazy("days after the end: thanks to those who came")),
        ],
        initial=RuleKind.DAYS_BEFORE,
    )
    only_category = forms.ChoiceField(label=gettext_lazy("Category"), required=False)
    only_region = forms.ChoiceField(label=gettext_lazy("Region"), required=False)
    only_delegation = forms.ChoiceField(label=gettext_lazy("Delegation"), required=False)
    only_session = forms.ChoiceField(label=gettext_lazy("Session"), required=False)

    class Meta:
        model = ReminderRule
        fields = ["amount", "kind", "at_time", "audience", "status", "presence", "is_enabled"]
        labels = {
            "amount": gettext_lazy("How long before"),
            "at_time": gettext_lazy("At (venue time)"),
            "audience": gettext_lazy("Whom"),
            "status": gettext_lazy("Where they stand"),
            "presence": gettext_lazy("At the door"),
        }
        widgets = {"at_time": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}

    def __init__(self, *args: Any, narrower: Narrower | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.narrower = narrower
        for name in ("status", "presence"):
            self.fields[name].required = False
        for name in NARROWS:
            field = self.fields[f"only_{name}"]
            choices = narrower.names[name] if narrower else []
            field.choices = [("", _("any")), *choices]  # type: ignore[attr-defined]  # a choice field
            self.initial[f"only_{name}"] = self._narrowed_to(name)

    @property
    def is_narrow(self) -> bool:
        """Whether one of the conditions is set that the page keeps folded."""
        rule = self.instance
        return (rule.status, rule.presence) != (RuleStatus.CONFIRMED, Presence.ANY) or any(
            self._narrowed_to(name) for name in NARROWS
        )

    def _narrowed_to(self, name: str) -> str:
        key = getattr(self.instance, f"{name}_id")
        if key is None or self.narrower is None:
            return ""
        return next((c for c, row in self.narrower.known[name].items() if row.pk == key), "")

    def clean_status(self) -> str:
        return self.cleaned_data["status"] or RuleStatus.CONFIRMED

    def clean_presence(self) -> str:
        return self.cleaned_data["presence"] or Presence.ANY

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name in NARROWS if self.narrower else ():
            chosen = self.narrower.known[name].get(data.get(f"only_{name}") or "")  # type: ignore[union-attr]  # asked above
            setattr(self.instance, name, chosen)
        if data.get("kind") == RuleKind.DAYS_AFTER:
            # What is said on the page: those who came.
            data |= {"status": RuleStatus.CONFIRMED, "presence": Presence.CAME}
            if (data.get("amount") or 0) > reminders.THANKS_AT_MOST:
                self.add_error("amount", _("At most %(n)d.") % {"n": reminders.THANKS_AT_MOST})
        elif data.get("status") == RuleStatus.WAITLISTED:
            data["presence"] = Presence.ANY
        if data.get("kind") in (RuleKind.DAYS_BEFORE, RuleKind.DAYS_AFTER) and not data.get(
            "at_time"
        ):
            self.add_error("at_time", _("Say at what time of day."))
        if data.get("amount") == 0:
            self.add_error("amount", _("At least one."))
        if data.get("kind") == RuleKind.HOURS_BEFORE:
            data["at_time"] = None
        return data


ReminderRuleFormSet = forms.modelformset_factory(
    ReminderRule, form=ReminderRuleForm, extra=1, can_delete=True, max_num=20, validate_max=True
)
