"""Why a message is in its state, as a sentence for whoever looks at it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# Reasons are kept as codes, so that each reader has them in their own language.
EXPLANATIONS = {
    "erased": _("The person's data was erased."),
    "address_corrected": _("Sent to the corrected address instead."),
    "address corrected": _("Sent to the corrected address instead."),
    "cancelled": _("The participation was cancelled."),
    "declined": _("The application was declined."),
    "merged": _("The registration was merged with another one of the same person."),
    "link_renewed": _("The link in it was replaced by a new one."),
    "invitation_accepted": _("The invitation was accepted meanwhile."),
    "invitation_declined": _("The invitation was declined meanwhile."),
    "invitation_passed_on": _("Somebody else was named instead."),
    "invitation_withdrawn": _("The invitation was withdrawn."),
    "seat_free": _("A seat became free meanwhile."),
    "offer_over": _("The offer of a seat was over."),
    "meeting cancelled": _("The meeting was cancelled."),
    "meeting moved": _("The time of the meeting changed."),
    "unsubscribed": _("The person wants no reminders and announcements of this meeting."),
    "taken_back": _("Taken back by the organizer."),
    "settled_by_hand": _("Marked as delivered by the organizer."),
    "withdrawn_by_hand": _("Withdrawn by the organizer."),
    "too_late": _("Its time had passed."),
    "too_close_to_start": _("There was no suitable time left before the start."),
    "reminder_late": _("It was late, and would not have helped any more."),
    "newer_reminder": _("A newer reminder went instead: several were late."),
    "no_address": _("There is no e-mail address."),
    "suppressed": _("Nothing is sent to this address: mail came back, or it was stopped."),
    "due_before_confirmation": _("It was due before the participation was confirmed."),
    "not_rendered": _("The text could not be made: an error in the program or in the data."),
    "mailbox_unknown": _("There is no such mailbox."),
    "mailbox_full": _("The mailbox is full."),
    "refused": _("The receiving server refuses the message."),
    "try_later": _("The receiving server asks to try again later."),
    "relay_down": _("The mail server does not take mail now."),
    "relay_refuses_us": _("The mail server will not take our mail: its settings need a look."),
    "provider_cannot": _("The mail provider cannot carry such a message."),
    "too_large": _("The message is too large for a mail server."),
    "skipped_after_restore": _("Left out after a backup was restored: it was sent before."),
    "connection_broke": _("The connection broke after the text was sent."),
    "worker_lost": _("The worker stopped while the text was being sent."),
    "workers_die": _("Workers stop when they take it up; it was laid aside."),
    "address_spared": _(
        "So much was written to this address lately that this was left out. Send it if it is "
        "wanted."
    ),
    "address_unusable": _("Mail cannot be sent to this address."),
    "complained": _("The reader marked it as spam."),
}


def same(reason: str) -> list[str]:
    """All codes with the sentence of this one: a code that changed its name is still in rows."""
    words = EXPLANATIONS.get(reason, reason)
    return [reason, *(c for c, said in EXPLANATIONS.items() if said == words and c != reason)]
