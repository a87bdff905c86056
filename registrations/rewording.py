"""The organizer says a mail in words of his own, or leaves it to the standard ones again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from accounts.refusals import Refused
from events.editing import StaleVersion
from events.models import Meeting
from registrations import own_texts
from registrations.models import MailText
from registrations.own_texts import Words
from registrations.placeholders import TextNotAccepted

__all__ = ["MailUnknown", "StaleVersion", "TextNotAccepted", "Words", "reword"]


class MailUnknown(Refused):
    """There is no such mail, or its words are not to be changed."""

    code = "not_found"


STANDARD = Words()


@transaction.atomic(durable=True)
def reword(
    *,
    meeting: Meeting,
    kind: str,
    words: Mapping[str, Words],
    versions: Mapping[str, int] | None,
    at: datetime,
    by: Actor,
) -> None:
    """
    Say a mail in those words, by language; in the standard ones where they are empty. What
    waits in the outbox keeps the words that it was written with. Nothing new changes nothing.

    `versions`: the ones that were changed, by language, 0 for the standard words; None skips
    the check.

    :raises MailUnknown: no mail of that kind has words that may be changed
    :raises TextNotAccepted: something in braces that means nothing there, or too long
    :raises StaleVersion: somebody else was quicker (`version`: the current one)
    """
    if kind not in own_texts.FACTS:
        raise MailUnknown(_("There is no such mail."))
    wanted = {
        language: said.checked(own_texts.placeholders_of(kind)) for language, said in words.items()
    }
    # The meeting's row is the turn: its mark agrees with the rows whoever is quicker.
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting.pk)
    rows = {row.language: row for row in meeting.mail_texts.filter(kind=kind)}
    changed = []
    for language, said in wanted.items():
        row = rows.get(language)
        version = row.version if row else 0
        if versions is not None and versions.get(language, 0) != version:
            raise StaleVersion(
                _("These words were changed in the meantime. Look at them again."),
                version=version,
            )
        if _put(meeting, kind, language, row, said, at=at):
            changed.append(language)
    if not changed:
        return
    has_own_texts = meeting.mail_texts.exists()
    if has_own_texts != meeting.has_own_texts:
        meeting.has_own_texts = has_own_texts
        meeting.save(update_fields=["has_own_texts"])
    journal.record(
        by=by,
        at=at,
        action="mail_text.changed",
        subjects=[f"meeting:{meeting.pk}"],
        changes={"kind": kind, "languages": changed},
    )


def _put(
    meeting: Meeting,
    kind: str,
    language: str,
    row: MailText | None,
    said: Words,
    *,
    at: datetime,
) -> bool:
    """Whether anything changed."""
    if row is None and not said:
        return False
    if row is None:
        MailText.objects.create(
            meeting=meeting, kind=kind, language=language, changed_at=at,
            subject=said.subject, paragraphs=said.paragraphs,
        )  # fmt: skip
        return True
    if not said:
        row.delete()
        return True
    if (row.subject, row.paragraphs) == (said.subject, said.paragraphs):
        return False
    row.subject, row.paragraphs = said.subject, said.paragraphs
    row.changed_at, row.version = at, row.version + 1
    row.save(update_fields=["subject", "paragraphs", "changed_at", "version"])
    return True
