"""
What we write to participants: one function per letter, one set of templates per function.

A letter is a snapshot of facts in the person's language; its words are put around them
when it is delivered. The facts are strings already: a mail never computes a date.
"""

from registrations.letters.news import (
    write_called_off,
    write_meeting_changed,
    write_programme_changed,
)
from registrations.letters.posting import TEMPLATES, Addressee, specimen, subjects
from registrations.letters.replies import (
    answers,
    write_answer,
    write_cancelled,
    write_changes_received,
    write_confirmed,
    write_confirmed_again,
    write_confirmed_elsewhere,
    write_declined,
    write_details_changed,
    write_link,
    write_links,
    write_offer_over,
    write_offered,
    write_promoted,
    write_waitlisted,
)
from registrations.letters.unsaid import (
    withdraw_all,
    withdraw_bulk,
    withdraw_offer,
    withdraw_reminders,
    withdraw_waiting,
)

__all__ = [
    "TEMPLATES",
    "Addressee",
    "answers",
    "specimen",
    "subjects",
    "withdraw_all",
    "withdraw_bulk",
    "withdraw_offer",
    "withdraw_reminders",
    "withdraw_waiting",
    "write_answer",
    "write_called_off",
    "write_cancelled",
    "write_changes_received",
    "write_confirmed",
    "write_confirmed_again",
    "write_confirmed_elsewhere",
    "write_declined",
    "write_details_changed",
    "write_link",
    "write_links",
    "write_meeting_changed",
    "write_offer_over",
    "write_offered",
    "write_programme_changed",
    "write_promoted",
    "write_waitlisted",
]
