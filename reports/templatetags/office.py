"""Words of the office: `{{ region|region_of:meeting }}`, `{{ entry.action|said }}`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django import template
from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext_lazy as _

from registrations.models import Registration
from reports.mail_words import MAILS

if TYPE_CHECKING:
    from notifications.models import Message

register = template.Library()

# What the journal's codes mean. A code that is not here is shown as it is.
ACTIONS = {
    "registration.confirmed": _("registered, confirmed"),
    "registration.pending": _("registered, awaiting decision"),
    "registration.waitlisted": _("registered, on the waiting list"),
    "registration.approved": _("approved"),
    "registration.declined": _("declined"),
    "registration.merged": _("merged with another registration of the same person"),
    "registration.looked_at_again": _("changed after approval, to be approved again"),
    "registration.changed_back": _("changed back to what was approved"),
    "registration.approved_by_head": _("the head of the delegation said yes"),
    "registration.declined_by_head": _("the head of the delegation said no"),
    "registration.promoted": _("confirmed from the waiting list"),
    "offer.made": _("seat offered"),
    "offer.accepted": _("offered seat taken"),
    "offer.declined": _("offered seat refused"),
    "offer.passed_on": _("offered seat left to others, waits on"),
    "offer.lapsed": _("no answer to the offer in time"),
    "offer.withdrawn": _("offer of a seat taken back"),
    "offer.asked_for": _("wants a seat again"),
    "registration.cancelled": _("cancelled"),
    "registration.restored": _("put on the list again"),
    "registration.amended": _("data changed"),
    "registration.address_corrected": _("e-mail corrected"),
    "registration.unsubscribed": _("no more reminders"),
    "registration.subscribed": _("reminders again"),
    "registration.marked": _("role in the delegation changed"),
    "registration.feed_opened": _("calendar subscription made"),
    "registration.feed_renewed": _("new address of the calendar subscription"),
    "registration.feed_closed": _("calendar subscription ended"),
    "registration.erased": _("personal data erased"),
    "registration.walk_in": _("came without registration"),
    "registration.admitted": _("admitted at the door"),
    "desk.searched": _("found by search at the door"),
    "scan.voided": _("entry undone"),
    "consent.withdrawn": _("consent taken back"),
    "message.resent": _("mail sent again"),
    "message.settled": _("mail marked as delivered"),
    "message.withdrawn": _("mail withdrawn"),
    "announcement.drafted": _("message to many drafted"),
    "announcement.changed": _("draft of a message changed"),
    "announcement.discarded": _("draft of a message thrown away"),
    "announcement.sent": _("message to many sent"),
    "announcement.taken_back": _("message to many taken back"),
    "mail_text.changed": _("words of a mail changed"),
    "delegation.opened": _("delegation opened"),
    "delegation.changed": _("delegation changed"),
    "delegation.removed": _("delegation removed"),
    "delegation.asked": _("head of delegation written to"),
    "delegation.refused": _("nobody comes from the delegation"),
    "delegation.link_renewed": _("new link for the head of delegation"),
    "invitation.made": _("invitation made"),
    "invitation.changed": _("invitation changed"),
    "invitation.sent": _("invitation sent"),
    "invitation.reminded": _("reminded of the invitation"),
    "invitation.withdrawn": _("invitation taken back"),
    "invitation.link_renewed": _("new link for the invited person"),
    "invitation.accepted": _("invitation accepted"),
    "invitation.declined": _("invitation declined"),
    "invitation.passed_on": _("invitation passed on to a colleague"),
    "access_code.opened": _("access code made"),
    "access_code.changed": _("access code changed"),
    "access_code.removed": _("access code removed"),
    "session.added": _("session added"),
    "session.changed": _("session changed"),
    "session.removed": _("session deleted"),
    "session.booked": _("session chosen"),
    "session.given_back": _("session given up"),
    "meeting.drafted": _("draft made"),
    "meeting.published": _("published"),
    "meeting.changed": _("meeting changed"),
    "meeting.cancelled": _("meeting cancelled"),
    "meeting.clock_followed": _("clocks were changed: the hour at the venue stands"),
    "meeting.clock_stands": _("clocks were changed: the clock shows another hour"),
    "meeting.clock_not_followed": _("clocks were changed: please set the times anew"),
    "lists.closed": _("lists closed"),
    "lists.reopened": _("lists opened again"),
    "address.stopped": _("mail to the address stopped"),
    "address.allowed": _("mail to the address allowed again"),
    "lists.taken": _("list taken"),
    "webhook.registered": _("webhook registered"),
    "webhook.changed": _("webhook changed"),
    "webhook.secret_rotated": _("new secret for a webhook"),
    "webhook.paused": _("webhook paused"),
    "webhook.resumed": _("webhook resumed"),
    "webhook.tested": _("webhook tested"),
    "webhook.sent_again": _("event sent to a webhook again"),
    "webhook.removed": _("webhook removed"),
}
# Who acted, where it was nobody with a name. Everybody else is shown as written down.
ACTORS = {
    "visitor": _("a visitor"),
    "participant": _("the participant"),
    "delegation": _("the head of the delegation"),
    "invitation": _("the invited person"),
    "Yavka": _("by itself"),
}


@register.filter
def said(action: str) -> str:
    """What somebody did, in words."""
    return str(ACTIONS.get(action, action))


@register.filter
def actor(who: str) -> str:
    """Who did it, in words: “participant 3407950” is the participant, an address stays."""
    role = re.sub(r"^(participant |registration:)\d+$", "participant", who)
    role = re.sub(r"^(delegation|invitation):\d+$", r"\1", role)
    return str(ACTORS.get(role, who))


@register.filter
def mail_title(mail: Message) -> str:
    """The subject as it was sent; before that what it is about."""
    return mail.subject_line or str(MAILS.get(mail.kind, mail.kind))


@register.filter
def fields_said(names: list[str]) -> str:
    """Names of changed fields as the forms call them."""
    return ", ".join(_label(name) for name in names)


def _label(name: str) -> str:
    try:
        return str(Registration._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # plain fields only
    except FieldDoesNotExist:
        return name
